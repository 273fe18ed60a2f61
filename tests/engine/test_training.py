"""Trainings at the port: chosen by name, started once whatever happens, followed to their ends."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogsync.errors import (
    AccessDenied,
    ApiError,
    AskedToWait,
    BadResponse,
    CatalogSyncError,
    CeilingReached,
    Interrupted,
    NotFound,
    OutcomeUnknown,
    Unreachable,
)
from catalogsync.identity import Match, Origin
from catalogsync.jobs import Training
from catalogsync.model import ModelSpec, RemoteModel
from catalogsync.polling import Patience
from catalogsync.training import (
    Fate,
    Result,
    Wish,
    canceled,
    choose,
    exit_code,
    follow,
    known_jobs,
    look_at,
    start,
    states,
)
from tests.engine.fake_trainer import FakeTrainer

QUICK = Patience(first_poll=0.001, longest_poll=0.001, deadline=60)


def never(seconds: float) -> bool:
    """Wait for nothing, and never stop."""
    return False


def found(key: str) -> Match:
    remote = RemoteModel(id=f"m-{key}", name=key, type="flux.1-lora", status="", updated_at="x")
    return Match(ModelSpec(key=key, name=key.title(), type="flux.1-lora"), remote, Origin.OWNED)


def wish(server: FakeTrainer, key: str = "ink") -> Wish:
    (one,) = look_at(server, [found(key)])
    return one


def no_parameters(spec: ModelSpec) -> dict[str, object]:
    return {}


def failing(name: str, error: CatalogSyncError, times: int = 1) -> Callable[[str], None]:
    """A hook that raises for the first so many calls of a method."""
    left = [error] * times

    def hook(called: str) -> None:
        if called == name and left:
            raise left.pop()

    return hook


def test_every_model_is_chosen_priced_or_refused_at_once() -> None:
    server = FakeTrainer(refusals={"m-pose": "Training is not available for models of type custom"})
    server.add("m-new")
    server.add("m-done", "trained")
    server.add("m-busy", "training")
    server.add("m-copy", "copying")
    server.add("m-bare", images=0)
    server.add("m-pose")
    keys = ("new", "done", "busy", "copy", "bare", "pose")
    plan = choose(server, map(found, keys), again=False, parameters=lambda spec: {"rank": 4})
    assert [(each.key, each.units, each.parameters) for each in plan.wishes] == [
        ("new", 30, {"rank": 4})
    ]
    assert [each.key for each in plan.standing] == ["done"]
    assert [(each.model, each.code) for each in plan.refusals] == [
        ("busy", "training"),
        ("copy", "copying"),
        ("bare", "no-training-images"),
        ("pose", "not-trainable"),
    ]
    assert "of type custom" in plan.refusals[-1].message
    assert server.count("start_training") == 0


def test_a_type_that_is_never_trained_is_told_before_its_images() -> None:
    server = FakeTrainer(refusals={"m-pose": "not for this type"})
    server.add("m-pose", images=0)
    plan = choose(server, [found("pose")], again=False, parameters=no_parameters)
    assert [each.code for each in plan.refusals] == ["not-trainable"]
    assert ("price_training", ("m-pose", 1, {})) in server.log


def test_sounds_are_not_counted_as_images() -> None:
    server = FakeTrainer()
    server.add("m-voice", images=0, type="elevenlabs-voice")
    plan = choose(server, [found("voice")], again=False, parameters=no_parameters)
    assert [each.key for each in plan.wishes] == ["voice"]


def test_what_is_trained_is_trained_again_only_on_demand() -> None:
    server = FakeTrainer()
    server.add("m-done", "trained")
    plan = choose(server, [found("done")], again=True, parameters=no_parameters)
    assert [each.key for each in plan.wishes] == ["done"]


@pytest.mark.parametrize(("prices", "total"), [([], 0), ([30.0], 30), ([1.5, None], None)])
def test_a_sum_with_an_unknown_part_is_unknown(prices: list[Any], total: float | None) -> None:
    server = FakeTrainer()
    server.add("m-ink")
    plan = choose(server, [], again=False, parameters=no_parameters)
    wishes = tuple(replace(wish(server), units=units) for units in prices)
    assert replace(plan, wishes=wishes).units == total


def test_a_start_tells_the_job_and_what_it_costs() -> None:
    server = FakeTrainer()
    server.add("m-ink")
    asked = replace(wish(server), parameters={"rank": 8})
    result = start(server, asked, known_jobs(server), never)
    assert (result.fate, result.job_id, result.units) == (Fate.RUNNING, "job_1", 30)
    assert ("start_training", ("m-ink", {"rank": 8})) in server.log


LOST = (Unreachable("no answer in time"), BadResponse("broken JSON", status=200))
TELLS = [(True, True), (True, False), (False, True), (False, False)]


@pytest.mark.parametrize("error", LOST)
@pytest.mark.parametrize(("tells_jobs", "tells_inputs"), TELLS)
def test_a_start_whose_answer_got_lost_is_found_and_not_repeated(
    error: ApiError, tells_jobs: bool, tells_inputs: bool
) -> None:
    server = FakeTrainer(tells_jobs=tells_jobs, tells_inputs=tells_inputs)
    server.add("m-ink")
    server.after = failing("start_training", error)
    result = start(server, wish(server), known_jobs(server), never)
    assert result.fate is Fate.RUNNING
    assert result.job_id == ("job_1" if tells_jobs or tells_inputs else "")
    assert "got lost" in result.note
    assert server.count("start_training") == 1


@pytest.mark.parametrize("tells_jobs", [True, False])
def test_one_that_ended_before_it_was_looked_for_is_found_by_its_job(tells_jobs: bool) -> None:
    server = FakeTrainer(tells_jobs=tells_jobs)
    server.add("m-ink")

    def ended(name: str) -> None:
        server.end("m-ink")
        raise Unreachable("no answer in time")

    server.after = ended
    result = start(server, wish(server), known_jobs(server), never)
    assert (result.fate, result.job_id) == (Fate.RUNNING, "job_1")
    (followed,) = follow(server, [result], wait=never, patience=QUICK)
    assert followed.fate is Fate.TRAINED


def test_the_job_of_an_earlier_training_does_not_pass_for_a_new_one() -> None:
    server = FakeTrainer(tells_jobs=False)
    server.add("m-ink")
    start(server, wish(server), known_jobs(server), never)
    server.end("m-ink", "failure")
    server.before = failing("start_training", Unreachable("no answer in time"))
    result = start(server, wish(server), known_jobs(server), never)
    assert result.fate is Fate.UNKNOWN


def test_where_nothing_tells_of_a_start_its_fate_is_unknown_and_said_to_be() -> None:
    server = FakeTrainer()
    server.add("m-ink")
    server.before = failing("start_training", Unreachable("no answer in time"))
    result = start(server, wish(server), known_jobs(server), never)
    assert result.fate is Fate.UNKNOWN
    assert isinstance(result.error, OutcomeUnknown)
    assert "train --status ink" in result.error.hint
    assert exit_code([result]) == 1
    assert server.count("get_training") == 4


def test_a_look_that_fails_leaves_the_fate_unknown() -> None:
    server = FakeTrainer()
    server.add("m-ink")
    asked, known = wish(server), known_jobs(server)
    server.after = failing("start_training", Unreachable("no answer in time"))
    server.before = failing("get_training", AccessDenied("no", status=403))
    result = start(server, asked, known, never)
    assert result.fate is Fate.UNKNOWN
    assert result.error
    assert "looking failed: no" in result.error.message


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CeilingReached("The limit of your plan for parallel-training is reached"), 1),
        (AskedToWait("Too many requests; the server asks to wait 900 s"), 1),
        (AccessDenied("no", status=403), 3),
    ],
)
def test_a_start_that_is_refused_is_told_in_the_words_of_the_server(
    error: ApiError, code: int
) -> None:
    server = FakeTrainer()
    server.add("m-ink")
    server.before = failing("start_training", error)
    result = start(server, wish(server), frozenset(), never)
    assert (result.fate, result.error) == (Fate.NOT_STARTED, error)
    assert exit_code([result]) == code


def test_a_stop_before_the_request_is_sent_starts_nothing_and_keeps_the_report() -> None:
    server = FakeTrainer()
    server.add("m-ink")

    def stopped(name: str) -> None:
        if name == "start_training":
            raise Interrupted("interrupted")

    server.before = stopped
    result = start(server, wish(server), frozenset(), never)
    assert (result.fate, server.jobs) == (Fate.NOT_STARTED, {})


def test_a_ceiling_of_parallel_trainings_passes_when_one_ends() -> None:
    server = FakeTrainer()
    server.add("m-ink")
    server.before = failing("start_training", CeilingReached("reached"))
    result = start(server, wish(server), frozenset(), never)
    assert result.error
    assert "wait until one that runs has ended" in result.error.hint


EVENTS = st.sampled_from(["fine", "lost before", "lost after", "refused"])


@settings(deadline=None)
@given(st.lists(EVENTS, min_size=1, max_size=6), st.sampled_from(TELLS))
def test_no_training_is_ever_started_twice_and_no_fate_is_wrong(
    events: list[str], tells: tuple[bool, bool]
) -> None:
    server = FakeTrainer(tells_jobs=tells[0], tells_inputs=tells[1])
    script = iter(events)
    current = ""

    def before(name: str) -> None:
        nonlocal current
        if name == "start_training":
            current = next(script)
            if current == "lost before":
                raise Unreachable("lost")
            if current == "refused":
                raise CeilingReached("no")

    def after(name: str) -> None:
        if name == "start_training" and current == "lost after":
            raise Unreachable("lost")

    server.before, server.after = before, after
    for number in range(len(events)):
        server.add(f"m-{number}")
    known = known_jobs(server)
    fates = [start(server, wish(server, str(n)), known, never).fate for n in range(len(events))]
    expected = {
        "fine": Fate.RUNNING,
        "lost after": Fate.RUNNING,
        "lost before": Fate.UNKNOWN,
        "refused": Fate.NOT_STARTED,
    }
    assert fates == [expected[event] for event in events]
    assert len(server.jobs) == sum(event in ("fine", "lost after") for event in events)


def running(server: FakeTrainer, *keys: str) -> list[Result]:
    for key in keys:
        server.add(f"m-{key}")
    return [start(server, wish(server, key), known_jobs(server), never) for key in keys]


def steps(server: FakeTrainer, *acts: Callable[[], object]) -> Callable[[float], bool]:
    """A wait in which the next of some things happens."""
    script = iter(acts)

    def wait(seconds: float) -> bool:
        return bool(next(script, lambda: None)())

    return wait


def test_trainings_are_followed_to_their_ends() -> None:
    server = FakeTrainer()
    results = running(server, "ink")
    told: list[str] = []

    def moves(stage: str) -> None:
        server.trainings["m-ink"] = replace(server.trainings["m-ink"], stage=stage)

    wait = steps(server, lambda: moves("running-train"), lambda: server.end("m-ink"))
    (ended,) = follow(
        server,
        results,
        wait=wait,
        patience=QUICK,
        tell=lambda seen: told.append(f"{seen.fate} {seen.training.stage}".strip()),
    )
    assert told == ["training queued-for-train", "training running-train", "trained"]
    assert (ended.fate, ended.units, ended.error) == (Fate.TRAINED, 30, None)


def test_a_failure_is_told_in_the_words_of_the_job() -> None:
    server = FakeTrainer()
    results = running(server, "ink", "paint")
    server.end("m-ink", "failure", error="out of memory", hint="use smaller images")
    server.end("m-paint", "success")
    failed, trained = follow(server, results, wait=never, patience=QUICK)
    assert (failed.fate, trained.fate) == (Fate.FAILED, Fate.TRAINED)
    assert failed.error
    assert (failed.error.message, failed.error.hint) == (
        "the training failed: out of memory",
        "use smaller images",
    )
    assert exit_code([failed, trained]) == 4
    assert exit_code([failed]) == 1
    assert exit_code([trained]) == 0
    assert exit_code([trained], interrupted=True) == 130


def test_one_that_somebody_canceled_is_no_success() -> None:
    server = FakeTrainer()
    results = running(server, "ink")
    server.end("m-ink", "canceled")
    (ended,) = follow(server, results, wait=never, patience=QUICK)
    assert ended.fate is Fate.CANCELED
    assert exit_code([ended]) == 1


def test_a_model_that_still_looks_as_before_is_believed_only_when_its_job_has_ended() -> None:
    server = FakeTrainer()
    results = running(server, "ink")
    server.trainings["m-ink"] = replace(server.trainings["m-ink"], status="trained")
    wait = steps(server, lambda: None, lambda: server.end("m-ink", "failure"))
    (ended,) = follow(server, results, wait=wait, patience=QUICK)
    assert ended.fate is Fate.FAILED


def test_a_job_that_cannot_be_found_leaves_the_word_to_the_model() -> None:
    server = FakeTrainer()
    results = running(server, "ink")
    server.end("m-ink", "failure")
    server.jobs.clear()
    (ended,) = follow(server, results, wait=never, patience=QUICK)
    assert ended.fate is Fate.FAILED


def test_a_network_that_comes_back_ends_nothing() -> None:
    server = FakeTrainer()
    results = running(server, "ink")
    server.before = failing("get_training", Unreachable("lost"), times=2)
    wait = steps(server, lambda: None, lambda: server.end("m-ink"))
    (ended,) = follow(server, results, wait=wait, patience=QUICK)
    assert ended.fate is Fate.TRAINED


@pytest.mark.parametrize("error", [Unreachable("lost"), NotFound("gone", status=404)])
def test_a_training_that_cannot_be_seen_any_more_is_unknown(error: ApiError) -> None:
    server = FakeTrainer()
    results = running(server, "ink")
    server.before = failing("get_training", error, times=100)
    (ended,) = follow(server, results, wait=never, patience=QUICK)
    assert (ended.fate, ended.error) == (Fate.UNKNOWN, error)


def test_who_stops_following_leaves_it_running() -> None:
    server = FakeTrainer()
    (left,) = follow(server, running(server, "ink"), wait=lambda seconds: True, patience=QUICK)
    assert (left.fate, left.error) == (Fate.RUNNING, None)
    assert server.count("cancel_training") == 0


def test_patience_ends_and_leaves_it_running() -> None:
    server = FakeTrainer()
    short = Patience(deadline=-1)
    (left,) = follow(server, running(server, "ink"), wait=never, patience=short)
    assert left.fate is Fate.RUNNING
    assert left.error
    assert "train --follow ink" in left.error.hint
    assert exit_code([left]) == 1


def test_what_is_not_running_is_not_looked_at() -> None:
    server = FakeTrainer()
    server.add("m-ink")
    result = Result(wish(server), Fate.NOT_STARTED, wish(server).before)
    before = len(server.log)
    assert follow(server, [result], wait=never, patience=QUICK) == (result,)
    assert len(server.log) == before


STATES = {
    "new": Fate.NOT_STARTED,
    "training": Fate.RUNNING,
    "trained": Fate.TRAINED,
    "failed": Fate.FAILED,
    "training-canceled": Fate.CANCELED,
    "of another time": Fate.UNKNOWN,
}


@pytest.mark.parametrize(("status", "fate"), STATES.items())
def test_the_status_of_a_model_says_how_its_training_stands(status: str, fate: Fate) -> None:
    server = FakeTrainer()
    server.add("m-ink", status)
    (seen,) = states(server, [wish(server)])
    assert seen.fate is fate


def test_a_status_tells_what_it_cost_and_why_it_failed() -> None:
    server = FakeTrainer()
    running(server, "ink")
    server.end("m-ink", "failure", error="out of memory")
    (seen,) = states(server, [wish(server)])
    assert (seen.fate, seen.units) == (Fate.FAILED, 30)
    assert seen.error
    assert "out of memory" in seen.error.message


def test_a_training_is_canceled() -> None:
    server = FakeTrainer()
    running(server, "ink")
    assert canceled(server, wish(server)).fate is Fate.CANCELED


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_cancel_whose_answer_got_lost_is_looked_up(when: str) -> None:
    server = FakeTrainer()
    running(server, "ink")
    setattr(server, when, failing("cancel_training", Unreachable("lost")))
    result = canceled(server, wish(server))
    assert (result.fate, result.error is None) == (
        (Fate.RUNNING, False) if when == "before" else (Fate.CANCELED, True)
    )


def test_one_that_ended_before_it_was_canceled_says_so() -> None:
    server = FakeTrainer()
    running(server, "ink")
    asked = wish(server)
    server.end("m-ink")
    result = canceled(server, asked)
    assert (result.fate, result.note) == (Fate.TRAINED, "it had ended before it was canceled")


def test_where_nothing_can_be_seen_a_cancel_is_unknown() -> None:
    server = FakeTrainer()
    running(server, "ink")
    asked = wish(server)

    def down(name: str) -> None:
        raise Unreachable("lost")

    server.before = down
    assert canceled(server, asked).fate is Fate.UNKNOWN


def test_where_a_stop_keeps_a_lost_cancel_from_being_looked_up_it_is_unknown() -> None:
    server = FakeTrainer()
    running(server, "ink")
    asked = wish(server)
    server.after = failing("cancel_training", Unreachable("lost"))
    server.before = failing("get_training", Interrupted("interrupted"))
    result = canceled(server, asked)
    assert (result.fate, str(result.error)) == (Fate.UNKNOWN, "lost")


def test_a_stop_before_a_cancel_was_sent_leaves_the_training_running() -> None:
    server = FakeTrainer()
    running(server, "ink")
    asked = wish(server)
    server.before = failing("cancel_training", Interrupted("interrupted"))
    result = canceled(server, asked)
    assert result.fate is Fate.RUNNING
    assert isinstance(result.error, Interrupted)


def test_a_stop_while_a_lost_start_is_looked_for_leaves_it_unknown() -> None:
    server = FakeTrainer()
    server.add("m-ink")
    server.after = failing("start_training", Unreachable("lost"))
    result = start(server, wish(server), frozenset(), lambda seconds: True)
    assert result.fate is Fate.UNKNOWN
    assert isinstance(result.training, Training)
    assert Interrupted("interrupted").message in str(result.error)
