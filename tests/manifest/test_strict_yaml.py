"""YAML without surprises, in bounds, with every complaint at its line and column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogsync.manifest.scalars import Surprise, plain
from catalogsync.manifest.strict_yaml import HOLE, MAX_BYTES, MAX_DEPTH, MAX_NODES, locate, parse

from .support import MODEL, Folder


def complaints(text: str) -> list[tuple[int, int, str]]:
    return [(flaw.line, flaw.column, flaw.message) for flaw in parse(text)[1]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\n", {"a": 1}),
        ("a: -0.8", {"a": -0.8}),
        ("a: true\nb: FALSE", {"a": True, "b": False}),
        ("a:\nb: ~", {"a": None, "b": None}),
        ("a: 'no'\nb: \"1.10\"", {"a": "no", "b": "1.10"}),
        ("a: [x, {b: y}]", {"a": ["x", {"b": "y"}]}),
        ("---\na: |\n  x\n  y\n...\n", {"a": "x\ny\n"}),
        ("a: é\u200d\U0001f600\n", {"a": "é\u200d\U0001f600"}),
        ("a: flux.1-lora", {"a": "flux.1-lora"}),
        ("a: 2GB\nb: 50%\nc: -x", {"a": "2GB", "b": "50%", "c": "-x"}),
    ],
)
def test_plain_documents_are_read(text: str, value: object) -> None:
    assert parse(text) == (value, [])


SURPRISES = {
    "no": "the truth value false",
    "Yes": "the truth value true",
    "on": "the truth value true",
    "OFF": "the truth value false",
    "012": "the number 10",
    "0o14": "the number 12",
    "0x1F": "the number 31",
    "0b101": "the number 5",
    "089": "a number",
    "+1": "a number",
    "1_000": "a number",
    ".5": "a number",
    "5.": "a number",
    "1.5.2": None,
    "-x": None,
    "1e999": "a number",
    ".inf": "a number",
    "-.INF": "a number",
    ".nan": "a number",
    "1:30": "the number 90, to the base 60",
    "-1:30": "the number -90, to the base 60",
    "1:30.5": "a number to the base 60",
    "2027-01-31": "a date",
    "2027-01-31T10:00:00Z": "a point in time",
    "2027-01-31 10:00:00 +02:00": "a point in time",
    "=": "an instruction of YAML's own",
    "<<": "an instruction of YAML's own",
    "9" * 30: "a number",
}


@pytest.mark.parametrize(("text", "meaning"), SURPRISES.items())
def test_what_some_yaml_does_not_take_for_text_is_a_surprise(
    text: str, meaning: str | None
) -> None:
    value = plain(text)
    assert (value.meaning if isinstance(value, Surprise) else None) == meaning


@pytest.mark.parametrize("written", [*(key for key, said in SURPRISES.items() if said), "1.10"])
def test_a_surprise_where_text_is_due_says_quote_it(folder: Folder, written: str) -> None:
    folder.write("models/ink/model.yaml", f"name: {written}\ntype: flux.1-lora\n")
    problem = folder.problem()
    assert problem.startswith(f"models/ink/model.yaml:1:7: name: YAML reads {written} as ")
    assert problem.endswith(f'; quote it: "{written}"')


@pytest.mark.parametrize("written", ["1e3", "true", "0", "-7"])
def test_json_values_where_text_is_due_say_quote_it(folder: Folder, written: str) -> None:
    folder.model(f"tags:\n  - ok\n  - {written}\n")
    problem = folder.problem()
    assert problem.startswith(f"models/ink/model.yaml:5:5: tags[1]: YAML reads {written} as the ")
    assert problem.endswith(f'; quote it: "{written}"')


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, "the file is empty"),
        ("# only\n", 2, 1, "the file is empty"),
        ("a: 1\n---\nb: 2\n", 2, 1, "a second document begins here"),
        ("%YAML 1.2\n---\na: 1\n", 1, 1, "a % directive is not allowed"),
        ("a: 1\nb: &x 2\n", 2, 4, "an anchor (&x) is not allowed"),
        ("a: *x\n", 1, 4, "an alias (*x) is not allowed"),
        ("a: 1\n<<: {b: 2}\n", 2, 1, "a merge key (<<) is not allowed"),
        ("a: !!python/object:os.system x\n", 1, 4, None),
        ("a: !mine {b: 1}\n", 1, 4, "a tag (!mine) is not allowed"),
        ("a: ! x\n", 1, 4, "a tag (!) is not allowed"),
        ("a: 1\nb: 2\na: 3\n", 3, 1, '"a" is there twice, first on line 1'),
        ("a: {b: 1, b: 2}\n", 1, 11, '"b" is there twice, first on line 1'),
        ("1: x\n", 1, 1, '"1" is not text, so it cannot be a field'),
        ("? [a]\n: x\n", 1, 3, "a collection is not text, so it cannot be a field"),
        ("a: 'x\n", 1, 4, "this quote is not closed"),
        ("a: [1, 2\nb: 3\n", 1, 4, "this [ is not closed"),
        ("a: [\n", 2, 1, "the file ends inside a [ or {"),
        ("a: {b: 1\n", 1, 4, "this { is not closed"),
        ("a: 1\n\tb: 2\n", 2, 1, "a tab"),
        ("a:\n\tb: 2\n", 2, 1, "a tab"),
        ("a: b: c\n", 1, 5, "a : that cannot be here"),
        ("a: @x\n", 1, 4, "a value cannot begin by @"),
        ("a: `x\n", 1, 4, "a value cannot begin by `"),
        ('a: "\\q"\n', 1, 5, "an unknown or broken escape in double quotes"),
        ("a: 'it's'\n", 1, 8, "this does not continue what is above"),
        ("- a\nb: 1\n", 2, 1, "this does not continue the list above"),
        ("a: \x01\n", 1, 4, "U+0001 is not allowed in YAML"),
        ("a: *\n", 1, 4, "an alias is not allowed"),
        ("a: &\n", 1, 4, "an anchor is not allowed"),
        ("a: !h!x 1\n", 1, 4, "a tag is not allowed"),
        ("a: [1,,2]\n", 1, 7, "a value is missing here"),
        ("a: |\n\tx\n", 2, 1, "a tab"),
    ],
)
def test_every_flaw_has_its_place(text: str, line: int, column: int, message: str | None) -> None:
    found = complaints(text)[0]
    assert found[:2] == (line, column)
    assert message is None or found[2] == message


def test_all_flaws_of_a_document_are_found_in_one_go() -> None:
    assert [line for line, _, _ in complaints("a: &x 1\nb: *x\nc: !t 2\na: 3\n")] == [1, 2, 3, 4]


@pytest.mark.parametrize(("left", "right"), [("[", "]"), ("{a: ", "}")])
def test_nesting_ends_at_its_limit(left: str, right: str) -> None:
    assert complaints(left * MAX_DEPTH + right * MAX_DEPTH) == []
    ((_, _, message),) = complaints(left * (MAX_DEPTH + 1) + right * (MAX_DEPTH + 1))
    assert message == "nested deeper than 32 levels"


def test_the_number_of_values_ends_at_its_limit() -> None:
    assert complaints("[" + "a," * (MAX_NODES - 1) + "]") == []
    ((_, _, message),) = complaints("[" + "a," * MAX_NODES + "]")
    assert message == "more than 20000 values in one file"


def test_the_size_of_a_file_ends_at_its_limit(folder: Folder) -> None:
    folder.write("models/ink/model.yaml", MODEL + "#" * (MAX_BYTES - len(MODEL)))
    assert folder.ink().name == "Ink"
    folder.write("models/ink/model.yaml", MODEL + "#" * (MAX_BYTES - len(MODEL) + 1))
    assert folder.problem() == "models/ink/model.yaml:1:1: larger than 256 KiB; split the file"


@pytest.mark.parametrize(
    "bomb",
    [
        "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n",
        "[" * MAX_BYTES,
        "{" * MAX_BYTES,
        "- " * (MAX_BYTES // 2),
        "? " * (MAX_BYTES // 2),
        "{a: " * (MAX_BYTES // 4),
        "&a " * (MAX_BYTES // 3),
        "!a " * (MAX_BYTES // 3),
        "a: |\n" + " x\n" * (MAX_BYTES // 3 - 4) + "\tb",
        "a: " + "9" * (MAX_BYTES - 3),
        "a: 1" + ":59" * (MAX_BYTES // 3 - 3),
        "a: 0b" + "1_" * (MAX_BYTES // 2 - 5),
        '"' + "\\n" * (MAX_BYTES // 2 - 1),
        "".join(f"k{number}: 1\nk{number}: 1\n" for number in range(9_000)),
    ],
)
def test_bombs_are_refused_and_end(folder: Folder, bomb: str) -> None:
    folder.write("models/ink/model.yaml", bomb[:MAX_BYTES])
    assert folder.problems()


def test_places_are_those_of_keys_and_values() -> None:
    value, places = locate("a:\n  - x\n  - {b: 012}\n")
    entry = places[id(value["a"][1]), "b"]
    assert (entry.line, entry.column, entry.key_line, entry.key_column) == (3, 9, 3, 6)
    assert entry.written == "012"


@given(st.text())
def test_any_text_is_a_value_or_a_flaw(text: str) -> None:
    value, flaws = parse(text)
    assert flaws or value is not HOLE
    assert all(flaw.line >= 1 and flaw.column >= 1 and flaw.message for flaw in flaws)


@given(st.text(alphabet="abn019: \n-[]{}&*!|>'\"#%@`,?~.\t", max_size=60))
def test_any_punctuation_is_a_value_or_a_flaw(text: str) -> None:
    value, flaws = parse(text)
    assert flaws or value is not HOLE
