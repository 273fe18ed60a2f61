"""Where a difference comes from: the change set, the server, or both. A specification.

A case is what base said, what somebody made of it on the server, and what the manifest wants now.
Where a side is left out it is as base; what nothing is said of is no difference.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from catalogsync.model import (
    NO_ASSET,
    AssetRef,
    Ignored,
    Mention,
    State,
    Text,
    TrainingImage,
)
from tests.engine.conftest import image
from tests.engine.sides import (
    TODAY,
    Case,
    Fields,
    address,
    compared,
    pictures,
    scaled,
    text,
    told,
    words,
)


def one_value(name: str, attribute: str, base: Any, edited: Any, wanted: Any) -> list[Case]:
    """What holds for every field that has one value."""

    def case(how: str, live: Fields, desired: Fields, says: dict[str, str]) -> Case:
        return Case(name, how, {attribute: base}, live, desired, says)

    return [
        case("the manifest changed", {}, {attribute: wanted}, {name: "pending"}),
        case("the server was edited", {attribute: edited}, {}, {name: "drift"}),
        case("both, differently", {attribute: edited}, {attribute: wanted}, {name: "conflict"}),
        case("both, alike", {attribute: wanted}, {attribute: wanted}, {}),
    ]


def cases(
    field: str, base: Fields, *rows: tuple[str, Fields, Fields, dict[str, str]]
) -> list[Case]:
    return [Case(field, how, base, live, desired, says) for how, live, desired, says in rows]


YESTERDAY = TODAY - timedelta(days=1)


def accepting(field: str, until: date) -> tuple[Ignored, ...]:
    """What a manifest says that lets a field differ for a while."""
    return (Ignored(field, "a test", until),)


SCALARS = [
    *one_value("name", "name", "Ink", "Ink, by hand", "Ink Heroes"),
    *one_value("type", "type", "flux.1-lora", "custom", "qwen-image-lora"),
    *one_value("shortDescription", "short_description", "Short.", "By hand.", "Shorter."),
    *one_value("classSlug", "class_slug", "art-style-comic", "", "art-style-ink"),
    *one_value("epoch", "epoch", "000001", "000002", "000003"),
    *one_value("promptEmbedding", "prompt_embedding", "ink", "by hand", "inked"),
    *one_value("thumbnail", "thumbnail", image(0), image(1), image(2)),
]

EMPTIED = [
    *cases(
        "shortDescription",
        {"short_description": "Short."},
        ("emptied on the server", {"short_description": ""}, {}, {"shortDescription": "drift"}),
        (
            "the manifest manages it no more",
            {"short_description": "By hand."},
            {"short_description": None},
            {},
        ),
    ),
    *cases(
        "shortDescription",
        {"short_description": None},
        (
            "managed from now on, edited before",
            {"short_description": "By hand."},
            {"short_description": "Short."},
            {"shortDescription": "pending"},
        ),
    ),
    *cases(
        "thumbnail",
        {"thumbnail": image(0)},
        ("unset on the server", {"thumbnail": NO_ASSET}, {}, {"thumbnail": "drift"}),
        ("unset by the manifest", {}, {"thumbnail": NO_ASSET}, {"thumbnail": "pending"}),
        (
            "the manifest manages it no more",
            {"thumbnail": image(1)},
            {"thumbnail": None},
            {},
        ),
        (
            "the same file, named by its id from now on",
            {"thumbnail": image(1)},
            {"thumbnail": AssetRef(id=f"git-{image(0).digest}")},
            {"thumbnail": "drift"},
        ),
    ),
    *cases(
        "thumbnail",
        {"thumbnail": None},
        (
            "managed from now on, edited before",
            {"thumbnail": image(1)},
            {"thumbnail": image(0)},
            {"thumbnail": "pending"},
        ),
    ),
    *cases(
        "protect",
        {"protect": True},
        ("the protection taken off by hand", {"protect": False}, {}, {"protect": "drift"}),
        ("taken off by the manifest", {}, {"protect": False}, {"protect": "pending"}),
    ),
]

SETS = [
    case
    for field, attribute, (old, new, mine) in (
        ("tags", "tags", ("ink", "hand", "mine")),
        ("collections", "collections", ("Comics", "Best", "New")),
    )
    for case in cases(
        field,
        {attribute: words(old)},
        (
            "added by the manifest",
            {},
            {attribute: words(f"{old} {mine}")},
            {f"{field}.{mine}": "pending"},
        ),
        ("removed by the manifest", {}, {attribute: words("")}, {f"{field}.{old}": "pending"}),
        (
            "added on the server",
            {attribute: words(f"{old} {new}")},
            {},
            {f"{field}.{new}": "drift"},
        ),
        ("removed on the server", {attribute: words("")}, {}, {f"{field}.{old}": "drift"}),
        (
            "each added one",
            {attribute: words(f"{old} {new}")},
            {attribute: words(f"{old} {mine}")},
            {f"{field}.{new}": "drift", f"{field}.{mine}": "pending"},
        ),
        ("both removed it", {attribute: words("")}, {attribute: words("")}, {}),
        (
            "both added it",
            {attribute: words(f"{old} {new}")},
            {attribute: words(f"{old} {new}")},
            {},
        ),
    )
]

CONCEPTS = cases(
    "concepts",
    {"concepts": scaled(base=0.5)},
    (
        "scaled by the manifest",
        {},
        {"concepts": scaled(base=0.7)},
        {"concepts.base.scale": "pending"},
    ),
    ("scaled by hand", {"concepts": scaled(base=0.7)}, {}, {"concepts.base.scale": "drift"}),
    (
        "both, differently",
        {"concepts": scaled(base=0.6)},
        {"concepts": scaled(base=0.7)},
        {"concepts.base.scale": "conflict"},
    ),
    (
        "one added by hand, another scaled by the manifest",
        {"concepts": scaled(base=0.5, other=1.0)},
        {"concepts": scaled(base=0.7)},
        {"concepts.base.scale": "pending", "concepts.other.scale": "drift"},
    ),
)

CONCEPTS += cases(
    "concepts",
    {"concepts": scaled(base=0.5, other=1.0)},
    (
        "one removed by hand, another scaled by the manifest",
        {"concepts": scaled(base=0.5)},
        {"concepts": scaled(base=0.7, other=1.0)},
        {"concepts.base.scale": "pending", "concepts.other.scale": "drift"},
    ),
)

EXAMPLES = cases(
    "examples",
    {"examples": pictures(0, 1, 2, 3)},
    (
        "one added by the manifest",
        {},
        {"examples": pictures(0, 1, 4, 2, 3)},
        {"examples.4": "pending"},
    ),
    ("one removed by the manifest", {}, {"examples": pictures(0, 1, 3)}, {"examples.2": "pending"}),
    ("one added by hand", {"examples": pictures(5, 0, 1, 2, 3)}, {}, {"examples.5": "drift"}),
    ("one removed by hand", {"examples": pictures(0, 1, 2)}, {}, {"examples.3": "drift"}),
    (
        "each added one",
        {"examples": pictures(0, 1, 2, 3, 5)},
        {"examples": pictures(4, 0, 1, 2, 3)},
        {"examples.5": "drift", "examples.4": "pending"},
    ),
    ("moved by the manifest", {}, {"examples": pictures(3, 0, 1, 2)}, {"examples.3": "pending"}),
    ("moved by hand", {"examples": pictures(3, 0, 1, 2)}, {}, {"examples.3": "drift"}),
    (
        "each moved another one",
        {"examples": pictures(3, 0, 1, 2)},
        {"examples": pictures(1, 0, 2, 3)},
        {"examples.3": "drift", "examples.1": "pending"},
    ),
    (
        "both moved the same one, by hand farther",
        {"examples": pictures(3, 0, 1, 2)},
        {"examples": pictures(0, 3, 1, 2)},
        {"examples.0": "drift"},
    ),
    (
        "both moved the same one, to either side",
        {"examples": pictures(0, 2, 1, 3)},
        {"examples": pictures(2, 0, 1, 3)},
        {"examples.2": "pending"},
    ),
    (
        "the manifest moved a pair that was swapped by hand",
        {"examples": pictures(1, 0, 2, 3)},
        {"examples": pictures(2, 3, 0, 1)},
        {"examples.0": "conflict", "examples.1": "conflict"},
    ),
    (
        "one added by hand behind one that the manifest moved",
        {"examples": pictures(0, 1, 2, 5, 3)},
        {"examples": pictures(2, 0, 1, 3)},
        {"examples.5": "drift", "examples.2": "pending"},
    ),
    (
        "one removed by hand, another moved by the manifest",
        {"examples": pictures(0, 1, 2)},
        {"examples": pictures(2, 0, 1, 3)},
        {"examples.3": "drift", "examples.2": "pending"},
    ),
    (
        "one removed by the manifest, another moved by hand",
        {"examples": pictures(2, 0, 1, 3)},
        {"examples": pictures(0, 1, 2)},
        {"examples.3": "pending", "examples.2": "drift"},
    ),
    (
        "both added one, at different places",
        {"examples": pictures(0, 1, 2, 3, 4)},
        {"examples": pictures(4, 0, 1, 2, 3)},
        {"examples.4": "conflict"},
    ),
    (
        "both turned the order round",
        {"examples": pictures(3, 2, 1, 0)},
        {"examples": pictures(3, 2, 1, 0)},
        {},
    ),
)

EXAMPLES += cases(
    "examples",
    {"examples": pictures(0, 4, 3, 1, 2)},
    (
        "the manifest turned round what was sorted by hand",
        {"examples": pictures(0, 1, 2, 3, 4)},
        {"examples": pictures(4, 3, 2, 1, 0)},
        {f"examples.{at}": "conflict" for at in (1, 2, 3, 4)},
    ),
)


def shown(*numbers: int, other: str = "") -> tuple[TrainingImage, ...]:
    """Training images; the last one has another caption where that is told."""
    *most, last = (TrainingImage(ref, "as it was") for ref in pictures(*numbers))
    return (*most, replace(last, caption=other or last.caption))


TRAINING = cases(
    "trainingImages",
    {"training_images": shown(0, 1)},
    (
        "added by the manifest",
        {},
        {"training_images": shown(0, 1, 2)},
        {"trainingImages.2": "pending"},
    ),
    ("removed by the manifest", {}, {"training_images": shown(0)}, {"trainingImages.1": "pending"}),
    ("added by hand", {"training_images": shown(0, 1, 2)}, {}, {"trainingImages.2": "drift"}),
    ("removed by hand", {"training_images": shown(0)}, {}, {"trainingImages.1": "drift"}),
    (
        "described by hand, the other one by the manifest",
        {"training_images": shown(0, 1, other="by hand")},
        {"training_images": shown(1, 0, other="mine")},
        {"trainingImages.1": "drift", "trainingImages.0": "pending"},
    ),
    (
        "described by both, differently",
        {"training_images": shown(0, 1, other="by hand")},
        {"training_images": shown(0, 1, other="mine")},
        {"trainingImages.1": "conflict"},
    ),
    (
        "described by hand, removed by the manifest",
        {"training_images": shown(0, 1, other="by hand")},
        {"training_images": shown(0)},
        {"trainingImages.1": "conflict"},
    ),
    (
        "removed by hand, described by the manifest",
        {"training_images": shown(0)},
        {"training_images": shown(0, 1, other="mine")},
        {"trainingImages.1": "drift"},
    ),
    (
        "added by both, described differently",
        {"training_images": shown(0, 1, 2, other="by hand")},
        {"training_images": shown(0, 1, 2, other="mine")},
        {"trainingImages.2": "conflict"},
    ),
)

PAGE = ("# Ink", "", "First.", "", "Second.", "", "Third.")
HAND = ("# Ink", "", "First, by hand.", "", "Second.", "", "Third.")
MINE = ("# Ink", "", "First.", "", "Second.", "", "Third, better.")

TEXTS = [
    case
    for field, attribute in (("description", "description"), ("promptGuide", "prompt_guide"))
    for case in cases(
        field,
        {attribute: text(*PAGE)},
        ("a line of the manifest", {}, {attribute: text(*MINE)}, {f"{field}:7": "pending"}),
        ("a line by hand", {attribute: text(*HAND)}, {}, {f"{field}:3": "drift"}),
        (
            "each another line",
            {attribute: text(*HAND)},
            {attribute: text(*MINE)},
            {f"{field}:3": "drift", f"{field}:7": "pending"},
        ),
        (
            "the same line, differently",
            {attribute: text(*HAND)},
            {attribute: text("# Ink", "", "First, better.", *PAGE[3:])},
            {f"{field}:3": "conflict"},
        ),
        (
            "the same line alike, and another by hand",
            {attribute: text(*HAND[:6], "Third, by hand.")},
            {attribute: text(*HAND)},
            {f"{field}:7": "drift"},
        ),
        (
            "lines taken out by hand, others put in by the manifest",
            {attribute: text(*PAGE[4:])},
            {attribute: text(*PAGE, "", "Fourth.")},
            {f"{field}:1": "drift", f"{field}:8": "pending"},
        ),
        (
            "only line ends",
            {attribute: text(*PAGE, "", "")},
            {attribute: Text(("\r\n".join(PAGE),))},
            {},
        ),
    )
]

ROWS = tuple(f"| {at % 10} |" for at in range(300))
LONG = cases(
    "description",
    {"description": text(*ROWS)},
    (
        "the first and the last of many lines that recur by hand, one between them by the manifest",
        {"description": text("first", *ROWS[1:-1], "last")},
        {"description": text(*ROWS[:150], "mine", *ROWS[151:])},
        {"description:1": "drift", "description:151": "pending", "description:300": "drift"},
    ),
)

PICTURE = Mention("![pose](images/0.webp)", image(0))
MOVED_PICTURE = Mention("![pose](poses/0.webp)", image(0))
MENTIONS = cases(
    "description",
    {"description": Text(("See ", PICTURE, ".\n\nEnd."))},
    (
        "a picture's file was renamed, a line edited by hand",
        {"description": Text(("See ", PICTURE, ".\n\nThe end."))},
        {"description": Text(("See ", MOVED_PICTURE, ".\n\nEnd."))},
        {"description:3": "drift"},
    ),
    (
        "another picture by hand",
        {"description": Text(("See ", Mention("x", image(1)), ".\n\nEnd."))},
        {},
        {"description:1": "drift"},
    ),
)

MODELS = [
    *cases(
        "model",
        {"tags": words("ink")},
        ("deleted on the server", {"state": State.ABSENT}, {}, {"create": "drift"}),
        (
            "deleted on the server, changed by the manifest",
            {"state": State.ABSENT},
            {"tags": words("mine")},
            {"create": "drift"},
        ),
        ("deleted by the manifest", {}, {"state": State.ABSENT}, {"delete": "pending"}),
        (
            "deleted by the manifest, edited on the server",
            {"tags": words("ink hand")},
            {"state": State.ABSENT},
            {"delete": "conflict"},
        ),
        ("forgotten by the manifest", {}, {"state": State.UNMANAGED}, {"forget": "pending"}),
    ),
    *cases(
        "model",
        {"state": State.ABSENT},
        ("restored by hand", {"state": State.PRESENT}, {}, {"delete": "drift"}),
        ("wanted again", {}, {"state": State.PRESENT}, {"create": "pending"}),
    ),
    *cases(
        "model",
        {"state": State.UNMANAGED, "id": "model_ink"},
        (
            "our mark put back by hand",
            {"state": State.PRESENT},
            {},
            {"forget": "drift"},
        ),
    ),
]

ACCEPTED = [
    case
    for field, attribute, base, edited, where in (
        ("shortDescription", "short_description", "Short.", "By hand.", "shortDescription"),
        ("tags", "tags", words("ink"), words("ink hand"), "tags.hand"),
        ("examples", "examples", pictures(0, 1), pictures(1, 0), "examples.0"),
        ("description", "description", text(*PAGE), text(*HAND), "description"),
    )
    for case in cases(
        field,
        {attribute: base},
        (
            "edited on the server, accepted until today",
            {attribute: edited},
            {"ignored": accepting(field, TODAY)},
            {where: "accepted"},
        ),
        (
            "edited on the server, accepted until yesterday",
            {attribute: edited},
            {"ignored": accepting(field, YESTERDAY)},
            {"description:3" if field == "description" else where: "drift"},
        ),
    )
]

CASES = [
    *SCALARS,
    *EMPTIED,
    *SETS,
    *CONCEPTS,
    *EXAMPLES,
    *TRAINING,
    *TEXTS,
    *LONG,
    *MENTIONS,
    *MODELS,
    *ACCEPTED,
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_difference_tells_where_it_comes_from(case: Case) -> None:
    found = compared(case)
    accepted = {address(each.change): each.change.came for each in found.accepted}
    assert told(found.models) | accepted == case.says


@pytest.mark.parametrize(
    ("base", "desired", "says"),
    [
        ("abcde", "aBcde", [(2, "b", "B")]),
        ("abcde", "acXde", [(2, "b", ""), (3, "", "X")]),
        ("aoe", "one", [(1, "a", ""), (2, "", "n")]),
        ("aoe", "bae", [(1, "", "b"), (3, "o", "")]),
        ("axy", "byzxy", [(1, "a", "byz")]),
        ("abcabc", "abcXabc", [(4, "", "X")]),
    ],
)
def test_a_hunk_holds_the_lines_that_differ_and_no_others(
    base: str, desired: str, says: list[tuple[int, str, str]]
) -> None:
    was, wanted = ({"description": text(*lines)} for lines in (base, desired))
    (model,) = compared(Case("description", "", was, {}, wanted, {})).models
    (change,) = model.changes
    found = [(hunk.line, "".join(hunk.before), "".join(hunk.after)) for hunk in change.hunks]
    assert found == says


IN_TWO = "each moved another one"
"""Its moves come from both sides: such an order is nobody's alone."""


@pytest.mark.parametrize("case", CASES, ids=str)
def test_only_what_is_mine_is_planned_and_what_cannot_be_told_apart_is_refused(case: Case) -> None:
    found = compared(case, only_mine=True)
    came = list(case.says.values())
    if "conflict" in came or case.how == IN_TWO:
        assert [(refusal.model, refusal.code) for refusal in found.refusals] == [
            ("ink", "conflict")
        ]
        return
    assert found.refusals == ()
    assert list(told(found.models).values()) == ["pending"] * came.count("pending")
    edited = {where.partition(":")[0] for where, came in case.says.items() if came == "drift"}
    assert found.alone == len(edited)


def test_there_are_forty_cases_at_the_least() -> None:
    assert len(CASES) >= 40
    assert len({str(case) for case in CASES}) == len(CASES)
