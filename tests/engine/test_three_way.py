"""Where a difference comes from: the change set, the server, or both. A specification.

A case is what base said, what somebody made of it on the server, and what the manifest wants now.
Where a side is left out it is as base; what nothing is said of is no difference.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogsync.assumed import as_applied
from catalogsync.diff import Diff, ModelDiff, diff
from catalogsync.diff.merge import regions
from catalogsync.import_notes import note_name
from catalogsync.model import (
    NO_ASSET,
    AssetRef,
    Catalog,
    Concept,
    Ignored,
    Mention,
    ModelRef,
    ModelSpec,
    Snapshot,
    State,
    Text,
    Weights,
    WeightsSource,
)
from catalogsync.plan import build_plan
from tests.engine.catalogs import catalogs
from tests.engine.conftest import image
from tests.engine.run import EVERYTHING

NUMBER = {f"sha256={image(at).digest}": str(at) for at in range(8)}
OTHERS = tuple(ModelSpec(key=key, name=key, type="custom") for key in ("base", "other"))

Fields = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One case; `says` maps what differs to where that comes from."""

    field: str
    how: str
    base: Fields
    live: Fields
    desired: Fields
    says: dict[str, str]

    def __str__(self) -> str:
        return f"{self.field}: {self.how}"


def spec(fields: Fields) -> ModelSpec:
    return ModelSpec(**{"key": "ink", "name": "Ink", "type": "flux.1-lora", **fields})


def catalog(*models: ModelSpec) -> Catalog:
    return Catalog(name="acme", models=(*OTHERS, *models))


def server(held: Catalog, wanted: Catalog) -> Snapshot:
    """A project that holds what somebody made of it, and every file."""
    made = as_applied(held, wanted)
    files = (replace(image(at), id=f"git-{image(at).digest}") for at in range(8))
    collections = {f"git.{name}": name for name in ("Comics", "Best", "New")}
    assets = {file.id: replace(file, sha256=file.digest) for file in files}
    return replace(made, assets=assets, collections=collections)


def compared(case: Case, **options: Any) -> Diff:
    base, live, desired = (
        catalog(spec({**case.base, **more})) for more in ({}, case.live, case.desired)
    )
    return diff(desired, server(live, desired), base=base, **options)


def told(models: tuple[ModelDiff, ...]) -> dict[str, str]:
    """Every difference with where it comes from; texts by their lines."""
    return {where: came for model in models for where, came in _told(model)}


def _told(model: ModelDiff) -> Iterator[tuple[str, str]]:
    if not model.changes or model.verb in ("create", "forget"):
        yield model.verb, str(model.came)
        return
    for change in model.changes:
        if change.hunks:
            yield from ((f"{change.field}:{hunk.line}", hunk.came) for hunk in change.hunks)
        else:
            yield ".".join(NUMBER.get(part, part) for part in change.path), str(change.came)


def pictures(*numbers: int) -> tuple[AssetRef, ...]:
    return tuple(map(image, numbers))


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def text(*lines: str) -> Text:
    return Text(("\n".join(lines),))


def scaled(**scales: float) -> tuple[Concept, ...]:
    return tuple(Concept(ModelRef(key=key), scale) for key, scale in scales.items())


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
            "the same file, named by its id from now on",
            {"thumbnail": image(1)},
            {"thumbnail": AssetRef(id=f"git-{image(0).digest}")},
            {"thumbnail": "drift"},
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

CASES = [
    *SCALARS,
    *EMPTIED,
    *SETS,
    *CONCEPTS,
    *EXAMPLES,
    *TEXTS,
    *MENTIONS,
    *MODELS,
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_difference_tells_where_it_comes_from(case: Case) -> None:
    assert told(compared(case).models) == case.says


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


INK = spec({})


def of(base: Catalog, held: Catalog, wanted: Catalog, **options: Any) -> dict[str, str]:
    return told(diff(wanted, server(held, wanted), base=base, **options).models)


def marked(held: Catalog, wanted: Catalog, **tags: frozenset[str]) -> Snapshot:
    """The project with the marks of some models, by their keys, replaced."""
    made = server(held, wanted)
    models = {
        key: replace(model, tags=tags[name])
        if (name := key.removeprefix("git.")) in tags
        else model
        for key, model in made.models.items()
    }
    return replace(made, models=models)


def test_a_renamed_manifest_is_compared_with_what_base_called_it() -> None:
    renamed = spec({"key": "ink-heroes", "renamed_from": "ink", "tags": words("ink")})
    base = catalog(spec({"tags": words("ink")}))
    assert of(base, catalog(spec({"tags": words("ink hand")})), catalog(renamed)) == {
        "owner": "pending",
        "tags.hand": "drift",
    }


def test_what_refers_to_a_renamed_manifest_has_not_changed_by_that() -> None:
    mention = Mention("{model:old}", ModelRef(key="old"))
    base = catalog(
        spec({"key": "old", "name": "Old"}),
        spec({"description": Text(("See ", mention, ".\n\nEnd.")), "concepts": scaled(old=0.5)}),
    )
    mention = Mention("{model:fresh}", ModelRef(key="fresh"))
    wanted = catalog(
        spec({"key": "fresh", "name": "Old", "renamed_from": "old"}),
        spec(
            {"description": Text(("See ", mention, ".\n\nThe end.")), "concepts": scaled(fresh=1)}
        ),
    )
    assert of(base, base, wanted) == {
        "owner": "pending",
        "description:3": "pending",
        "concepts.fresh.scale": "pending",
    }


def test_a_key_that_was_given_on_is_not_taken_for_the_model_that_had_it() -> None:
    base = catalog(spec({"key": "a", "name": "A"}), spec({"key": "b", "name": "B"}))
    wanted = catalog(spec({"key": "a", "name": "B", "renamed_from": "b"}))
    held = replace(base, models=tuple(m for m in base.models if m.key != "a"))
    assert of(base, held, wanted) == {"owner": "pending"}


def test_a_mark_that_was_taken_off_by_hand_is_drift() -> None:
    pinned = catalog(spec({"id": "model_ink", "tags": words("ink")}))
    snapshot = marked(pinned, pinned, model_ink=words("ink hand"))
    (model,) = diff(pinned, snapshot, base=pinned).models
    assert (model.verb, told((model,))) == ("adopt", {"owner": "drift", "tags.hand": "drift"})


def test_a_model_that_is_pinned_from_now_on_is_of_this_change_set() -> None:
    wanted = catalog(spec({"id": "model_ink", "short_description": "Short."}))
    assert of(catalog(), catalog(), wanted) == {"owner": "pending", "shortDescription": "pending"}


def test_a_pin_that_is_taken_out_of_a_manifest_makes_a_new_model() -> None:
    base = catalog(spec({"id": "model_ink"}))
    assert of(base, catalog(), catalog(INK)) == {"create": "pending"}


def test_a_model_whose_mark_was_taken_off_is_not_ours_to_change_unseen() -> None:
    base, wanted = (
        catalog(spec({"id": "model_ink", "tags": words(tags)})) for tags in ("ink", "ink mine")
    )
    snapshot = marked(base, wanted, model_ink=words("ink"))
    (refusal,) = diff(wanted, snapshot, base=base, only_mine=True).refusals
    assert (refusal.model, refusal.message) == ("ink", "its mark was taken off on the server")
    alone = diff(base, snapshot, base=base, only_mine=True)
    assert (alone.models, alone.refusals, alone.alone) == ((), (), 1)


def test_the_end_of_an_import_is_nobodys_edit() -> None:
    wanted = catalog(spec({"weights": Weights(WeightsSource.URL, "https://example.org/1")}))
    (made,) = (model.weights for model in wanted.models if model.weights)
    snapshot = server(wanted, wanted)
    note = {"note": note_name("acme", "ink", made)}
    found = diff(wanted, replace(snapshot, collections=note), base=wanted)
    assert told(found.models) == {"import": "pending"}


def test_what_base_knew_of_an_asset_still_counts() -> None:
    pair = replace(image(0), id="asset_x")
    base = catalog(spec({"thumbnail": pair}))
    wanted = catalog(spec({"thumbnail": image(1)}))
    snapshot = server(base, wanted)
    unknown = dict(snapshot.assets) | {"asset_x": AssetRef(id="asset_x")}
    found = diff(wanted, replace(snapshot, assets=unknown), base=base)
    assert told(found.models) == {"thumbnail": "pending"}


def test_what_was_not_read_of_a_model_to_delete_was_not_edited() -> None:
    base = catalog(spec({"description": text("Long."), "prompt_embedding": "ink"}))
    wanted = catalog(spec({"state": State.ABSENT}))
    snapshot = server(base, wanted)
    unread = {
        key: replace(model, description=None, prompt_embedding=None)
        for key, model in snapshot.models.items()
    }
    found = diff(wanted, replace(snapshot, models=unread), base=base)
    assert told(found.models) == {"delete": "pending"}


def test_what_an_interrupted_apply_left_was_nobodys_edit() -> None:
    base = catalog(spec({"tags": words("ink")}))
    snapshot = marked(base, base, ink=frozenset())
    made = {key: replace(model, status="new") for key, model in snapshot.models.items()}
    (model,) = diff(base, replace(snapshot, models=made), base=base).models
    assert set(told((model,)).values()) == {"pending"}


def test_a_new_manifest_is_of_this_change_set() -> None:
    assert of(catalog(), catalog(), catalog(INK)) == {"create": "pending"}


@pytest.mark.parametrize(
    ("base", "came"), [(catalog(INK), "pending"), (catalog(), "drift")], ids=["in base", "not"]
)
def test_a_model_whose_manifest_is_gone(base: Catalog, came: str) -> None:
    (model,) = diff(catalog(), server(catalog(INK), catalog()), base=base, prune=True).models
    assert (model.verb, model.came) == ("delete", came)


def test_a_catalog_by_another_name_is_none_that_was_applied() -> None:
    base = replace(catalog(INK), name="other")
    assert set(of(base, Catalog("acme"), catalog(INK)).values()) == {"pending"}


def test_without_a_base_nothing_is_told_of_where_a_difference_comes_from() -> None:
    wanted = catalog(spec({"tags": words("ink")}))
    (model,) = diff(wanted, server(catalog(INK), wanted)).models
    assert model.came is None
    assert {change.came for change in model.changes} == {None}


LAST_DAY = date(2027, 1, 31)
LENIENT = Ignored("tags", "the campaign runs", LAST_DAY, owner="Ida")


def test_an_accepted_difference_is_shown_apart_and_not_planned() -> None:
    wanted = catalog(spec({"tags": words("ink"), "ignored": (LENIENT,), "short_description": "S"}))
    held = catalog(spec({"tags": words("ink hand"), "short_description": "By hand."}))
    found = diff(wanted, server(held, wanted), base=wanted, today=LAST_DAY)
    assert told(found.models) == {"shortDescription": "drift"}
    (accepted,) = found.accepted
    assert (accepted.change.path, accepted.change.came) == (("tags", "hand"), "accepted")
    assert (accepted.reason, accepted.until, accepted.owner) == (
        "the campaign runs",
        "2027-01-31",
        "Ida",
    )
    (planned,) = build_plan(wanted, found).models
    assert [type(action).__name__ for action in planned.actions] == ["UpdateModel"]
    assert planned.after
    assert planned.after.tags == ("hand", "ink")


def test_an_accepted_difference_comes_back_when_its_last_day_is_over() -> None:
    wanted = catalog(spec({"tags": words("ink"), "ignored": (LENIENT,)}))
    held = catalog(spec({"tags": words("ink hand")}))
    found = diff(wanted, server(held, wanted), base=wanted, today=date(2027, 2, 1))
    assert (told(found.models), found.accepted) == ({"tags.hand": "drift"}, ())


def test_of_two_that_accept_a_field_the_one_that_ends_last_counts() -> None:
    entries = (
        replace(LENIENT, until=date(2026, 1, 1)),
        LENIENT,
        replace(LENIENT, until=date(2025, 1, 1)),
    )
    wanted = catalog(spec({"tags": words("ink"), "ignored": entries}))
    held = catalog(spec({"tags": words("ink hand")}))
    found = diff(wanted, server(held, wanted), today=LAST_DAY)
    assert (found.models, found.unchanged, len(found.accepted)) == ((), 3, 1)


@pytest.mark.parametrize(
    ("field", "attribute", "edited"),
    [
        ("name", "name", "By hand"),
        ("shortDescription", "short_description", "By hand."),
        ("description", "description", text("By hand.")),
        ("promptGuide", "prompt_guide", text("By hand.")),
        ("thumbnail", "thumbnail", image(1)),
        ("examples", "examples", pictures(1, 0)),
        ("collections", "collections", words("Best")),
        ("classSlug", "class_slug", "art-style-ink"),
        ("concepts", "concepts", scaled(base=1.0)),
        ("epoch", "epoch", "000001"),
        ("promptEmbedding", "prompt_embedding", "by hand"),
        ("negativePromptEmbedding", "negative_prompt_embedding", "by hand"),
    ],
)
def test_every_field_that_may_be_ignored_is(field: str, attribute: str, edited: Any) -> None:
    full: Fields = {
        "name": "Ink",
        "short_description": "Short.",
        "description": text("Text."),
        "prompt_guide": text("Text."),
        "thumbnail": image(0),
        "examples": pictures(0, 1),
        "collections": words("Comics"),
        "class_slug": "art-style-comic",
        "concepts": scaled(base=0.5),
        "epoch": "",
        "prompt_embedding": "",
        "negative_prompt_embedding": "",
    }
    wanted = catalog(spec({**full, "ignored": (replace(LENIENT, field=field),)}))
    held = catalog(spec({**full, attribute: edited}))
    found = diff(wanted, server(held, wanted), today=LAST_DAY)
    assert found.models == ()
    assert {each.change.field for each in found.accepted} == {field}


thorough = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@thorough
@given(base=catalogs(), wanted=catalogs())
def test_on_a_server_that_nobody_edited_everything_is_pending(
    base: Catalog, wanted: Catalog
) -> None:
    found = diff(wanted, as_applied(base, wanted), base=base, prune=True)
    assert {model.came for model in found.models} <= {"pending"}
    assert {change.came for model in found.models for change in model.changes} <= {"pending"}


@thorough
@given(edited=catalogs(), wanted=catalogs())
def test_where_the_manifests_are_as_base_nothing_is_pending(
    edited: Catalog, wanted: Catalog
) -> None:
    found = diff(wanted, as_applied(edited, wanted), base=wanted, prune=True)
    assert {model.came for model in found.models} <= {"drift"}


@thorough
@given(base=catalogs(), edited=catalogs(), wanted=catalogs())
def test_a_base_changes_no_plan(base: Catalog, edited: Catalog, wanted: Catalog) -> None:
    snapshot = as_applied(edited, wanted)
    plain, told_apart = (
        build_plan(wanted, diff(wanted, snapshot, base=side), allow=EVERYTHING)
        for side in (None, base)
    )
    assert told_apart == plain
    assert told_apart.digest == plain.digest


@thorough
@given(base=catalogs(), edited=catalogs(), wanted=catalogs())
def test_a_plan_of_only_mine_undoes_nothing(
    base: Catalog, edited: Catalog, wanted: Catalog
) -> None:
    snapshot = as_applied(edited, wanted)
    found = diff(wanted, snapshot, base=base, only_mine=True, prune=True)
    plan = build_plan(wanted, found, allow=EVERYTHING)
    assert {model.came for model in plan.models} <= {"pending"}
    assert plan.would_undo == 0


@thorough
@given(base=catalogs(), wanted=catalogs())
def test_where_nobody_edited_only_mine_is_everything(base: Catalog, wanted: Catalog) -> None:
    snapshot = as_applied(base, wanted)
    mine, everything = (
        build_plan(wanted, diff(wanted, snapshot, base=base, only_mine=only), allow=EVERYTHING)
        for only in (True, False)
    )
    assert mine.digest == everything.digest


@thorough
@given(edited=catalogs(), wanted=catalogs())
def test_where_nothing_is_mine_nothing_is_planned(edited: Catalog, wanted: Catalog) -> None:
    found = diff(wanted, as_applied(edited, wanted), base=wanted, only_mine=True, prune=True)
    assert found.models == ()


def _some_of(numbers: list[int]) -> st.SearchStrategy[list[int]]:
    gone = st.sets(st.sampled_from(numbers))
    return gone.map(lambda out: [number for number in numbers if number not in out])


lists = st.lists(st.integers(0, 5), max_size=6)
permuted = st.permutations(range(6)).flatmap(_some_of)
some = lists | permuted


def occurrences(numbers: list[int]) -> set[tuple[int, int]]:
    return {(number, numbers[:at].count(number)) for at, number in enumerate(numbers)}


@settings(max_examples=400, deadline=None)
@given(base=some, edited=some, wanted=some)
def test_lists_of_examples_are_merged_by_element(
    base: list[int], edited: list[int], wanted: list[int]
) -> None:
    was, held, want = ({"examples": pictures(*side)} for side in (base, edited, wanted))
    case = Case("examples", "any", was, held, want, {})
    everything, found = compared(case), compared(case, only_mine=True)
    assert "None" not in told(everything.models).values()
    assert set(told(found.models).values()) <= {"pending"} or found.refusals
    if found.refusals or not found.models:
        return
    (model,) = found.models
    assert model.spec
    assert model.spec.examples is not None
    merged = [
        int(NUMBER[f"sha256={ref.digest}" if ref.sha256 else f"sha256={ref.id[4:]}"])
        for ref in model.spec.examples
    ]
    before, there, due = map(occurrences, (base, edited, wanted))
    assert occurrences(merged) == (there | (due - before)) - (before - due)


lines = st.lists(st.sampled_from("abcde"), max_size=7)


@settings(max_examples=400, deadline=None)
@given(base=lines, edited=lines, wanted=lines)
def test_texts_are_merged_by_line(base: list[str], edited: list[str], wanted: list[str]) -> None:
    found = list(regions(base, edited, wanted))
    took: list[str] = []
    at = 0
    for region in found:
        was_held, is_wanted = (
            side[slice(*span)] for side, span in ((edited, region.live), (wanted, region.desired))
        )
        assert was_held != is_wanted
        took += [*edited[at : region.live[0]], *is_wanted]
        at = region.live[1]
    assert [*took, *edited[at:]] == wanted
    whose = {region.came for region in found}
    assert edited != base or whose <= {"pending"}
    assert wanted != base or whose <= {"drift"}
