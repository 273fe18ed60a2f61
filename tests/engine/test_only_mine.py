"""`--only-mine` makes what the change set changes; what was edited on the server stays."""

from dataclasses import replace
from typing import Any

import pytest

from catalogsync.diff import diff
from catalogsync.model import (
    NO_ASSET,
    AssetRef,
    Concept,
    ModelRef,
    ModelSpec,
    State,
    TrainingImage,
    TrainingPair,
)
from catalogsync.plan import build_plan
from tests.engine.sides import (
    Case,
    catalog,
    compared,
    pictures,
    scaled,
    server,
    spec,
    text,
    told,
    words,
)

Fields = dict[str, Any]


def shown(*numbers: int, said: str = "as it was") -> tuple[TrainingImage, ...]:
    return tuple(TrainingImage(ref, said) for ref in pictures(*numbers))


def paired(source: int, target: int) -> tuple[TrainingPair, ...]:
    before, after = pictures(source, target)
    return (TrainingPair(before, after, "from one to the other"),)


EDITS: list[tuple[str, Fields, Fields]] = [
    ("another name", {}, {"name": "By hand"}),
    ("a class", {"class_slug": "art"}, {"class_slug": "photo"}),
    ("no class any more", {"class_slug": "art"}, {"class_slug": ""}),
    ("an epoch", {"epoch": "000001"}, {"epoch": "000002"}),
    ("an embedding", {"prompt_embedding": "ink"}, {"prompt_embedding": "by hand"}),
    ("an emptied embedding", {"negative_prompt_embedding": "x"}, {"negative_prompt_embedding": ""}),
    ("another thumbnail", {"thumbnail": pictures(0)[0]}, {"thumbnail": pictures(1)[0]}),
    ("no thumbnail any more", {"thumbnail": pictures(0)[0]}, {"thumbnail": NO_ASSET}),
    ("a first thumbnail", {"thumbnail": NO_ASSET}, {"thumbnail": pictures(0)[0]}),
    ("protection", {"protect": False}, {"protect": True}),
    ("no protection", {"protect": True}, {"protect": False}),
    ("a tag more", {"tags": words("a")}, {"tags": words("a b")}),
    ("a tag less", {"tags": words("a b")}, {"tags": words("a")}),
    ("collections", {"collections": words("Comics")}, {"collections": words("Best")}),
    ("another scale", {"concepts": scaled(base=1.0)}, {"concepts": scaled(base=0.5)}),
    ("a concept more", {"concepts": scaled(base=1.0)}, {"concepts": scaled(base=1.0, other=0.5)}),
    ("a concept less", {"concepts": scaled(base=1.0, other=0.5)}, {"concepts": scaled(base=1.0)}),
    (
        "a concept less, of an epoch",
        {"concepts": (Concept(ModelRef(key="base"), 1.0, "000001"),)},
        {"concepts": ()},
    ),
    (
        "a scale and more",
        {"class_slug": "art", "tags": words("a"), "concepts": scaled(base=1.0)},
        {"class_slug": "photo", "tags": words("b"), "concepts": scaled(base=0.5)},
    ),
    ("an example more", {"examples": pictures(0, 1)}, {"examples": pictures(0, 2, 1)}),
    ("an example in front", {"examples": pictures(0, 1)}, {"examples": pictures(2, 0, 1)}),
    ("an example less", {"examples": pictures(0, 1, 2)}, {"examples": pictures(0, 2)}),
    ("another order", {"examples": pictures(0, 1, 2)}, {"examples": pictures(2, 0, 1)}),
    ("a line", {"description": text("a", "b")}, {"description": text("a", "b", "c")}),
    ("a guide", {"prompt_guide": text("a")}, {"prompt_guide": text("b")}),
    ("a training image more", {"training_images": shown(0)}, {"training_images": shown(0, 1)}),
    ("a training image less", {"training_images": shown(0, 1)}, {"training_images": shown(1)}),
    ("a caption", {"training_images": shown(0)}, {"training_images": shown(0, said="by hand")}),
    ("other pairs", {"training_pairs": paired(0, 1)}, {"training_pairs": paired(1, 0)}),
    ("no pairs any more", {"training_pairs": paired(0, 1)}, {"training_pairs": ()}),
    (
        "a parameter",
        {"training_parameters": (("rank", 4.0),)},
        {"training_parameters": (("rank", 8.0),)},
    ),
]
"""How, what base says of the field, and what somebody made of it on the server."""

TWO_EDITS: Fields = {"thumbnail": pictures(1)[0], "tags": words("a by-hand"), "class_slug": "photo"}
SHORT: Fields = {"short_description": "base"}
NEWER: Fields = {"short_description": "newer"}


def case(base: Fields, live: Fields, desired: Fields) -> Case:
    return Case("", "", {**SHORT, **base}, live, desired, {})


@pytest.mark.parametrize(("how", "base", "live"), EDITS, ids=[how for how, _, _ in EDITS])
def test_an_edit_is_left_alone_beside_a_change(how: str, base: Fields, live: Fields) -> None:
    found = compared(case(base, live, NEWER), only_mine=True)
    assert told(found.models) == {"shortDescription": "pending"}
    assert (found.refusals, found.alone > 0) == ((), True)


@pytest.mark.parametrize(("how", "base", "live"), EDITS, ids=[how for how, _, _ in EDITS])
def test_an_edit_alone_leaves_nothing_to_do(how: str, base: Fields, live: Fields) -> None:
    found = compared(case(base, live, {}), only_mine=True)
    assert (found.models, found.refusals, found.alone > 0) == ((), (), True)


def test_the_plan_counts_what_it_leaves_alone() -> None:
    edited = case({"class_slug": "art"}, {"class_slug": "photo"}, NEWER)
    found = compared(edited, only_mine=True)
    assert build_plan(catalog(spec(NEWER)), found).alone == found.alone > 0


def test_a_model_that_is_left_alone_is_not_one_that_nobody_changed() -> None:
    edited = case({"class_slug": "art"}, {"class_slug": "photo"}, {})
    assert compared(edited, only_mine=True).unchanged == compared(edited).unchanged == 2


def test_several_edits_are_left_alone_beside_a_change() -> None:
    base = {"thumbnail": pictures(0)[0], "tags": words("a"), "class_slug": "art"}
    found = compared(case(base, TWO_EDITS, NEWER), only_mine=True)
    assert told(found.models) == {"shortDescription": "pending"}


@pytest.mark.parametrize(
    ("base", "live", "desired", "left"),
    [
        ("a b", "a by-hand", "a b mine", {"tags.mine": "pending"}),
        ("a b", "b", "a b mine", {"tags.mine": "pending"}),
        ("a b", "a b x", "a", {"tags.b": "pending"}),
    ],
)
def test_of_a_set_what_is_mine_is_made(
    base: str, live: str, desired: str, left: dict[str, str]
) -> None:
    sides = ({"tags": words(side)} for side in (base, live, desired))
    assert told(compared(case(*sides), only_mine=True).models) == left


def test_of_concepts_what_is_mine_is_made() -> None:
    base = {"concepts": scaled(base=1.0)}
    live = {"concepts": scaled(base=0.5)}
    desired = {"concepts": scaled(base=1.0, other=2.0)}
    found = compared(case(base, live, desired), only_mine=True)
    assert {path.split(".")[1] for path in told(found.models)} == {"other"}


MERGED = {
    "added by hand, removed by the manifest": ((5, 0, 1, 2, 3), (0, 1, 3), (5, 0, 1, 3)),
    "removed by hand, added by the manifest": ((0, 1, 3), (0, 4, 1, 2, 3), (0, 4, 1, 3)),
    "moved by hand, removed by the manifest": ((3, 0, 1, 2), (0, 1, 3), (3, 0, 1)),
    "moved by hand, added by the manifest": ((3, 0, 1, 2), (0, 4, 1, 2, 3), (3, 0, 4, 1, 2)),
    "removed by hand, moved by the manifest": ((0, 1, 2), (1, 0, 2, 3), (1, 0, 2)),
    "added by hand, moved by the manifest": ((0, 1, 5, 2, 3), (3, 0, 1, 2), (3, 0, 1, 5, 2)),
}
"""The examples on the server, in the manifest and as they are to be, of 0, 1, 2 and 3."""


@pytest.mark.parametrize("how", MERGED)
def test_of_examples_both_sides_edits_are_kept_in_their_order(how: str) -> None:
    held, wanted, merged = MERGED[how]
    base, live, desired = ({"examples": pictures(*s)} for s in (range(4), held, wanted))
    (model,) = compared(case(base, live, desired), only_mine=True).models
    assert model.spec
    assert model.spec.examples
    digests = [ref.digest or ref.id.removeprefix("git-") for ref in model.spec.examples]
    assert digests == [ref.digest for ref in pictures(*merged)]


def test_where_equal_examples_hide_whose_edit_is_whose_the_model_is_refused() -> None:
    base, live, desired = ({"examples": pictures(*s)} for s in ((0, 0), (0, 1), (0, 0, 0)))
    (refusal,) = compared(case(base, live, desired), only_mine=True).refusals
    assert (refusal.model, refusal.code) == ("ink", "conflict")
    assert "cannot be told apart" in refusal.message


def two(first: Fields, second: Fields) -> tuple[ModelSpec, ModelSpec]:
    return spec(first), replace(spec(second), key="oak", name="Oak")


def test_every_conflict_is_refused_by_name_with_a_way_out() -> None:
    base, live, desired = (
        catalog(*two({"short_description": side, "class_slug": side}, {"short_description": side}))
        for side in ("base", "by-hand", "mine")
    )
    found = diff(desired, server(live, desired), base=base, only_mine=True)
    told_of = {refusal.model: refusal for refusal in found.refusals}
    assert set(told_of) == {"ink", "oak"}
    assert "; " in told_of["ink"].message
    assert "XX" not in told_of["ink"].message
    for refusal in told_of.values():
        assert refusal.code == "conflict"
        assert refusal.hint.startswith("take the server's side with pull --accept")


def test_a_conflict_of_fields_is_told_beside_one_of_a_whole_model() -> None:
    base = catalog(*two({"short_description": "base"}, {"short_description": "base"}))
    live = catalog(*two({"short_description": "hand"}, {"short_description": "hand"}))
    ink, oak = two({"short_description": "mine"}, {})
    desired = catalog(ink, replace(oak, state=State.ABSENT))
    found = diff(desired, server(live, desired), base=base, only_mine=True)
    assert {refusal.model: refusal.message for refusal in found.refusals} == {
        "ink": "shortDescription was changed in the manifest and on the server",
        "oak": "the model was edited on the server and would be deleted",
    }


def test_of_a_renamed_manifest_what_is_mine_is_made() -> None:
    lines = [f"{at}." for at in range(9)]
    base = catalog(spec({"description": text(*lines), "examples": pictures(0, 1)}))
    held = catalog(
        spec({"description": text("by hand", *lines[1:]), "examples": pictures(0, 1, 2)})
    )
    renamed = {"key": "ink-heroes", "renamed_from": "ink", "examples": pictures(0, 1)}
    wanted = catalog(spec({**renamed, "description": text(*lines[:-1], "mine")}))
    found = diff(wanted, server(held, wanted), base=base, only_mine=True)
    assert told(found.models) == {"owner": "pending", "description:9": "pending"}


def test_what_a_manifest_says_of_an_asset_counts_where_its_place_was_edited_by_hand() -> None:
    pair, wanted_short = replace(pictures(0)[0], id="asset_x"), {"short_description": "newer"}
    fields = {"thumbnail": pair, "examples": pictures(0), "short_description": "base"}
    base, wanted = catalog(spec(fields)), catalog(spec({**fields, **wanted_short}))
    held = catalog(
        spec({**fields, "thumbnail": pictures(1)[0], "examples": (AssetRef(id="asset_x"),)})
    )
    snapshot = server(held, wanted)
    unknown = dict(snapshot.assets) | {"asset_x": AssetRef(id="asset_x")}
    found = diff(wanted, replace(snapshot, assets=unknown), base=base, only_mine=True)
    assert (told(found.models), found.refusals) == ({"shortDescription": "pending"}, ())
