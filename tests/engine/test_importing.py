"""Models made from weights: paid for once, whatever happens on the way."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Event

import pytest

from catalogsync.actions import EndImport, ImportModel
from catalogsync.diff import diff
from catalogsync.errors import (
    BadResponse,
    Interrupted,
    OutcomeUnknown,
    Rejected,
    UploadFailed,
    UploadStuck,
)
from catalogsync.import_notes import note_name, notes_by_key
from catalogsync.marks import owner_tag
from catalogsync.model import AssetRef, Catalog, ModelSpec, RemoteModel, Weights, WeightsSource
from catalogsync.observe import observe
from catalogsync.outcome import Outcome, Status
from catalogsync.plan import build_plan
from tests.engine.catalogs import FILES, WEIGHTS
from tests.engine.fake import Crash, FakeServer, files_of
from tests.engine.run import plan, run

FLUX = Weights(WeightsSource.HUGGING_FACE, "black-forest-labs/FLUX.1-dev")
SHA = min(WEIGHTS)
LOCAL = Weights(WeightsSource.FILE, "ink.safetensors", AssetRef(SHA, name="ink.safetensors"))
INK = ModelSpec(key="ink", name="Ink", type="flux.1-lora", weights=FLUX, tags=frozenset({"a"}))
NOTE = note_name("acme", "ink", FLUX)
BOTH = pytest.mark.parametrize("weights", [FLUX, LOCAL], ids=["remote", "file"])


def one(spec: ModelSpec) -> Catalog:
    return Catalog(name="acme", models=(spec,))


def applied(server: FakeServer, spec: ModelSpec = INK) -> list[Outcome]:
    return run(server, one(spec), files_of(FILES))


def imported(server: FakeServer) -> int:
    """How many imports the server did, and somebody paid for."""
    return sum(1 for model in server.imports.values() if model)


def fails(server: FakeServer, at: str, error: BaseException, *, after: bool = False) -> None:
    """Let one write fail, once."""

    def hook(name: str) -> None:
        if name == at:
            server.before_write = server.after_write = lambda name: None
            raise error

    if after:
        server.after_write = hook
    else:
        server.before_write = hook


@BOTH
def test_a_model_is_imported_tagged_and_then_given_its_fields(weights: Weights) -> None:
    server = FakeServer()
    spec = replace(INK, weights=weights)
    assert {outcome.status for outcome in applied(server, spec)} == {Status.DONE}
    (model,) = server.models.values()
    assert (model.name, model.tags) == ("Ink", frozenset({"a", owner_tag("acme", "ink")}))
    assert not server.collections
    names = [name for name, _ in server.writes]
    assert names.index("edit_tags") < names.index("update_model")
    assert [set(what) for name, what in server.writes if name == "update_model"] == [{"id", "name"}]
    assert not plan(server, one(spec)).models


def test_what_an_import_costs_is_in_the_plan_and_in_its_digest() -> None:
    server = FakeServer()
    first = plan(server, one(INK))
    assert (first.imports[0].units, first.creative_units) == (10, 10)
    server.price = 11
    assert plan(server, one(INK)).digest != first.digest
    server.price = None
    assert plan(server, one(INK)).creative_units is None
    assert not server.writes


def test_what_was_asked_for_other_weights_says_nothing_of_these() -> None:
    server = FakeServer(refused_sources={FLUX.address: "no such repository"})
    seen = observe(server, one(INK), jobs=2)
    wanted = one(replace(INK, weights=LOCAL))
    planned = build_plan(wanted, diff(wanted, seen))
    assert (planned.refusals, planned.imports[0].units) == ((), None)


def test_the_price_of_the_same_weights_is_asked_once() -> None:
    server = FakeServer()
    twice = Catalog(name="acme", models=(INK, replace(INK, key="ink-2", name="Ink 2")))
    assert [each.units for each in plan(server, twice).imports] == [10, 10]
    assert [name for name, _ in server.log].count("get_price") == 1


def test_weights_that_were_sent_are_no_more_work() -> None:
    server = FakeServer()
    heavy = replace(INK, weights=replace(LOCAL, file=AssetRef(SHA, size=10**9)))
    first = plan(server, one(heavy))
    fails(server, "complete", UploadStuck("still validating"))
    applied(server, heavy)
    again = plan(server, one(heavy))
    assert (len(first.files), again.files) == (1, ())
    assert first.requests > 120 > 10 > again.requests


def test_a_model_that_is_there_is_not_imported_again() -> None:
    server = FakeServer()
    applied(server)
    changed = replace(INK, weights=Weights(WeightsSource.CIVITAI, "https://civitai.com/models/1"))
    server.log.clear()
    assert not plan(server, one(changed)).models
    assert not [name for name, _ in server.log if name == "get_price"]


def test_an_apply_that_is_stopped_before_the_import_begins_leaves_no_note() -> None:
    server = FakeServer()

    def stop() -> Iterator[RemoteModel]:
        raise Interrupted("interrupted")

    def noted(name: str) -> None:
        if name == "create_collection":
            server.list_models = stop  # type: ignore[method-assign]

    server.before_write = noted
    (outcome, *_) = applied(server)
    assert outcome.status is Status.SKIPPED
    assert (imported(server), server.collections) == (0, {})


def test_a_source_that_the_server_refuses_is_told_in_its_words() -> None:
    server = FakeServer(refused_sources={FLUX.address: "no such repository"})
    found = plan(server, one(INK))
    assert [(r.model, r.code, r.message) for r in found.refusals] == [
        ("ink", "source-refused", "no such repository")
    ]
    assert not found.models


def test_a_namesake_is_not_taken_for_an_import() -> None:
    server = FakeServer()
    server.add_model("Ink", status="new")
    assert [r.code for r in plan(server, one(INK)).refusals] == ["same-name"]


def test_an_import_of_another_type_is_told_and_stays_ours() -> None:
    server = FakeServer()
    spec = replace(INK, type="qwen-image-lora")
    (outcome, *_) = applied(server, spec)
    assert outcome.reason == "the import made a model of type flux.1-lora, not qwen-image-lora"
    assert [r.code for r in plan(server, one(spec)).refusals] == ["type-fixed"]
    assert not server.collections
    assert {outcome.status for outcome in applied(server)} == {Status.DONE}
    assert imported(server) == 1


@BOTH
def test_an_import_that_was_begun_is_waited_for_and_not_paid_again(weights: Weights) -> None:
    server = FakeServer()
    spec = replace(INK, weights=weights)
    fails(server, "edit_tags", Crash())
    with pytest.raises(Crash):
        applied(server, spec)
    found = plan(server, one(spec))
    (action,) = found.imports
    assert action.upload in server.imports
    assert (action.units, found.files) == (0, ())
    assert {outcome.status for outcome in applied(server, spec)} == {Status.DONE}
    assert (imported(server), len(server.models), server.collections) == (1, 1, {})


def test_what_the_server_made_meanwhile_is_ours_even_under_the_name_of_the_manifest() -> None:
    server = FakeServer()
    spec = replace(INK, name="import")
    fails(server, "edit_tags", Crash())
    with pytest.raises(Crash):
        applied(server, spec)
    assert {outcome.status for outcome in applied(server, spec)} == {Status.DONE}
    assert len(server.models) == 1


def test_an_import_that_the_server_refuses_leaves_nothing_behind() -> None:
    server = FakeServer()
    fails(server, "begin_import", Rejected("no room", status=400))
    assert [o.reason for o in applied(server) if o.status is Status.FAILED] == ["no room"]
    assert not server.collections
    assert {outcome.status for outcome in applied(server)} == {Status.DONE}


def test_an_import_that_fails_on_the_server_can_be_tried_again() -> None:
    server = FakeServer()
    fails(server, "complete", UploadFailed("not a model"))
    spec = replace(INK, weights=LOCAL)
    assert [o.reason for o in applied(server, spec) if o.status is Status.FAILED] == ["not a model"]
    assert not server.collections
    assert not plan(server, one(spec)).refusals


@pytest.mark.parametrize(
    "error", [UploadStuck("still validating"), BadResponse("broken"), Rejected("odd", status=400)]
)
def test_an_import_that_takes_too_long_goes_on_in_the_next_run(error: Exception) -> None:
    server = FakeServer()
    fails(server, "complete", error)
    spec = replace(INK, weights=LOCAL)
    (outcome, *_) = applied(server, spec)
    assert outcome.status is Status.FAILED
    assert {outcome.status for outcome in applied(server, spec)} == {Status.DONE}
    assert [name for name, _ in server.writes].count("send_weights") == 1


@pytest.mark.parametrize("after", [False, True])
def test_a_lost_answer_is_never_answered_by_a_second_import(after: bool) -> None:
    server = FakeServer()
    fails(server, "begin_import", OutcomeUnknown("lost"), after=after)
    (outcome, *_) = applied(server)
    assert (outcome.status, outcome.reason) == (Status.FAILED, "lost")
    assert outcome.error is not None
    assert f'delete the collection "{NOTE}"' in outcome.error.hint
    for _ in range(2):
        assert applied(server) == []
    assert [r.code for r in plan(server, one(INK)).refusals] == ["import-unclear"]
    assert imported(server) == int(after)


def test_a_person_who_finds_the_model_pins_it() -> None:
    server = FakeServer()
    fails(server, "begin_import", OutcomeUnknown("lost"), after=True)
    applied(server)
    (model_id,) = server.models
    pinned = replace(INK, id=model_id)
    (model,) = plan(server, one(pinned)).models
    assert [type(action) for action in model.actions][1] is EndImport
    assert {outcome.status for outcome in applied(server, pinned)} == {Status.DONE}
    assert (imported(server), server.collections) == (1, {})


def test_a_person_who_finds_none_deletes_the_note() -> None:
    server = FakeServer()
    fails(server, "begin_import", OutcomeUnknown("lost"))
    applied(server)
    server.collections.clear()
    assert {outcome.status for outcome in applied(server)} == {Status.DONE}
    assert imported(server) == 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("write", ["create_collection", "rename_collection", "delete_collection"])
def test_lost_answers_about_the_note_are_settled_without_a_second_import(
    write: str, after: bool
) -> None:
    server = FakeServer()
    fails(server, write, BadResponse("broken"), after=after)
    applied(server)
    assert {outcome.status for outcome in applied(server)} <= {Status.DONE}
    assert not plan(server, one(INK)).refusals
    assert (imported(server), server.collections) == (1, {})


@dataclass
class Slow(FakeServer):
    """A server that gets done with no import as long as something tells why not."""

    unfinished: Exception | None = None

    def finish_import(self, upload_id: str, weights: Weights) -> str:
        if self.unfinished:
            raise self.unfinished
        return super().finish_import(upload_id, weights)


@pytest.mark.parametrize(
    "error", [BadResponse("broken"), Interrupted("interrupted")], ids=["lost", "interrupted"]
)
def test_an_upload_that_could_not_be_noted_at_once_is_noted_when_the_import_takes_too_long(
    error: Exception,
) -> None:
    server = Slow(unfinished=UploadStuck("still importing"))
    fails(server, "rename_collection", error)
    (outcome, *_) = applied(server)
    assert outcome.error is not None
    assert "it waits for the same import" in outcome.error.hint
    assert [name.startswith(f"{NOTE} as upload_") for name in server.collections.values()] == [True]
    server.unfinished = None
    assert {outcome.status for outcome in applied(server)} == {Status.DONE}
    assert (imported(server), server.collections) == (1, {})


def test_who_stops_while_the_upload_is_noted_waits_for_it_the_next_time() -> None:
    server, stop = Slow(unfinished=Interrupted("interrupted")), Event()

    def interrupted(name: str) -> None:
        if name == "rename_collection" and not stop.is_set():
            stop.set()
            raise Interrupted("interrupted")

    server.before_write = interrupted
    outcomes = run(server, one(INK), files_of(FILES), stop=stop)
    assert {outcome.status for outcome in outcomes} == {Status.SKIPPED}
    server.unfinished = None
    assert {outcome.status for outcome in applied(server)} == {Status.DONE}
    assert (imported(server), server.collections) == (1, {})


def test_where_an_upload_can_never_be_noted_it_is_said_what_to_write_by_hand() -> None:
    server = Slow(unfinished=UploadStuck("still importing"))

    def refused(name: str) -> None:
        if name == "rename_collection":
            raise BadResponse("broken")

    server.before_write = refused
    (outcome, *_) = applied(server)
    assert outcome.error is not None
    (upload,) = server.imports
    assert f'"{NOTE}" to "{NOTE} as {upload}"' in outcome.error.hint
    assert [r.code for r in plan(server, one(INK)).refusals] == ["import-unclear"]
    ((note, _),) = server.collections.items()
    server.collections[note] = f"{NOTE} as {upload}"
    server.unfinished = None
    assert {outcome.status for outcome in applied(server)} == {Status.DONE}
    assert (imported(server), server.collections) == (1, {})


def test_an_import_whose_upload_could_not_be_noted_until_it_was_done_is_noted_then() -> None:
    server = FakeServer()
    failing = {"rename_collection": BadResponse("broken"), "edit_tags": BadResponse("broken")}

    def once(name: str) -> None:
        if error := failing.pop(name, None):
            raise error

    server.before_write = once
    (outcome, *_) = applied(server)
    assert outcome.status is Status.FAILED
    assert {outcome.status for outcome in applied(server)} == {Status.DONE}
    assert (imported(server), len(server.models), server.collections) == (1, 1, {})


def test_an_import_that_is_done_is_told_so_though_its_type_cannot_be_read() -> None:
    server = FakeServer()

    def lost(name: str) -> None:
        if name == "get_model":
            server.before_read = lambda name: None
            raise BadResponse("broken")

    def ends(name: str) -> None:
        if name == "delete_collection":
            server.before_read = lost

    server.after_write = ends
    assert {outcome.status for outcome in applied(server)} == {Status.DONE}


def test_a_note_of_other_weights_is_not_taken_for_these() -> None:
    server = FakeServer()
    other = Weights(WeightsSource.HUGGING_FACE, "somebody/else")
    server.collections["c"] = note_name("acme", "ink", other, "upload_1")
    (refusal,) = plan(server, one(INK)).refusals
    assert "other weights" in refusal.message


def test_an_upload_that_the_server_has_forgotten_is_unclear() -> None:
    server = FakeServer()
    server.collections["c"] = f"{NOTE} as upload_gone"
    (outcome, *_) = applied(server)
    assert outcome.status is Status.FAILED
    assert outcome.error is not None
    assert "delete the collection" in outcome.error.hint
    assert imported(server) == 0


def test_of_two_applies_at_once_one_imports() -> None:
    server = FakeServer()

    def other_run(name: str) -> None:
        if name == "create_collection":
            server.collections["theirs"] = NOTE

    server.before_write = other_run
    (outcome, *_) = applied(server)
    assert outcome.status is Status.CONFLICT
    assert server.collections == {"theirs": NOTE}
    assert imported(server) == 0


def test_a_model_that_another_apply_has_just_imported_is_not_imported_again() -> None:
    server = FakeServer()

    def other_run(name: str) -> None:
        if name == "create_collection":
            server.before_write = lambda name: None
            server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")}))

    server.before_write = other_run
    (outcome, *_) = applied(server)
    assert outcome.status is Status.CONFLICT
    assert (imported(server), server.collections) == (0, {})
    assert not applied(server)[1:]


def test_notes_are_read_from_the_names_of_collections() -> None:
    held = {
        "1": "Comics",
        "2": note_name("acme", "ink", FLUX),
        "3": note_name("acme", "ink", FLUX, "upload_1"),
        "4": note_name("other", "cat", FLUX),
        "5": "catalog-sync importing acme/dog",
        "6": note_name("acme", "a.b-c_d", LOCAL),
    }
    found = notes_by_key("acme", held)
    assert {key: (note.upload, note.collection_id) for key, note in found.items()} == {
        "ink": ("upload_1", "3"),
        "a.b-c_d": ("", "6"),
    }


def test_weights_are_bytes_to_upload() -> None:
    big = replace(LOCAL, file=AssetRef(SHA, name="ink.safetensors", size=6_000_000_000))
    found = plan(FakeServer(), one(replace(INK, weights=big)))
    assert (len(found.files), found.upload_bytes) == (1, 6_000_000_000)
    assert isinstance(found.actions[0], ImportModel)
