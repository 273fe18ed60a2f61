"""The text that people read, word for word."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from catalogsync.errors import Rejected
from catalogsync.import_notes import note_name
from catalogsync.marks import owner_tag
from catalogsync.model import (
    AssetRef,
    Catalog,
    Concept,
    Mention,
    ModelRef,
    ModelSpec,
    State,
    Text,
    TrainingImage,
    TrainingPair,
    Weights,
    WeightsSource,
)
from catalogsync.plan import Plan
from catalogsync.review.document import dumped, plan_document
from catalogsync.review.report import render_report
from catalogsync.review.text import Line, line_diff, render_plan, summary
from catalogsync.review.words import counted, duration, file_size, quoted, visible
from tests.engine.catalogs import CONTENTS
from tests.engine.conftest import SHAS, image
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import plan, run

GOLDEN = Path(__file__).parent / "golden"


def spec(key: str, **fields: object) -> ModelSpec:
    return ModelSpec(key=key, name=key.title(), type="flux.1-lora", **fields)  # type: ignore[arg-type]


def picture(number: int) -> AssetRef:
    return replace(image(number), width=640, height=480, size=12_345 * (number + 1))


def everything() -> tuple[FakeServer, Catalog]:
    """A server and a catalog between which everything that can differ does."""
    server = FakeServer()

    def owned(key: str, **fields: object) -> str:
        marks = frozenset({owner_tag("acme", key)}) | fields.pop("tags", frozenset())  # type: ignore[operator]
        return server.add_model(key.title(), tags=marks, **fields).id  # type: ignore[arg-type]

    held = [server.add_asset(CONTENTS[sha], f"{at}.webp") for at, sha in enumerate(SHAS[:5])]
    edited = owned(
        "edited",
        tags=frozenset({"ink", "old tag"}),
        short_description="Before\x1b[2J",
        examples=tuple(held),
        thumbnail=held[0],
    )
    server.captions = {held[1]: "ink hero", held[2]: "before\x1b[2J"}
    server._train(edited, held[:3])
    server.edit(edited, training_parameters=(("rank", 8.0), ("seed", 1.0)))
    server.descriptions[edited] = "# Title\n\nOne\nTwo\nThree\n\n\u202eFour"
    for key in ("gone", "lost", "forgotten", "same"):
        owned(key)
    stranger = server.add_model("Adopted")
    server.add_model("Taken")
    models = (
        spec("adopted", id=stranger.id, tags=frozenset({"new"}), protect=True),
        spec(
            "both",
            concepts=(Concept(ModelRef(key="fresh"), 0.8), Concept(ModelRef(key="edited"), -1.0)),
            collections=frozenset({"Comics"}),
        ),
        spec(
            "edited",
            short_description="After",
            tags=frozenset({"ink", "noir"}),
            thumbnail=picture(5),
            examples=(picture(4), picture(0), picture(1), picture(6), picture(3)),
            training_images=(
                TrainingImage(picture(1)),
                TrainingImage(picture(2), "after"),
                TrainingImage(picture(6), "ink hero, full body"),
            ),
            training_pairs=(TrainingPair(picture(1), picture(6), "make it rain"),),
            training_parameters=(("learningRate", 0.0001), ("rank", 16.0)),
            description=Text(
                ("# Title\n\nOne\nZwei\nThree\n\nFour ", Mention("![x](6.webp)", picture(6)))
            ),
        ),
        spec("forgotten", state=State.UNMANAGED),
        spec(
            "fresh",
            short_description="Brand new.",
            tags=frozenset({"a b", "plain", '"quoted"'}),
            description=Text(("One line\nand another\n",)),
            prompt_guide=Text(("Be brief.",)),
            thumbnail=picture(5),
            examples=(picture(5), picture(7), AssetRef(id=held[0])),
            training_images=(TrainingImage(picture(7), "fresh"), TrainingImage(picture(5))),
        ),
        spec("gone", state=State.ABSENT),
        spec("same"),
        spec("taken"),
    )
    return server, Catalog(name="acme", models=models)


@pytest.fixture
def made() -> Plan:
    """The plan for everything."""
    server, catalog = everything()
    return replace(plan(server, catalog), target="staging", project="proj_1")


def text_of(lines: Iterable[Line]) -> str:
    return "".join(f"{line.text}\n" for line in lines)


def golden(name: str, text: str) -> None:
    """Compare with a golden file; `GOLDEN=write` writes it anew."""
    path = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_a_plan_as_text(made: Plan) -> None:
    golden("plan.txt", text_of(render_plan(made)))


def test_a_plan_as_json(made: Plan) -> None:
    golden("plan.json", dumped(plan_document(made)))


def failing_examples(call: str) -> None:
    """A server that takes no examples."""
    if call == "set_examples":
        raise Rejected("Too many assetIds provided", status=400, hint="use fewer")


def test_a_report_in_the_past_tense(made: Plan) -> None:
    server, catalog = everything()
    server.before_write = failing_examples
    outcomes = run(server, catalog, files_of(CONTENTS), jobs=1)
    golden("report.txt", text_of(render_report(made, outcomes)))


def test_nothing_in_the_text_can_steer_a_terminal(made: Plan) -> None:
    text = text_of(render_plan(made)) + dumped(plan_document(made))
    assert not [char for char in text if char != "\n" and char != visible(char)]


def test_the_sentence_without_changes_counts_the_models() -> None:
    same = Plan(catalog="acme", target="", project="", unchanged=1)
    assert summary(same) == "No changes. 1 model matches."
    assert summary(replace(same, unchanged=212)) == "No changes. 212 models match."


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (14_200_000, "14.2 MB"),
        (5_000_000_000_000, "5.0 TB"),
    ],
)
def test_sizes_are_decimal(size: int, text: str) -> None:
    assert file_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "1 s"), (4.4, "4 s"), (200, "3 min"), (7300, "2 h")]
)
def test_times_are_rough(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_words() -> None:
    assert counted(1, "file") == "1 file"
    assert counted(0, "file") == "0 files"
    assert counted(2, "match", "matches") == "2 matches"
    assert quoted('a"b\n') == '"a\\"b\\x0a"'


@pytest.mark.parametrize(
    ("char", "shown"),
    [
        ("\x1b", "\\x1b"),
        ("\n", "\\x0a"),
        ("\x7f", "\\x7f"),
        ("\x9b", "\\x9b"),
        ("\u202e", "\\u{202e}"),
        ("\u2066", "\\u{2066}"),
        ("\u200b", "\\u{200b}"),
        ("\ufeff", "\\u{feff}"),
        ("\u2028", "\\u{2028}"),
        ("\U000e0041", "\\u{e0041}"),
        ("\u3164", "\\u{3164}"),
        ("::add-mask::x", ":\\x3aadd-mask:\\x3ax"),
        ("a ##[group]", "a #\\x23[group]"),
        ("é", "é"),
        ("🎨", "🎨"),
        ("漢", "漢"),
    ],
)
def test_what_cannot_be_seen_is_shown(char: str, shown: str) -> None:
    assert visible(char) == shown


def test_a_text_that_begins_or_ends_to_be_has_only_its_own_lines() -> None:
    assert line_diff("", "one\ntwo\n") == ["@@ -0,0 +1,2 @@", "+one", "+two"]
    assert line_diff("one\n", "") == ["@@ -1 +0,0 @@", "-one"]
    assert line_diff("same\n", "same") == []


def test_texts_too_long_to_compare_are_told_by_their_number_of_lines() -> None:
    old = "\n".join(f"old {number}" for number in range(5000))
    new = "\n".join(f"new {number}" for number in range(3000))
    assert line_diff(f"same\n{old}", f"same\n{new}") == [
        "@@ from line 2: 5000 lines -> 3000 lines @@"
    ]


def test_an_orphan_with_the_name_of_a_new_model_asks_whether_it_was_renamed() -> None:
    server = FakeServer()
    run(server, Catalog(name="acme", models=(spec("old"),)), files_of({}))
    renamed = replace(spec("old"), key="new")
    text = text_of(render_plan(plan(server, Catalog(name="acme", models=(renamed,)))))
    assert "was it renamed? then say `renamedFrom: old` in new" in text


def test_imports_in_a_plan_word_for_word() -> None:
    server = FakeServer()
    flux = Weights(WeightsSource.HUGGING_FACE, "black-forest-labs/FLUX.1-dev")
    civitai = Weights(WeightsSource.CIVITAI, "https://civitai.com/models/1?modelVersionId=2")
    local = Weights(WeightsSource.FILE, "ink.safetensors", AssetRef(SHAS[0], size=6_400_000_000))
    server.collections["c"] = note_name("acme", "begun", civitai, "upload_1")
    models = (
        spec("begun", weights=civitai),
        spec("flux", weights=flux),
        spec("ink", weights=local),
    )
    made = plan(server, Catalog(name="acme", models=models))
    golden("imports.txt", text_of(render_plan(made)))
    server.price = None
    made = plan(server, Catalog(name="acme", models=models))
    golden("imports-unpriced.txt", text_of(render_plan(made)))
