"""Which models are due for training by what the server tells, the marks for it, and the prices."""

from dataclasses import replace
from typing import Any

import pytest

from catalogsync.actions import EditTags, ForgetModel
from catalogsync.diff import Verb
from catalogsync.errors import AccessDenied, ApiError, BadResponse, CeilingReached, Unreachable
from catalogsync.model import Catalog, ModelSpec, Price, State, Weights, WeightsSource
from catalogsync.plan import Plan
from catalogsync.training_due import TrainingDue, Why, priced
from tests.engine.fake import FakeServer
from tests.engine.fake_trainer import FakeTrainer
from tests.engine.promoting import Projects
from tests.engine.run import plan
from tests.engine.test_training import failing
from tests.engine.test_training_data import applied, catalog, lora, shown

ENDED = "2026-01-01T00:00:00.123Z"
MARK = "catalog-sync:data-changed-after:20260101000000123"
RANK = (("rank", 16.0),)


def server_of(spec: ModelSpec, **fields: Any) -> FakeServer:
    """A server to which a manifest was applied, and what became of the model since."""
    server = FakeServer()
    applied(server, spec)
    (model_id,) = server.models
    server.edit(model_id, **fields)
    return server


def planned(server: FakeServer, spec: ModelSpec) -> Plan:
    return plan(server, catalog(spec))


def whys(server: FakeServer, spec: ModelSpec) -> list[Why]:
    return [each.why for each in planned(server, spec).training]


def tags(server: FakeServer) -> set[str]:
    (model,) = server.models.values()
    return {tag for tag in model.tags if "data-changed-after" in tag}


INK = lora(training_images=shown(0, 1, caption="a hero"))
OTHER = lora(training_images=shown(0, 1, caption="a villain"))


def test_a_model_to_create_is_due_but_not_one_that_is_imported_or_has_no_set() -> None:
    (due,) = planned(FakeServer(), INK).training
    assert due == TrainingDue("ink", "Ink", "", Why.NEW, images=2, priced_images=2)
    weights = Weights(WeightsSource.HUGGING_FACE, "acme/ink")
    assert whys(FakeServer(), replace(INK, weights=weights)) == []
    assert whys(FakeServer(), lora()) == []
    assert whys(FakeServer(), lora(training_images=())) == []


@pytest.mark.parametrize(
    ("status", "unchanged", "changing"),
    [
        ("new", [Why.NEW], [Why.NEW]),
        ("failed", [Why.FAILED], [Why.FAILED]),
        ("training-canceled", [Why.CANCELED], [Why.CANCELED]),
        ("trained", [], [Why.CHANGES]),
        ("training", [], []),
        ("copying", [], []),
    ],
)
def test_the_status_tells_what_is_due_and_what_is_refused_is_not(
    status: str, unchanged: list[Why], changing: list[Why]
) -> None:
    server = server_of(INK, status=status, trained_at=ENDED)
    assert whys(server, INK) == unchanged
    assert whys(server, OTHER) == changing


def test_a_set_that_others_manage_counts_where_a_parameter_is_declared() -> None:
    spec = lora(training_parameters=RANK)
    server = server_of(INK, status="trained", trained_at=ENDED)
    (due,) = planned(server, spec).training
    assert (due.why, due.images, due.priced_images, due.again) == (Why.CHANGES, 2, 2, True)


def test_an_apply_marks_what_it_changes_until_the_next_training_has_ended() -> None:
    server = server_of(INK, status="trained", trained_at=ENDED)
    (model,) = planned(server, OTHER).models
    assert model.actions[0] == EditTags("ink", (MARK,), ())
    applied(server, OTHER)
    assert (tags(server), whys(server, OTHER)) == ({MARK}, [Why.CHANGED])
    assert planned(server, OTHER).models == ()
    (model_id,) = server.models
    server.edit(model_id, trained_at="2026-01-02T00:00:00.123Z")
    assert whys(server, OTHER) == []
    applied(server, INK)
    assert tags(server) == {MARK.replace("20260101", "20260102")}
    assert whys(server, INK) == [Why.CHANGED]


def test_a_mark_is_kept_by_a_second_change_and_none_is_made_where_it_would_stay_for_ever() -> None:
    server = server_of(INK, status="trained", trained_at=ENDED)
    applied(server, OTHER)
    (model,) = planned(server, INK).models
    assert not [each for each in model.actions if isinstance(each, EditTags)]
    for ended in ("", None, "never"):
        silent = server_of(INK, status="trained", trained_at=ended)
        applied(silent, OTHER)
        assert (tags(silent), whys(silent, OTHER)) == (set(), [])


def test_a_model_that_is_let_go_loses_the_mark_too() -> None:
    server = server_of(INK, status="trained", trained_at=ENDED)
    applied(server, OTHER)
    (model,) = planned(server, replace(OTHER, state=State.UNMANAGED)).models
    assert model.actions == (ForgetModel("ink", ("catalog-sync:acme/ink", MARK)),)


def promoting(spec: ModelSpec, *was: ModelSpec, **fields: Any) -> list[TrainingDue]:
    """What is due in production, where staging has a model to which manifests were applied."""
    projects = Projects.new()
    for each in was or (spec,):
        applied(projects.staging, each)
        (model_id,) = projects.staging.models
        projects.staging.edit(model_id, **{"status": "trained", "trained_at": ENDED, **fields})
    plan = projects.plan(catalog(spec))
    assert [model.verb for model in plan.models] == [Verb.CREATE]
    return list(plan.training)


@pytest.mark.parametrize(
    ("status", "why"), [("new", Why.NEW), ("failed", Why.FAILED), ("trained", None)]
)
def test_a_model_that_is_promoted_is_as_trained_as_its_source(status: str, why: Why | None) -> None:
    wanted = [TrainingDue("ink", "Ink", "", why, 2, 2)] if why else []
    assert promoting(INK, status=status) == wanted


def test_a_promoted_model_is_due_where_its_source_was_trained_on_something_else() -> None:
    for other in (OTHER, replace(INK, training_parameters=RANK), lora(training_images=shown(0))):
        assert [each.why for each in promoting(other, INK)] == [Why.CHANGES]
    assert [each.why for each in promoting(OTHER, INK, OTHER)] == [Why.CHANGED]


def due(*keys: str) -> list[TrainingDue]:
    return [TrainingDue(key, key, f"m-{key}", Why.NEW, 3, 3) for key in keys]


def asked(server: FakeTrainer, *keys: str, jobs: int = 1) -> list[Price | None]:
    specs = Catalog("acme", tuple(lora(key, training_parameters=RANK) for key in keys))
    return [each.price for each in priced(server, due(*keys), specs, jobs=jobs)]


def test_only_models_that_are_there_are_priced_each_once_with_its_parameters() -> None:
    server = FakeTrainer(refusals={"m-b": "no"})
    late = TrainingDue("late", "Late", "", Why.NEW, 3, 3)
    specs = catalog(lora("a", training_parameters=RANK), lora("b"), lora("late"))
    told = priced(server, [*due("a", "b"), late], specs, jobs=2)
    assert [each.price for each in told] == [Price(30), Price(30, "no"), None]
    assert [each.units for each in told] == [30, None, None]
    calls = sorted(server.log, key=str)
    assert calls == [
        ("price_training", ("m-a", 3, {"rank": 16})),
        ("price_training", ("m-b", 3, {})),
    ]
    assert priced(server, [], specs, jobs=2) == ()


@pytest.mark.parametrize("error", [Unreachable("gone"), CeilingReached("enough")])
def test_a_price_that_cannot_be_asked_is_unknown(error: ApiError) -> None:
    server = FakeTrainer(before=failing("price_training", error))
    assert asked(server, "a", "b")[0] == Price()


@pytest.mark.parametrize("error", [BadResponse("it has begun it"), AccessDenied("a bad key")])
def test_a_training_that_seems_begun_and_a_bad_key_end_the_plan(error: ApiError) -> None:
    server = FakeTrainer(before=failing("price_training", error))
    with pytest.raises(type(error)):
        asked(server, "a", "b")


def test_what_is_due_is_no_part_of_what_is_approved() -> None:
    made = planned(FakeServer(), INK)
    other = replace(made, training=())
    assert made.training
    assert (made, made.digest, made.requests) == (other, other.digest, other.requests)
