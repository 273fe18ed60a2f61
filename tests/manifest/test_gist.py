"""The gist of a manifest is what its parser would say, or there is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogsync.manifest.discover import Manifest
from catalogsync.manifest.gist import gist
from catalogsync.manifest.strict_yaml import parse
from catalogsync.model import ModelSpec

MANIFEST = Manifest("ink", ("models", "ink", "model.yaml"))
CALLED = "name: Ink\ntype: flux.1-lora\n"
OWN = {
    *("name", "type", "shortDescription", "tags", "description", "promptGuide"),
    *("thumbnail", "examples"),
}

OTHERS = ("state", "renamedFrom", "id", "concepts", "ignore", "collections", "protect")
FIELDS = st.sampled_from([*sorted(OWN), *sorted(OWN - {"name", "type"}), *OTHERS])
MARKS = st.sampled_from([*[": "] * 8, ":", " : ", ":\n  ", ":\n", ": |\n  ", ": >\n", ": &a ", ""])
VALUES = st.sampled_from(
    [
        *("Ink", "Ink 2", "12", "yes", "null", "1e3", "2026-01-01", "12:30", "a - b", "a, b", "é"),
        *('"Ink: 2"', "'Ink'", '"a\\nb"', "'it''s'", '"', "'", "[a, b]", "{a: b}", "[", "- a"),
        *("a: b", "a #b", "*a", "!!str a", "%a", "@a", "`a", "absent", "state: absent", "", " "),
        *(
            "a\nstate: absent",
            "a\x85state: absent",
            "a\u2028id: model_1",
            "a\rid: model_1",
            "a\n b",
        ),
    ]
)
PREFIXES = st.sampled_from([*[""] * 16, " ", "\t", "# ", "- ", "? ", '"', "---\n", "{", "\n", "\r"])
ENDS = st.sampled_from([*["\n"] * 8, "\r\n", ""])
LINES = st.builds("{}{}{}{}{}".format, PREFIXES, FIELDS, MARKS, VALUES, ENDS)
CALLS = st.builds("name: {}\ntype: flux.1-lora{}".format, VALUES, ENDS)
TEXTS = st.tuples(st.lists(LINES, max_size=2), CALLS | st.just(CALLED), st.lists(LINES, max_size=2))


@settings(max_examples=1500)
@given(TEXTS)
def test_what_is_told_is_what_the_parser_reads(parts: tuple[list[str], str, list[str]]) -> None:
    before, called, after = parts
    text = "".join((*before, called, *after))
    told = gist(MANIFEST, text, {})
    value, flaws = parse(text)
    if told and not flaws and isinstance(value, dict) and value.keys() >= {"name", "type"}:
        assert value.keys() <= OWN
        assert (told.name, told.type) == (value["name"], value["type"])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (CALLED, "Ink"),
        ("# Ours\n\n" + CALLED + "tags:\n- a\n- b\n", "Ink"),
        ("type: flux.1-lora\ntags: |\n  state: absent\n\n  id\nname: 'Ink: 2'\n", "Ink: 2"),
        ('name: "Ink (2)"  \ntype: flux.1-lora\nexamples: [{glob: "images/*.webp"}]', "Ink (2)"),
        ("name: Encre & été, 2\ntype: flux.1-lora", "Encre & été, 2"),
    ],
)
def test_a_manifest_that_says_nothing_of_others_has_one(text: str, name: str) -> None:
    assert gist(MANIFEST, text, {}) == ModelSpec(key="ink", name=name, type="flux.1-lora")


@pytest.mark.parametrize(
    "line",
    [
        *("state: absent", "renamedFrom: oil", "id: model_1", "concepts: []", "collections: [a]"),
        *(
            "ignore: []",
            "training: {}",
            "source: {}",
            "protect: true",
            "nmae: Ink",
            '"id": model_1',
        ),
        *("? id\n: model_1", "name: Oil", "---", "id:model_1", "\tid: model_1"),
        *("tags: a\rid: b", "tags: a\x85id: b", "tags: a\u2028id: b", "tags: a\u2029id: b"),
    ],
)
def test_a_manifest_that_may_say_more_has_none(line: str) -> None:
    assert gist(MANIFEST, f"{CALLED}{line}\n", {}) is None


@pytest.mark.parametrize("line", [" Oil", "\n Oil", " "])
def test_a_name_that_may_go_on_is_left_to_the_parser(line: str) -> None:
    assert gist(MANIFEST, f"type: flux.1-lora\nname: Ink\n{line}\n", {}) is None


@pytest.mark.parametrize(
    "name", ["12", "yes", "null", "2026-01-01", '"a\\nb"', "a: b", "a #b", "[a]", "|", "*a", ""]
)
def test_a_name_that_is_no_plain_text_is_left_to_the_parser(name: str) -> None:
    assert gist(MANIFEST, f"name: {name}\ntype: flux.1-lora\n", {}) is None


@pytest.mark.parametrize("before", ["", "# Ours\n", "\n\n"])
def test_a_manifest_that_is_indented_is_left_to_the_parser(before: str) -> None:
    """Lines in the braces may begin at the margin, and look like fields."""
    braces = f" {{id: model_1,\n{CALLED.replace(chr(10), f',{chr(10)}')}tags: []}}\n"
    assert gist(MANIFEST, before + braces, {}) is None
    assert gist(MANIFEST, before + " name: Ink\n type: flux.1-lora\n", {}) is None


def test_what_only_catalog_yaml_says_is_told() -> None:
    """What a field of its own may say instead is left out: what is not managed never differs."""
    defaults = {"protect": True, "collections": ["Trees"], "tags": ["a"], "shortDescription": "b"}
    found = gist(MANIFEST, CALLED, defaults)
    trees = frozenset({"Trees"})
    assert found == ModelSpec(
        key="ink", name="Ink", type="flux.1-lora", protect=True, collections=trees
    )


def test_a_long_line_takes_no_longer_than_it_is_long() -> None:
    """Who tries each of a hundred thousand blanks as the last one never comes to an end."""
    blanks = " " * 200_000
    assert gist(MANIFEST, f"type: flux.1-lora\nname: Ink{blanks}# ours\n", {}) is None
    assert gist(MANIFEST, f"type: flux.1-lora\nname: {blanks}Ink{blanks}\n", {})
