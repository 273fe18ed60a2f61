"""Which models may be left alone while neither their folder nor their record moves."""

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest

from catalogsync.diff import diff
from catalogsync.insync import found_in_sync, record_of
from catalogsync.model import (
    AssetRef,
    Catalog,
    Concept,
    Ignored,
    InSync,
    Mention,
    ModelRef,
    ModelSpec,
    RemoteModel,
    Snapshot,
    State,
    Text,
    TrainingImage,
    Weights,
    WeightsSource,
)

INK = RemoteModel(
    id="model_ink",
    name="Ink",
    type="custom",
    status="trained",
    updated_at="2026-03-01T11:00:00.000Z",
    tags=frozenset({"catalog-sync:acme/ink", "a", "b"}),
)
SPEC = ModelSpec(key="ink", name="Ink", type="custom")
FILE = AssetRef(sha256="1" * 64, name="a.webp")
FOLDERS = {"ink": b"folder"}

OTHERS = {
    str: "other",
    int: 7,
    frozenset: frozenset({"c"}),
    tuple: (Concept(ModelRef(id="model_x"), 1.0),),
}


def found(spec: ModelSpec, *, text: str = "", **more: RemoteModel) -> list[InSync]:
    """What is kept after a comparison with a server that has the model, and some more."""
    live = replace(INK, description=text, prompt_guide="", training_images=(), training_pairs=())
    models = {INK.id: live} | more
    compared = diff(Catalog("acme", (spec,)), Snapshot(models), today=date(2026, 3, 1))
    return list(found_in_sync(compared, {INK.id: INK}, FOLDERS))


def test_a_model_of_which_nothing_differs_is_kept_with_what_was_listed() -> None:
    said = replace(SPEC, description=Text(("A text.",)))
    assert found(said, text="A text.") == [InSync("ink", "model_ink", b"folder", record_of(INK))]


REFERS = Text(("See ", Mention("{model:model_x}", ModelRef(id="model_x"))))
NOT_KEPT = {
    "differs": replace(SPEC, name="Other"),
    "cannot be read": replace(SPEC, prompt_embedding="x"),
    "refers to a model": replace(SPEC, description=REFERS),
    "accepts a difference": replace(
        SPEC, ignored=(Ignored("description", "trial", date(2026, 9, 1)),)
    ),
    "was made from weights": replace(
        SPEC, weights=Weights(WeightsSource.URL, "https://example.org/a.safetensors")
    ),
    "trains": replace(SPEC, training_images=()),
    "is to go": replace(SPEC, state=State.ABSENT),
    "is let go": replace(SPEC, state=State.UNMANAGED),
    "is in no folder of its own": replace(SPEC, key="oil", id="model_ink"),
}


@pytest.mark.parametrize("spec", NOT_KEPT.values(), ids=NOT_KEPT)
def test_what_may_change_otherwise_is_not_kept(spec: ModelSpec) -> None:
    assert found(spec, text="See {model:model_x}") == []


def test_an_asset_without_a_file_may_go_on_the_server() -> None:
    live = replace(INK, thumbnail="asset_1")
    for ref, kept in ((AssetRef(id="asset_1"), 0), (replace(FILE, id="asset_1"), 1)):
        held = {"asset_1": AssetRef(FILE.digest, "asset_1")}
        compared = diff(
            Catalog("acme", (replace(SPEC, thumbnail=ref),)), Snapshot({INK.id: live}, held)
        )
        assert len(compared.models) == 0
        assert len(list(found_in_sync(compared, {INK.id: live}, FOLDERS))) == kept


@pytest.mark.parametrize(("listed", "kept"), [(("asset_1",), 1), ((), 0)])
def test_a_picture_that_a_text_shows_may_go_unless_the_model_lists_it(
    listed: tuple[str, ...], kept: int
) -> None:
    live = replace(INK, description="![x]({asset:asset_1})", examples=listed)
    ref = replace(FILE, id="asset_1")
    held = {"asset_1": AssetRef(FILE.digest, "asset_1")}
    spec = replace(SPEC, description=Text(("![x](", Mention("{asset:asset_1}", ref), ")")))
    compared = diff(Catalog("acme", (spec,)), Snapshot({INK.id: live}, held))
    assert compared.models == ()
    assert len(list(found_in_sync(compared, {INK.id: live}, FOLDERS))) == kept


def test_two_models_with_one_mark_are_not_in_sync() -> None:
    assert found(SPEC, twin=replace(INK, id="model_twin")) == []


@pytest.mark.parametrize("name", [field.name for field in fields(RemoteModel)])
def test_a_record_tells_everything_that_a_listing_does(name: str) -> None:
    value = getattr(INK, name)
    other: Any = "other" if value is None else OTHERS[type(value)]
    if name == "training_images":
        other = (TrainingImage(FILE, "a"),)
    assert record_of(replace(INK, **{name: other})) != record_of(INK)


def test_a_record_is_the_same_in_whatever_order_its_tags_come() -> None:
    tags = [f"tag-{number}" for number in range(50)]
    first, second = (replace(INK, tags=frozenset(t)) for t in (tags, reversed(tags)))
    assert record_of(first) == record_of(second)
