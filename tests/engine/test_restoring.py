"""What an apply changed comes back: planned, reviewed and applied like anything else."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogsync.apply import apply
from catalogsync.diff import diff
from catalogsync.ledger import Ledger
from catalogsync.marks import owner_tag
from catalogsync.model import NO_ASSET, Catalog, Limit, ModelSpec, Policy, State, Text
from catalogsync.observe import observe
from catalogsync.outcome import Outcome, Status
from catalogsync.perform import Performer
from catalogsync.plan import Plan, build_plan
from catalogsync.restoring import desired, finished, in_doubt, left_there, pre_images, settled
from catalogsync.rules import NO_ALLOWANCES, Allowances
from catalogsync.snapshots import SavedSnapshot, parsed, written
from catalogsync.texts import normalised
from tests.engine.catalogs import FILES, HandEdit, catalogs, hand_edits
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import EVERYTHING
from tests.engine.test_convergence import edit_by_hand

NOW = datetime(2026, 3, 1, tzinfo=UTC)
open_file = files_of(FILES)


def applied(server: FakeServer, catalog: Catalog) -> SavedSnapshot:
    """Apply a catalog; what is kept of before goes through its file."""
    snapshot = observe(server, catalog, jobs=2)
    found = diff(catalog, snapshot)
    plan = build_plan(catalog, found, allow=EVERYTHING)
    ledger = Ledger(found, snapshot)
    kept = pre_images(plan, snapshot, "here", now=NOW)
    outcomes = carried_out(server, plan, ledger)
    assert {outcome.status for outcome in outcomes} <= {Status.DONE}
    return parsed(written(finished(kept, ledger.made())).encode())


def carried_out(server: FakeServer, plan: Plan, ledger: Ledger) -> list[Outcome]:
    return list(apply(plan, Performer(server, ledger, open_file, pause=lambda s: None), jobs=2))


def planned(
    server: FakeServer,
    catalog: Catalog,
    kept: SavedSnapshot,
    *,
    prune: bool = False,
    allow: Allowances = EVERYTHING,
) -> tuple[Plan, Ledger, SavedSnapshot]:
    """The plan of a restore, what carries it out, and what is kept for a restore of it."""
    wanted = desired(kept, catalog, prune=prune)
    snapshot = observe(server, wanted, jobs=2)
    wanted, gone = settled(kept, wanted, snapshot)
    found = diff(wanted, snapshot)
    found = replace(found, refusals=(*found.refusals, *gone))
    plan = build_plan(wanted, found, allow=allow)
    return plan, Ledger(found, snapshot), pre_images(plan, snapshot, "here", now=NOW)


def restored(
    server: FakeServer, catalog: Catalog, kept: SavedSnapshot, *, prune: bool = False
) -> SavedSnapshot:
    plan, ledger, undo = planned(server, catalog, kept, prune=prune)
    assert plan.refusals == ()
    assert {outcome.status for outcome in carried_out(server, plan, ledger)} <= {Status.DONE}
    assert planned(server, catalog, kept, prune=prune)[0].models == ()
    return undo


def held(server: FakeServer) -> dict[str, Any]:
    """All that the server shows of its models."""
    return {
        model.id: (
            replace(
                model,
                updated_at="",
                collection_ids=frozenset(),
                training_images=None,
                training_parameters=None,
            ),
            frozenset(image.asset.id for image in model.training_images or ()),
            normalised(server.descriptions.get(model.id, "")).rstrip("\n"),
            normalised(server.prompt_guides.get(model.id, "")).rstrip("\n"),
            frozenset(server.collections[id] for id in model.collection_ids),
        )
        for model in server.models.values()
    }


def trained_by(server: FakeServer) -> dict[str, dict[str, Any]]:
    """The training parameters of every model: one that was set cannot be taken away again."""
    return {id: dict(model.training_parameters or ()) for id, model in server.models.items()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=catalogs(), after=catalogs(), edits=st.lists(hand_edits, max_size=4))
def test_the_project_is_what_it_was_before_the_apply(
    before: Catalog, after: Catalog, edits: list[HandEdit]
) -> None:
    server = FakeServer()
    applied(server, before)
    edit_by_hand(server, edits)
    first, parameters = held(server), trained_by(server)
    kept = applied(server, after)
    second = held(server)
    undo = restored(server, after, kept)
    third = held(server)
    assert {model_id: third[model_id] for model_id in first} == first
    assert all(trained_by(server)[id].items() >= was.items() for id, was in parameters.items())
    assert left_there(kept, observe(server, after)) == tuple(
        sorted({s.key for s in after.models} - {s.key for s in before.models})
    )
    restored(server, after, undo)
    assert held(server) == second
    if any(s.protect for s in after.models if s.key in left_there(kept, observe(server, after))):
        return
    restored(server, after, kept, prune=True)
    assert held(server) == first


def spec(**fields: Any) -> ModelSpec:
    return ModelSpec(key="ink", name="Ink", type="flux.1-lora", **fields)


def catalog_of(*specs: ModelSpec, **fields: Any) -> Catalog:
    return Catalog(name="acme", models=specs, **fields)


def test_only_the_model_that_the_apply_created_is_deleted() -> None:
    server = FakeServer()
    kept = applied(server, catalog_of(spec()))
    (made,) = server.models
    assert left_there(kept, observe(server, catalog_of(spec()))) == ("ink",)
    del server.models[made]
    applied(server, catalog_of(spec()))
    (another,) = server.models
    snapshot = observe(server, catalog_of(spec()))
    assert (left_there(kept, snapshot), in_doubt(kept, snapshot)) == ((), ("ink",))
    restored(server, catalog_of(), kept, prune=True)
    assert set(server.models) == {another}


def test_a_created_model_that_was_let_go_is_not_deleted() -> None:
    server = FakeServer()
    kept = applied(server, catalog_of(spec()))
    applied(server, catalog_of(spec(state=State.UNMANAGED)))
    restored(server, catalog_of(), kept, prune=True)
    assert len(server.models) == 1


def test_nothing_is_deleted_where_the_file_does_not_say_what_was_created() -> None:
    server = FakeServer()
    kept = finished(applied(server, catalog_of(spec())), {})
    snapshot = observe(server, catalog_of(spec()))
    assert (left_there(kept, snapshot), in_doubt(kept, snapshot)) == ((), ("ink",))
    restored(server, catalog_of(), kept, prune=True)
    assert len(server.models) == 1


def test_only_the_fields_that_the_apply_changed_come_back() -> None:
    server = FakeServer()
    applied(server, catalog_of(spec(short_description="one", tags=frozenset({"a"}))))
    kept = applied(server, catalog_of(spec(short_description="two", tags=frozenset({"a"}))))
    (model,) = server.models.values()
    server.edit(model.id, name="By hand", tags=model.tags | {"by-hand"}, class_slug="by-hand")
    restored(server, catalog_of(spec()), kept)
    (model,) = server.models.values()
    assert (model.name, model.short_description, model.class_slug) == ("By hand", "one", "by-hand")
    assert "by-hand" in model.tags


def test_a_model_that_was_deleted_is_refused_and_not_made_anew() -> None:
    server = FakeServer()
    applied(server, catalog_of(spec(short_description="one")))
    (model_id,) = server.models
    kept = applied(server, catalog_of(spec(state=State.ABSENT)))
    assert server.models == {}
    plan, _, _ = planned(server, catalog_of(), kept)
    assert [(r.model, r.code) for r in plan.refusals] == [("ink", "deleted")]
    assert model_id in plan.refusals[0].message
    assert plan.actions == ()


def test_an_asset_that_is_gone_is_refused_by_name() -> None:
    server = FakeServer()
    asset_id = server.add_asset(b"one")
    model = server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")}), thumbnail=asset_id)
    kept = applied(server, catalog_of(spec(thumbnail=NO_ASSET, short_description="x")))
    del server.assets[asset_id]
    plan, _, _ = planned(server, catalog_of(), kept)
    assert [(r.model, r.code) for r in plan.refusals] == [("ink", "no-such-asset")]
    assert asset_id in plan.refusals[0].message
    assert server.models[model.id].thumbnail == ""


def test_a_key_that_moved_moves_back_and_a_mark_that_was_taken_off_returns() -> None:
    server = FakeServer()
    applied(server, catalog_of(spec()))
    moved = applied(server, catalog_of(replace(spec(), key="pen", renamed_from="ink")))
    (model_id,) = server.models
    assert owner_tag("acme", "pen") in server.models[model_id].tags
    restored(server, catalog_of(), moved)
    assert server.models[model_id].tags == {owner_tag("acme", "ink")}
    let_go = applied(server, catalog_of(spec(state=State.UNMANAGED)))
    assert server.models[model_id].tags == frozenset()
    restored(server, catalog_of(), let_go)
    assert server.models[model_id].tags == {owner_tag("acme", "ink")}


def test_an_adopted_model_gets_its_fields_back_and_keeps_the_mark() -> None:
    server = FakeServer()
    model = server.add_model("Old", short_description="theirs", tags=frozenset({"x"}))
    kept = applied(
        server, catalog_of(spec(id=model.id, short_description="ours", tags=frozenset({"y"})))
    )
    restored(server, catalog_of(), kept)
    found = server.models[model.id]
    assert (found.name, found.short_description) == ("Old", "theirs")
    assert found.tags == {"x", owner_tag("acme", "ink")}


def test_the_catalogs_brakes_hold_for_the_way_back_and_created_ones_are_protected() -> None:
    server = FakeServer()
    applied(server, catalog_of(spec(short_description="one")))
    pen = ModelSpec(key="pen", name="Pen", type="flux.1-lora", protect=True)
    kept = applied(server, catalog_of(spec(short_description="two"), pen))
    braked = catalog_of(policy=Policy(max_update=Limit(count=0)))
    plan, _, _ = planned(server, braked, kept, prune=True, allow=NO_ALLOWANCES)
    assert {(r.model, r.code) for r in plan.refusals} == {("", "max-update"), ("pen", "protected")}


def test_texts_come_back_as_the_server_had_them() -> None:
    server = FakeServer()
    asset_id = server.add_asset(b"one")
    model = server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")}))
    there, not_there = f"{{asset:{asset_id}}} {{model:{model.id}}}", "{asset:x} {model:no-such}"
    text = f"# Ink\n\n{there}, {not_there}"
    server.descriptions[model.id] = text
    kept = applied(server, catalog_of(spec(description=Text(("new",)))))
    assert server.descriptions[model.id] == "new"
    restored(server, catalog_of(), kept)
    assert server.descriptions[model.id] == text
    server.descriptions[model.id] = "new"
    del server.assets[asset_id]
    plan, _, _ = planned(server, catalog_of(), kept)
    assert [r.code for r in plan.refusals] == ["no-such-asset"]
    assert asset_id in plan.refusals[0].message
