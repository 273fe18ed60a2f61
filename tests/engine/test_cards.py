"""A plan shows every model as the catalog shows it, before and after."""

from dataclasses import replace

from catalogsync.diff import Card
from catalogsync.marks import PROTECTED_TAG, owner_tag
from catalogsync.model import NO_ASSET, Catalog, ModelSpec, State
from catalogsync.plan import ModelPlan
from tests.engine.catalogs import CONTENTS
from tests.engine.conftest import SHAS, image
from tests.engine.fake import FakeServer
from tests.engine.run import plan

INK = ModelSpec(key="ink", name="Ink", type="flux.1-lora")


def planned(server: FakeServer, spec: ModelSpec) -> ModelPlan:
    (model,) = plan(server, Catalog(name="acme", models=(spec,))).models
    return model


def live() -> tuple[FakeServer, str]:
    """A server with one model of ours that has one of everything."""
    server = FakeServer()
    held = [server.add_asset(CONTENTS[sha], f"{at}.webp") for at, sha in enumerate(SHAS[:2])]
    marks = frozenset({owner_tag("acme", "ink"), PROTECTED_TAG, "old", "sc:vendor"})
    model = server.add_model(
        "Ink",
        tags=marks,
        short_description="Before",
        thumbnail=held[0],
        examples=tuple(held),
    )
    return server, model.id


def test_a_new_model_has_no_card_before() -> None:
    spec = replace(INK, tags=frozenset({"b", "a"}), thumbnail=image(0), examples=(image(1),))
    model = planned(FakeServer(), spec)
    assert model.before is None
    assert model.after == Card(
        name="Ink",
        type="flux.1-lora",
        tags=("a", "b"),
        thumbnail=image(0),
        examples=(image(1),),
    )
    assert model.after.thumbnail is not None
    assert model.after.thumbnail.name == "0.webp"


def test_what_a_manifest_does_not_manage_stays_on_the_card() -> None:
    server, _ = live()
    spec = replace(INK, tags=frozenset({"new"}), examples=(image(1), image(2)), protect=True)
    model = planned(server, spec)
    assert model.before is not None
    assert model.after is not None
    assert model.before.tags == ("old", "sc:vendor")
    assert model.after.tags == ("new", "sc:vendor")
    assert model.after.short_description == "Before"
    assert model.after.thumbnail == model.before.thumbnail
    assert [ref.name for ref in model.before.examples] == ["0.webp", "1.webp"]
    assert [ref.name for ref in model.after.examples] == ["1.webp", "2.webp"]


def test_a_thumbnail_that_is_unset_is_not_on_the_card() -> None:
    server, _ = live()
    model = planned(server, replace(INK, thumbnail=NO_ASSET, protect=True))
    assert model.before is not None
    assert model.after is not None
    assert model.before.thumbnail is not None
    assert model.after.thumbnail is None


def test_a_deleted_model_has_its_whole_card_before_and_a_forgotten_one_the_same_after() -> None:
    server, model_id = live()
    unprotected = server.models[model_id].tags - {PROTECTED_TAG}
    server.models[model_id] = replace(server.models[model_id], tags=unprotected)
    deleted = planned(server, replace(INK, state=State.ABSENT))
    assert deleted.before is not None
    assert deleted.after is None
    forgotten = planned(server, replace(INK, state=State.UNMANAGED))
    assert forgotten.before is not None
    assert forgotten.before == forgotten.after
    assert deleted.before.thumbnail
    assert deleted.before.thumbnail.name == "0.webp"
    # Nothing is read of what is left alone: there the pictures are known by their ids.
    ids = [
        (each.thumbnail and each.thumbnail.id, [example.id for example in each.examples])
        for each in (deleted.before, forgotten.before)
    ]
    assert ids[0] == ids[1]


def test_cards_are_no_part_of_what_is_approved() -> None:
    server, _ = live()
    model = planned(server, replace(INK, short_description="After", protect=True))
    assert replace(model, before=None, after=None).digest == model.digest


def test_a_model_that_is_let_go_stays_as_it_is_on_the_card() -> None:
    server, _ = live()
    spec = replace(INK, name="Otherwise", state=State.UNMANAGED)
    model = planned(server, spec)
    assert model.before is not None
    assert model.after == model.before
