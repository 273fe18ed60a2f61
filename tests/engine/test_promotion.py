"""Models are brought from one project to another, each once, whatever the server does."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogsync.actions import By, CreateModel, PromoteModel
from catalogsync.claims import Way, claim_name
from catalogsync.diff import Verb
from catalogsync.errors import (
    AccessDenied,
    ApiError,
    CatalogSyncError,
    CeilingReached,
    NotFound,
    Unreachable,
)
from catalogsync.marks import UNFINISHED_TAG, owner_tag
from catalogsync.model import Catalog, ModelSpec, State
from catalogsync.outcome import Status
from catalogsync.promotion import travelling_mark
from tests.engine.catalogs import FILES, catalogs
from tests.engine.fake import Crash, FakeServer, files_of
from tests.engine.promoting import Projects
from tests.engine.run import plan, run
from tests.engine.test_convergence import notes

open_file = files_of(FILES)
INK = ModelSpec(
    key="ink",
    name="Ink",
    type="flux.1-lora",
    short_description="lines",
    tags=frozenset({"comic"}),
    collections=frozenset({"Best"}),
)
ONE = Catalog(name="acme", models=(INK,))
EVERY_SERVER = [(moves, tags) for moves in (False, True) for tags in (False, True)]
BOTH_WAYS = list(By)


def applied(*, moves: bool = False, copies_tags: bool = False) -> Projects:
    """Staging has the trained model."""
    found = Projects.new(moves=moves, copies_tags=copies_tags)
    run(found.staging, ONE, open_file)
    for model_id in found.staging.models:
        found.staging.edit(model_id, status="trained", epochs=("000001",))
    return found


def is_done(projects: Projects, catalog: Catalog = ONE) -> None:
    """Production has each model once, as its manifest says, and nothing is left of the way."""
    production, staging = projects.production, projects.staging
    marks = [owner_tag("acme", spec.key) for spec in catalog.models]
    held = [mark for model in production.models.values() for mark in marks if mark in model.tags]
    assert sorted(held) == sorted(marks)
    assert len(production.models) == len(marks)
    assert not plan(production, catalog).models
    assert not notes(production)
    assert not notes(staging)
    ours = {travelling_mark("acme", spec.key) for spec in catalog.models} | {UNFINISHED_TAG}
    for server in (production, staging):
        assert not any(ours & model.tags for model in server.models.values())


@pytest.mark.parametrize(("moves", "copies_tags"), EVERY_SERVER)
@pytest.mark.parametrize("by", BOTH_WAYS)
def test_a_model_is_brought_over_whatever_a_transfer_does(
    by: By, moves: bool, copies_tags: bool
) -> None:
    projects = applied(moves=moves, copies_tags=copies_tags)
    before = dict(projects.staging.models)
    assert {o.status for o in projects.promote(ONE, by)} == {Status.DONE}
    is_done(projects)
    (model,) = projects.production.models.values()
    assert (model.status, model.epochs) == ("trained", ("000001",))
    lost = by is By.TRANSFER and moves
    assert projects.staging.models == ({} if lost else before)
    if by is By.TRANSFER:
        assert ("moved" if lost else "still there") in projects.said[-1]
    assert projects.promote(ONE, by) == []


@pytest.mark.parametrize("by", BOTH_WAYS)
def test_the_plan_says_where_it_comes_from(by: By) -> None:
    (model,) = applied().plan(ONE, by).models
    assert model.verb is Verb.CREATE
    action = model.actions[0]
    assert isinstance(action, PromoteModel)
    assert (action.origin, action.by) == ("staging", by)
    assert not any(isinstance(each, CreateModel) for each in model.actions)


def test_what_is_there_already_is_an_ordinary_update() -> None:
    projects = applied()
    projects.promote(ONE)
    (model_id,) = projects.production.models
    changed = replace(ONE, models=(replace(INK, short_description="other"),))
    (model,) = projects.plan(changed).models
    assert (model.verb, model.model_id) == (Verb.UPDATE, model_id)
    assert not any(isinstance(action, PromoteModel) for action in model.actions)


def test_an_epoch_of_the_source_can_be_chosen() -> None:
    projects = applied()
    chosen = replace(ONE, models=(replace(INK, epoch="000001"),))
    assert {o.status for o in projects.promote(chosen)} == {Status.DONE}
    (model,) = projects.production.models.values()
    assert model.epoch == "000001"


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        ({"status": "training"}, "busy"),
        ({"status": "copying"}, "busy"),
        ({"type": "custom"}, "type-fixed"),
        ({"tags": frozenset()}, "not-in-source"),
    ],
)
def test_what_cannot_be_brought_over_is_refused(edit: dict[str, object], code: str) -> None:
    projects = applied()
    (model_id,) = projects.staging.models
    projects.staging.edit(model_id, **edit)
    found = projects.plan(ONE)
    assert [refusal.code for refusal in found.refusals] == [code]
    assert not found.models


def test_what_could_be_taken_for_a_copy_is_refused() -> None:
    projects = applied()
    projects.staging.add_model("Ink")
    assert [refusal.code for refusal in projects.plan(ONE).refusals] == ["look-alike"]
    assert not projects.plan(ONE, By.TRANSFER).refusals


def test_two_of_one_name_are_promoted_one_after_another() -> None:
    two = replace(ONE, models=(INK, replace(INK, key="twin")))
    projects = Projects.new()
    for catalog in (ONE, two):
        run(projects.staging, catalog, open_file)
    assert [r.code for r in projects.plan(two).refusals] == ["look-alike"] * 2
    assert {o.status for o in projects.promote(ONE)} == {Status.DONE}
    assert {o.status for o in projects.promote(two)} == {Status.DONE}
    is_done(projects, two)


def test_what_could_be_taken_for_the_new_one_is_refused() -> None:
    projects = applied()
    (model_id,) = projects.staging.models
    projects.staging.edit(model_id, name="As staging calls it")
    projects.production.add_model("As staging calls it")
    assert [refusal.code for refusal in projects.plan(ONE).refusals] == ["same-name"]


def test_a_pinned_model_is_explained() -> None:
    projects = applied()
    (model_id,) = projects.staging.models
    pinned = replace(ONE, models=(replace(INK, id=model_id),))
    (refusal,) = projects.plan(pinned).refusals
    assert "remove `id` from the manifest" in refusal.hint


def test_what_the_manifests_do_not_want_is_not_promoted() -> None:
    absent = replace(ONE, models=(replace(INK, state=State.ABSENT),))
    assert not applied().plan(absent).models


@pytest.mark.parametrize("name", ["copy_model", "transfer_model"])
@pytest.mark.parametrize("effective", [True, False])
@pytest.mark.parametrize(("moves", "copies_tags"), EVERY_SERVER)
def test_a_lost_answer_makes_no_second(
    name: str, effective: bool, moves: bool, copies_tags: bool
) -> None:
    projects = applied(moves=moves, copies_tags=copies_tags)
    before = set(projects.staging.models)
    lost = iter([True])

    def lose(call: str) -> None:
        if call == name and next(lost, False):
            raise Unreachable("lost")

    if effective:
        projects.staging.after_write = lose
    else:
        projects.staging.before_write = lose
    assert {o.status for o in projects.promote(ONE)} == {Status.DONE}
    is_done(projects)
    assert set(projects.staging.models) == before


def test_a_lost_move_of_the_model_itself_is_found() -> None:
    projects = applied(moves=True)
    lost = iter([True])

    def lose(call: str) -> None:
        if call == "transfer_model" and next(lost, False):
            raise Unreachable("lost")

    projects.staging.after_write = lose
    assert {o.status for o in projects.promote(ONE, By.TRANSFER)} == {Status.DONE}
    is_done(projects)


def test_a_transfer_that_is_not_allowed_is_explained() -> None:
    projects = applied()
    failed = refused(projects, "transfer_model", AccessDenied("no", status=403))
    assert "both projects" in failed.hint
    assert {o.status for o in projects.promote(ONE)} == {Status.DONE}
    is_done(projects)
    assert len(projects.staging.models) == 1


def refused(projects: Projects, call: str, error: ApiError, by: By = By.COPY) -> CatalogSyncError:
    """A promotion of which a request is refused, and what it failed with."""

    def refuse(name: str) -> None:
        if name == call:
            raise error

    projects.staging.before_write = refuse
    (failed,) = [o.error for o in projects.promote(ONE, by) if o.status is Status.FAILED]
    projects.staging.before_write = lambda name: None
    assert failed
    return failed


REFUSALS = [
    ("copy_model", By.COPY, CeilingReached("no room", status=429)),
    ("transfer_model", By.COPY, AccessDenied("no", status=403)),
    ("transfer_model", By.COPY, NotFound("no such project", status=404)),
    ("transfer_model", By.TRANSFER, CeilingReached("no room", status=429)),
]


@pytest.mark.parametrize(("call", "by", "error"), REFUSALS)
def test_what_is_refused_for_certain_leaves_no_note_and_no_copy(
    call: str, by: By, error: ApiError
) -> None:
    projects = applied()
    before = dict(projects.staging.models)
    assert refused(projects, call, error, by) is error
    assert not notes(projects.production)
    assert projects.staging.models == before
    assert not plan(projects.production, ONE).refusals


@pytest.mark.parametrize("moves", [False, True])
@pytest.mark.parametrize(("call", "by", "error"), REFUSALS)
def test_after_a_refusal_nobody_elses_model_is_taken_for_what_came_of_it(
    call: str, by: By, error: ApiError, moves: bool
) -> None:
    for server, code in (("staging", "look-alike"), ("production", "same-name")):
        projects = applied(moves=moves)
        refused(projects, call, error, by)
        there: FakeServer = getattr(projects, server)
        theirs = there.add_model("Ink", short_description="by hand")
        if by is By.COPY or server == "production":
            assert [r.code for r in projects.plan(ONE, by).refusals] == [code]
        projects.promote(ONE, by)
        assert there.models[theirs.id] == theirs


@pytest.mark.parametrize("call", ["copy_model", "transfer_model"])
def test_a_refusal_after_a_lost_answer_leaves_the_note(call: str) -> None:
    projects = applied()
    errors = iter([Unreachable("lost"), CeilingReached("no room", status=429)])

    def refuse(name: str) -> None:
        if name == call:
            raise next(errors)

    projects.staging.before_write = refuse
    assert Status.FAILED in {o.status for o in projects.promote(ONE)}
    assert [r.code for r in plan(projects.production, ONE).refusals] == ["promotion-unclear"]
    projects.staging.before_write = lambda name: None
    assert {o.status for o in projects.promote(ONE)} == {Status.DONE}
    is_done(projects)
    assert len(projects.staging.models) == 1


@pytest.mark.parametrize("moves", [False, True])
def test_what_fails_after_a_transfer_was_answered_leaves_the_note(moves: bool) -> None:
    projects = applied(moves=moves)

    def refuse(name: str) -> None:
        if name == "get_model":
            raise AccessDenied("expired", status=401)

    projects.production.before_read = refuse
    assert Status.FAILED in {o.status for o in projects.promote(ONE)}
    projects.production.before_read = lambda name: None
    (arrived,) = projects.production.models
    assert {o.status for o in projects.promote(ONE)} == {Status.DONE}
    assert list(projects.production.models) == [arrived]
    is_done(projects)


def test_a_resumed_promotion_that_is_refused_keeps_its_note() -> None:
    projects = applied()
    crash_in_both_at(projects, 2, effective=True)
    with pytest.raises(Crash):
        projects.promote(ONE)
    recover(projects)
    refused(projects, "transfer_model", CeilingReached("no room", status=429))
    assert len(notes(projects.production)) == 1
    assert {o.status for o in projects.promote(ONE)} == {Status.DONE}
    is_done(projects)
    assert len(projects.staging.models) == 1


def test_a_copy_that_takes_too_long_is_taken_up_later() -> None:
    projects = applied()
    made: list[str] = []

    def slow(call: str) -> None:
        server = projects.staging
        if call == "copy_model":
            made.extend(set(server.models) - {next(iter(server.models))})
            server.edit(made[0], status="copying")

    projects.staging.after_write = slow
    (failed,) = [o for o in projects.promote(ONE) if o.status is Status.FAILED]
    assert "still copies" in failed.reason
    projects.staging.after_write = lambda name: None
    projects.staging.edit(made[0], status="trained")
    assert {o.status for o in projects.promote(ONE)} == {Status.DONE}
    is_done(projects)
    assert len(projects.staging.models) == 1


def test_a_plain_apply_waits_for_a_promotion_that_was_begun() -> None:
    projects = applied()
    (source,) = projects.staging.models
    name = claim_name(Way.PROMOTING, "acme", "ink", source=source)
    projects.production.collections["note"] = name
    found = plan(projects.production, ONE)
    assert [refusal.code for refusal in found.refusals] == ["promotion-unclear"]
    assert not found.models


def test_a_plain_apply_takes_up_what_has_arrived() -> None:
    projects = applied()
    (source,) = projects.staging.models
    model = projects.staging.transfer_model(source, "proj_production")
    name = claim_name(Way.PROMOTING, "acme", "ink", source=source, model_id=model.id)
    projects.production.collections["note"] = name
    (adopted,) = plan(projects.production, ONE).models
    assert (adopted.verb, adopted.model_id) == (Verb.ADOPT, model.id)
    run(projects.production, ONE, open_file)
    is_done(projects)


def test_a_promotion_that_was_cut_off_goes_on_with_what_has_arrived() -> None:
    projects = applied()
    (source,) = projects.staging.models
    model = projects.staging.transfer_model(source, "proj_production")
    name = claim_name(Way.PROMOTING, "acme", "ink", source=source, model_id=model.id)
    projects.production.collections["note"] = name
    (planned,) = projects.plan(ONE).models
    (promote,) = (each for each in planned.actions if isinstance(each, PromoteModel))
    assert (promote.source, promote.arrived) == (source, model.id)
    assert {outcome.status for outcome in projects.promote(ONE)} == {Status.DONE}
    assert list(projects.production.models) == [model.id]
    is_done(projects)


def test_a_model_that_is_being_copied_is_left_alone() -> None:
    server = FakeServer()
    run(server, ONE, open_file)
    (model_id,) = server.models
    server.edit(model_id, status="copying", short_description="other")
    assert [refusal.code for refusal in plan(server, ONE).refusals] == ["copying"]


def crash_in_both_at(projects: Projects, at: int, *, effective: bool) -> None:
    seen = 0

    def count(name: str) -> None:
        nonlocal seen
        seen += 1
        if seen > at:
            raise Crash

    for server in (projects.staging, projects.production):
        if effective:
            server.after_write = count
        else:
            server.before_write = count


def recover(projects: Projects) -> None:
    for server in (projects.staging, projects.production):
        server.before_write = server.after_write = lambda name: None


@pytest.mark.parametrize("at", range(16))
@pytest.mark.parametrize("effective", [True, False])
@pytest.mark.parametrize(("moves", "copies_tags"), EVERY_SERVER)
@pytest.mark.parametrize("by", BOTH_WAYS)
def test_killed_at_any_write_it_goes_on_where_it_was(
    by: By, moves: bool, copies_tags: bool, effective: bool, at: int
) -> None:
    projects = applied(moves=moves, copies_tags=copies_tags)
    before = set(projects.staging.models)
    crash_in_both_at(projects, at, effective=effective)
    with contextlib.suppress(Crash):
        projects.promote(ONE, by)
    recover(projects)
    assert {o.status for o in projects.promote(ONE, by)} <= {Status.DONE}
    is_done(projects)
    lost = by is By.TRANSFER and moves
    assert set(projects.staging.models) == (set() if lost else before)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    catalog=catalogs(),
    at=st.integers(0, 40),
    effective=st.booleans(),
    server=st.sampled_from(EVERY_SERVER),
    applies_between=st.booleans(),
)
def test_any_prefix_of_a_promotion_converges_without_duplicates(
    catalog: Catalog,
    at: int,
    effective: bool,
    server: tuple[bool, bool],
    applies_between: bool,
) -> None:
    moves, copies_tags = server
    projects = Projects.new(moves=moves, copies_tags=copies_tags)
    run(projects.staging, catalog, open_file)
    before = set(projects.staging.models)
    crash_in_both_at(projects, at, effective=effective)
    with contextlib.suppress(Crash):
        projects.promote(catalog)
    recover(projects)
    if applies_between:
        with contextlib.suppress(NotFound):
            run(projects.production, without_weights(catalog), open_file)
    assert {o.status for o in projects.promote(catalog)} <= {Status.DONE}
    is_done(projects, catalog)
    assert set(projects.staging.models) == before


def without_weights(catalog: Catalog) -> Catalog:
    """So that what an apply creates can be told from what is imported."""
    return replace(catalog, models=tuple(replace(s, weights=None) for s in catalog.models))
