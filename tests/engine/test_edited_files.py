"""A file that was edited under an asset of the server whose content nobody tells."""

from dataclasses import replace

import pytest

from catalogsync.diff import Diff, diff
from catalogsync.model import AssetRef, Catalog, ModelSpec, RemoteModel, Snapshot
from tests.engine.conftest import image

OLD, NEW = (replace(image(at), id="asset_1", width=20, height=20) for at in (1, 2))


def catalog(ref: AssetRef) -> Catalog:
    spec = ModelSpec(key="ink", name="Ink", type="custom", id="model_1", examples=(ref,))
    return Catalog("acme", (spec,))


def compared(base: Catalog | None, *, told: str = "", width: int = 0) -> Diff:
    """The edited file, compared with an asset that may tell its content or its width."""
    tags = frozenset({"catalog-sync:acme/ink"})
    live = RemoteModel(
        id="model_1",
        name="Ink",
        type="custom",
        status="trained",
        updated_at="",
        tags=tags,
        examples=("asset_1",),
    )
    asset = AssetRef(told, id="asset_1", width=width, height=width)
    return diff(catalog(NEW), Snapshot({live.id: live}, {"asset_1": asset}), base=base)


def test_base_knows_what_the_asset_was() -> None:
    (refusal,) = compared(catalog(OLD)).refusals
    assert (refusal.model, refusal.code) == ("ink", "edited-file")
    assert refusal.message.startswith(f"{NEW.name} is not what base has for asset_1")


@pytest.mark.parametrize("base", [None, catalog(NEW), catalog(image(1))])
def test_what_no_base_contradicts_is_taken_on_trust(base: Catalog | None) -> None:
    found = compared(base)
    assert (found.refusals, found.models) == ((), ())


def test_what_the_server_tells_or_shows_to_be_another_is_planned() -> None:
    for found in (compared(catalog(OLD), told=OLD.sha256), compared(catalog(OLD), width=9999)):
        assert found.refusals == ()
        assert [model.key for model in found.models] == ["ink"]
