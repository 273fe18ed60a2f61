"""Models that were deleted come back, and are nobody else's."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogsync.actions import (
    AdoptModel,
    CreateModel,
    DeleteModel,
    EndNote,
    RemoveTrainingImages,
    RestoreModel,
)
from catalogsync.claims import Way, claim_name, claims_by_key
from catalogsync.diff import Change, Verb, diff
from catalogsync.errors import (
    AccessDenied,
    CeilingReached,
    Interrupted,
    NotKept,
    Rejected,
    Unreachable,
)
from catalogsync.marks import PROTECTED_TAG, UNFINISHED_TAG, owner_tag
from catalogsync.model import Catalog, ModelSpec, State, Text, TrainingImage
from catalogsync.observe import observe
from catalogsync.outcome import Status
from catalogsync.recovery import Return, bring_back
from catalogsync.rules import Allowances
from tests.engine.catalogs import FILES, catalogs
from tests.engine.conftest import image
from tests.engine.fake import Crash, FakeServer, files_of
from tests.engine.run import plan, run
from tests.engine.test_convergence import crash_at, notes

open_file = files_of(FILES)
thorough = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
INK = ModelSpec(
    key="ink",
    name="Ink",
    type="flux.1-lora",
    short_description="lines",
    tags=frozenset({"comic"}),
    collections=frozenset({"Best"}),
    protect=True,
)


def one(spec: ModelSpec = INK) -> Catalog:
    return Catalog(name="acme", models=(spec,))


@pytest.fixture
def server() -> FakeServer:
    """A server that had the model, until somebody deleted it."""
    found = FakeServer()
    run(found, one(), open_file)
    (model_id,) = found.models
    found.delete(model_id)
    found.log.clear()
    return found


def the_id(server: FakeServer) -> str:
    (model_id,) = {*server.models, *server.deleted}
    return model_id


def test_what_was_deleted_is_restored_with_its_marks_tags_and_collections(
    server: FakeServer,
) -> None:
    (model,) = plan(server, one()).models
    assert (model.verb, model.model_id) == (Verb.RESTORE, the_id(server))
    assert {outcome.status for outcome in run(server, one(), open_file)} == {Status.DONE}
    (live,) = server.models.values()
    assert live.tags == {"comic", owner_tag("acme", "ink"), PROTECTED_TAG}
    assert {server.collections[held] for held in live.collection_ids} == {"Best"}
    assert not plan(server, one()).models
    assert "create_model" not in [name for name, _ in server.writes]


def test_a_note_that_cannot_be_taken_away_is_told_as_what_is_left(server: FakeServer) -> None:
    def refuse(name: str) -> None:
        if name == "delete_collection":
            raise AccessDenied("DELETE /collections/c: who are you?", status=401)

    server.before_write = refuse
    outcomes = run(server, one(), open_file)
    (failed,) = (each for each in outcomes if each.status is Status.FAILED)
    assert isinstance(failed.action, RestoreModel)
    assert failed.reason.startswith("the model is back, but the note of that is, too: DELETE")
    server.before_write = lambda name: None
    run(server, one(), open_file)
    assert not plan(server, one()).models
    assert set(server.collections.values()) == {"Best"}
    assert len(server.models) == 1


def test_the_note_of_a_restore_says_which_model_comes_back(server: FakeServer) -> None:
    (model,) = plan(server, one()).models
    (restore,) = (action for action in model.actions if isinstance(action, RestoreModel))
    (claim,) = claims_by_key("acme", {"note": restore.note})["ink"]
    assert (claim.way, claim.model_id) == (Way.RESTORING, the_id(server))


@pytest.mark.parametrize(
    "spec", [INK, ModelSpec(key="ink", name="Ink", type="flux.1-lora")], ids=["much", "nothing"]
)
def test_what_an_interrupted_restore_brought_back_is_marked_as_unfinished_first(
    server: FakeServer, spec: ModelSpec
) -> None:
    (model,) = plan(server, one(spec)).models
    (restore,) = (action for action in model.actions if isinstance(action, RestoreModel))
    server.create_collection(restore.note)
    server.restore_model(restore.id)
    (found,) = plan(server, one(spec)).models
    (adopt,) = (action for action in found.actions if isinstance(action, AdoptModel))
    assert UNFINISHED_TAG in adopt.add


def test_the_last_one_that_was_deleted_comes_back(server: FakeServer) -> None:
    run(server, one(), open_file, anew=True)
    (second,) = server.models
    server.delete(second)
    (model,) = plan(server, one()).models
    assert model.model_id == second


def test_only_anew_makes_a_new_model(server: FakeServer) -> None:
    (model,) = plan(server, one(), anew=True).models
    assert isinstance(model.actions[0], CreateModel)
    snapshot = observe(server, one(), jobs=1, restorable=True)
    assert [found.verb for found in diff(one(), snapshot).models] == [Verb.RESTORE]


def test_a_pinned_model_is_restored_although_the_server_does_not_tell_its_tags(
    server: FakeServer,
) -> None:
    server.tells_tags_of_deleted = False
    assert [model.verb for model in plan(server, one()).models] == [Verb.CREATE]
    pinned = replace(INK, id=the_id(server))
    assert [model.verb for model in plan(server, one(pinned)).models] == [Verb.RESTORE]


def test_what_is_written_because_it_cannot_be_read_is_said_plainly(server: FakeServer) -> None:
    (model,) = plan(server, one()).models
    assert "cannot be read" not in model.note
    (model,) = plan(server, one(replace(INK, description=Text(("Lines.",))))).models
    assert model.note.endswith(
        "; its texts cannot be read while it is deleted: the manifest's replace them"
    )


def test_a_name_alone_is_only_a_hint(server: FakeServer) -> None:
    server.tells_tags_of_deleted = False
    (model,) = plan(server, one()).models
    assert f"`id: {the_id(server)}` in the manifest restores it" in model.note


@pytest.mark.parametrize("tag", [owner_tag("other", "ink"), owner_tag("acme", "other")])
def test_what_was_somebody_elses_is_not_restored(server: FakeServer, tag: str) -> None:
    gone = server.deleted[the_id(server)]
    server.deleted[gone.id] = replace(gone, tags=frozenset({tag}))
    assert [model.verb for model in plan(server, one()).models] == [Verb.CREATE]
    pinned = replace(INK, id=gone.id)
    assert [refusal.code for refusal in plan(server, one(pinned)).refusals] == ["foreign"]


def test_a_namesake_that_is_there_is_asked_about_first(server: FakeServer) -> None:
    server.add_model("Ink")
    found = plan(server, one())
    assert [refusal.code for refusal in found.refusals] == ["same-name"]
    assert not found.models


def test_tags_that_the_manifest_leaves_alone_are_put_back(server: FakeServer) -> None:
    left_alone = replace(INK, tags=None)
    gone = server.deleted[the_id(server)]
    server.deleted[gone.id] = replace(gone, tags=gone.tags | {"by-hand", "sc:featured"})
    (model,) = plan(server, one(left_alone)).models
    assert [change for change in model.changes if change.field == "tags"] == [
        Change("ink", ("tags", tag), None, tag) for tag in ("by-hand", "comic")
    ]
    run(server, one(left_alone), open_file)
    (live,) = server.models.values()
    assert live.tags == {"comic", "by-hand", owner_tag("acme", "ink"), PROTECTED_TAG}


def test_of_managed_tags_only_ignored_ones_are_put_back(server: FakeServer) -> None:
    gone = server.deleted[the_id(server)]
    server.deleted[gone.id] = replace(gone, tags=gone.tags | {"by-hand", "team:blue"})
    run(server, replace(one(), ignore_tags=("team:*",)), open_file)
    (live,) = server.models.values()
    assert live.tags == {"comic", "team:blue", owner_tag("acme", "ink"), PROTECTED_TAG}


def test_a_plan_in_which_nothing_is_missing_reads_no_more_than_before() -> None:
    server = FakeServer()
    catalog = one(replace(INK, collections=None))
    run(server, catalog, open_file)
    server.log.clear()
    plan(server, catalog)
    assert [name for name, _ in server.log] == ["list_models"]


def test_texts_that_nobody_can_read_are_set_even_to_nothing() -> None:
    server = FakeServer()
    run(server, one(), open_file)
    model_id = the_id(server)
    server.descriptions[model_id] = "somebody's"
    server.edit(model_id, prompt_embedding="somebody's")
    server.delete(model_id)
    catalog = next(iter(catalogs_with_empty_texts()))
    run(server, catalog, open_file)
    assert server.descriptions[model_id] == ""
    assert server.models[model_id].prompt_embedding == ""
    assert not plan(server, catalog).models


def test_of_texts_that_nobody_can_read_nothing_is_told_as_before(server: FakeServer) -> None:
    texts = {"description": Text(("New.",)), "prompt_embedding": "", "short_description": "new"}
    (model,) = plan(server, one(replace(INK, **texts))).models  # type: ignore[arg-type]
    told = {change for change in model.changes if change.field not in ("owner", "protect")}
    assert {change for change in told if change.field not in ("tags", "collections")} == {
        Change("ink", ("shortDescription",), "lines", "new"),
        Change("ink", ("description",), None, "New."),
        Change("ink", ("promptEmbedding",), None, ""),
    }


def catalogs_with_empty_texts() -> list[Catalog]:
    return [one(replace(INK, description=Text(), prompt_embedding=""))]


def test_a_restore_is_no_update_and_no_delete_for_the_brakes(server: FakeServer) -> None:
    found = plan(server, one(), allow=Allowances(delete=0, update=0))
    assert not found.refusals
    assert [model.verb for model in found.models] == [Verb.RESTORE]


@pytest.mark.parametrize("code", [400, 402, 403, 410])
def test_a_server_that_does_not_restore_is_explained_and_leaves_no_note(
    server: FakeServer, code: int
) -> None:
    def refuse(name: str) -> None:
        if name == "restore_model":
            raise (AccessDenied if code == 403 else Rejected)("no", status=code)

    server.before_write = refuse
    failed = [o for o in run(server, one(), open_file) if o.status is Status.FAILED]
    assert [type(outcome.action) for outcome in failed] == [RestoreModel]
    error = failed[0].error
    assert error
    assert ("--anew" in error.hint) == (code != 400)
    assert not notes(server)
    assert the_id(server) in server.deleted


@pytest.mark.parametrize("applied", [True, False])
def test_a_lost_answer_restores_once(server: FakeServer, applied: bool) -> None:
    lost = iter([True])

    def lose(name: str) -> None:
        if name == "restore_model" and next(lost, False):
            raise Unreachable("lost")

    if applied:
        server.after_write = lose
    else:
        server.before_write = lose
    assert {outcome.status for outcome in run(server, one(), open_file)} == {Status.DONE}
    assert not plan(server, one()).models


def test_a_lost_answer_that_nothing_could_be_learned_of_keeps_the_note(server: FakeServer) -> None:
    def lose(name: str) -> None:
        if name == "restore_model":
            server.before_read = refuse
            raise Unreachable("lost")

    def refuse(name: str) -> None:
        if name == "get_model":
            raise CeilingReached("GET /models: the plan is used up", status=429)

    server.after_write = lose
    failed = [o for o in run(server, one(), open_file) if o.status is Status.FAILED]
    assert [type(outcome.action) for outcome in failed] == [RestoreModel]
    server.edit(the_id(server), name="Called otherwise by now")
    server.after_write = server.before_read = lambda name: None
    assert {outcome.status for outcome in run(server, one(), open_file)} == {Status.DONE}
    assert owner_tag("acme", "ink") in server.models[the_id(server)].tags
    assert not notes(server)
    assert not plan(server, one()).models


def test_what_somebody_restored_meanwhile_is_a_conflict(server: FakeServer) -> None:
    def by_hand() -> None:
        server.restore_model(the_id(server))

    outcomes = run(server, one(), open_file, between=by_hand)
    assert outcomes[-1].status is Status.SKIPPED
    assert [type(o.action) for o in outcomes if o.status is Status.CONFLICT] == [RestoreModel]
    assert not server.models[the_id(server)].tags


def test_a_restored_model_without_marks_is_known_by_its_note(server: FakeServer) -> None:
    model_id = the_id(server)
    name = claim_name(Way.RESTORING, "acme", "ink", model_id=model_id)
    server.collections["collection_note"] = name
    server.restore_model(model_id)
    server.edit(model_id, name="Called otherwise by now")
    (model,) = plan(server, one()).models
    assert (model.verb, model.model_id) == (Verb.ADOPT, model_id)
    assert Change("ink", ("note",), name, None) in model.changes
    run(server, one(), open_file)
    assert UNFINISHED_TAG not in server.models[model_id].tags
    assert not notes(server)
    assert not plan(server, one()).models


def test_a_note_of_a_model_that_is_lost_goes_with_the_new_one(server: FakeServer) -> None:
    name = claim_name(Way.RESTORING, "acme", "ink", model_id=the_id(server))
    server.collections["collection_note"] = name
    server.deleted.clear()
    (model,) = plan(server, one()).models
    assert [type(action) for action in model.actions[:2]] == [CreateModel, EndNote]
    run(server, one(), open_file)
    assert not notes(server)
    assert not plan(server, one()).models


def test_the_note_of_another_catalog_is_not_ours(server: FakeServer) -> None:
    name = claim_name(Way.RESTORING, "other", "ink", model_id=the_id(server))
    server.collections["collection_note"] = name
    run(server, one(), open_file)
    assert server.collections["collection_note"] == name


def test_a_model_is_not_deleted_when_another_could_not_be_restored(server: FakeServer) -> None:
    catalog = one()
    old = replace(INK, key="old", name="Old", protect=False)
    run(server, one(old), open_file)
    both = replace(catalog, models=(*catalog.models, replace(old, state=State.ABSENT)))

    def refuse(name: str) -> None:
        if name == "restore_model":
            raise Rejected("no", status=410)

    server.before_write = refuse
    outcomes = run(server, both, open_file)
    assert [o.status for o in outcomes if isinstance(o.action, DeleteModel)] == [Status.SKIPPED]


@thorough
@given(
    catalog=catalogs(),
    gone=st.sets(st.integers(0, 3), min_size=1),
    at=st.integers(0, 30),
    applied=st.booleans(),
)
def test_any_prefix_of_a_run_that_restores_converges_without_duplicates(
    catalog: Catalog, gone: set[int], at: int, applied: bool
) -> None:
    server = FakeServer()
    run(server, catalog, open_file)
    before = set(server.models)
    for number, model_id in enumerate(sorted(before)):
        if number in gone:
            server.delete(model_id)
    imports = dict(server.imports)
    crash_at(server, at, applied=applied)
    with contextlib.suppress(Crash):
        run(server, catalog, open_file, jobs=1)
    server.before_write = server.after_write = lambda name: None
    outcomes = run(server, catalog, open_file)
    assert {outcome.status for outcome in outcomes} <= {Status.DONE}
    assert not plan(server, catalog).models
    assert set(server.models) == before
    assert server.imports == imports
    assert not notes(server)
    assert not any(UNFINISHED_TAG in model.tags for model in server.models.values())


@pytest.mark.parametrize("field", ["training_images", "training_pairs", "training_parameters"])
def test_what_has_no_training_data_is_restored_without(server: FakeServer, field: str) -> None:
    empty: dict[str, Any] = {field: ()}
    outcomes = run(server, one(replace(INK, **empty)), open_file)
    assert {outcome.status for outcome in outcomes} == {Status.DONE}
    assert not plan(server, one(replace(INK, **empty))).models


def test_training_images_too_many_go_with_the_next_apply(server: FakeServer) -> None:
    shown = tuple(TrainingImage(image(number), "ink") for number in range(2))
    run(server, one(replace(INK, training_images=shown)), open_file)
    (model_id,) = server.models
    server.delete(model_id)
    fewer = one(replace(INK, training_images=shown[:1]))
    run(server, fewer, open_file)
    outcomes = run(server, fewer, open_file)
    assert [type(outcome.action) for outcome in outcomes] == [RemoveTrainingImages]
    assert not plan(server, fewer).models


def brought_back(server: FakeServer, stop: Event | None = None) -> Return:
    """What became of the one deleted model, restored without a manifest."""
    (gone,) = server.deleted.values()
    return bring_back(server, gone, ("comic",), stop or Event())


def raising(at: str, *errors: Exception) -> Callable[[str], None]:
    """A hook that raises at the first calls of one name."""
    left = iter(errors)

    def hook(name: str) -> None:
        if name == at and (error := next(left, None)):
            raise error

    return hook


def test_a_model_without_manifest_comes_back_with_its_tags(server: FakeServer) -> None:
    ended = brought_back(server)
    assert (ended.is_back, ended.error) == (True, None)
    assert server.models[ended.model.id].tags == {"comic"}


def test_nothing_comes_back_once_the_run_was_stopped(server: FakeServer) -> None:
    stop = Event()
    stop.set()
    ended = brought_back(server, stop)
    assert not ended.is_back
    assert isinstance(ended.error, Interrupted)
    assert not server.log


def test_what_was_begun_when_the_run_was_stopped_gets_its_tags(server: FakeServer) -> None:
    stop = Event()
    server.after_write = lambda name: stop.set()
    assert brought_back(server, stop).error is None
    assert {model.tags for model in server.models.values()} == {frozenset({"comic"})}


def test_a_model_that_is_back_without_its_tags_is_told_as_that(server: FakeServer) -> None:
    server.before_write = raising("edit_tags", AccessDenied("expired", status=401))
    ended = brought_back(server)
    assert ended.error
    assert (ended.is_back, ended.in_doubt) == (True, False)
    assert "put them on in the web page" in ended.error.hint


def test_tags_whose_answer_was_lost_are_in_doubt(server: FakeServer) -> None:
    server.after_write = raising("edit_tags", Unreachable("lost"))
    ended = brought_back(server)
    assert (ended.is_back, ended.in_doubt) == (True, True)


def test_tags_that_the_server_keeps_otherwise_are_not_told_as_put_back(server: FakeServer) -> None:
    server.keep_tag = str.upper
    ended = brought_back(server)
    assert ended.is_back
    assert isinstance(ended.error, NotKept)


@pytest.mark.parametrize("look", [Unreachable("down"), Interrupted("interrupted")])
def test_a_restore_whose_answer_was_lost_and_that_cannot_be_looked_for_is_in_doubt(
    server: FakeServer, look: Exception
) -> None:
    server.after_write = raising("restore_model", Unreachable("lost"))
    server.before_read = raising("get_model", look)
    ended = brought_back(server)
    assert ended.error
    assert (ended.is_back, ended.in_doubt) == (False, True)


def test_a_restore_that_is_refused_is_not_in_doubt(server: FakeServer) -> None:
    server.before_write = raising("restore_model", Rejected("no", status=402))
    ended = brought_back(server)
    assert ended.error
    assert (ended.is_back, ended.in_doubt) == (False, False)
    assert "Max plan or above" in ended.error.hint
