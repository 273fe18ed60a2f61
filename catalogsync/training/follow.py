"""Follows trainings to their ends, all of them at the same time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

from catalogsync.errors import (
    ApiError,
    CatalogSyncError,
    Interrupted,
    NotFound,
    TookTooLong,
    TrainingFailed,
)
from catalogsync.jobs import Job, Training
from catalogsync.polling import Patience, Wait, followed
from catalogsync.ports import TrainingReader
from catalogsync.training.result import Fate, Result, fate_of
from catalogsync.training.wish import Wish

PATIENCE = Patience(first_poll=0.5, longest_poll=10.0, deadline=6 * 3600.0)
"""A training takes from minutes to hours."""

_MOST_AT_ONCE = 64

Tell = Callable[[Result], object]
"""Called whenever something is seen of a training, from any thread."""


def follow(
    reader: TrainingReader,
    results: Sequence[Result],
    *,
    wait: Wait,
    tell: Tell = lambda seen: None,
    patience: Patience = PATIENCE,
) -> tuple[Result, ...]:
    """Follow those that are running to their ends; what is not running stays as it is.

    When the user wants to stop, or the patience ends, what still runs is left running.
    """
    with ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="training") as pool:
        return tuple(pool.map(lambda one: _followed(reader, one, wait, tell, patience), results))


def _followed(
    reader: TrainingReader, result: Result, wait: Wait, tell: Tell, patience: Patience
) -> Result:
    if result.fate is not Fate.RUNNING:
        return result
    seen = result

    def look() -> Result:
        nonlocal seen
        seen = _look(reader, seen)
        return seen

    try:
        ended = followed(
            look, lambda one: one.fate is not Fate.RUNNING, patience=patience, wait=wait, tell=tell
        )
    except Interrupted:
        return seen
    except CatalogSyncError as error:
        return replace(seen, fate=Fate.UNKNOWN, error=error)
    return ended or replace(seen, error=_too_long(seen, patience))


def _look(reader: TrainingReader, result: Result) -> Result:
    """How a training stands now; ended only once its job says so too, where it has one."""
    now = reader.get_training(result.wish.model_id)
    seen = replace(result, training=now)
    if now.running:
        return replace(seen, job_id=result.job_id or now.job_id)
    job = _job(reader, result.job_id)
    if job and not job.ended:
        return seen
    return _ended(seen, job)


def _job(reader: TrainingReader, job_id: str) -> Job | None:
    with suppress(NotFound):
        return reader.get_job(job_id) if job_id else None
    return None


def _ended(result: Result, job: Job | None) -> Result:
    fate = _fate(result.training, job)
    units = result.units if job is None or job.units is None else job.units
    error = None if fate is Fate.TRAINED else _failure(fate, result.training, job)
    return replace(result, fate=fate, units=units, error=error)


def _fate(now: Training, job: Job | None) -> Fate:
    """By the job where there is one: a model may be trained from before."""
    if job:
        return _FATES_OF_JOBS[job.status]
    return fate_of(now)


_FATES_OF_JOBS = {"success": Fate.TRAINED, "failure": Fate.FAILED, "canceled": Fate.CANCELED}


def _failure(fate: Fate, now: Training, job: Job | None) -> ApiError:
    if fate is Fate.CANCELED:
        return TrainingFailed("it was canceled", hint="start it again if that was no intention")
    said = job.failure if job else f"the model is {now.status}"
    hint = (job.hint if job else "") or "look at its training data, then start it again"
    return TrainingFailed(f"the training failed: {said}", hint=hint)


def _too_long(result: Result, patience: Patience) -> ApiError:
    key = result.wish.key
    return TookTooLong(
        f"it still runs after {patience.deadline:g} s and is left running",
        hint=f"follow it with `train --follow {key}`, or end it with `train --cancel {key}`",
    )


def states(reader: TrainingReader, wishes: Iterable[Wish]) -> Iterator[Result]:
    """How the trainings of some models stand, with what the jobs of those say."""
    for wish in wishes:
        now = wish.before
        result = Result(wish, fate_of(now), now, now.job_id)
        job = _job(reader, now.job_id)
        ended = job is not None and job.ended and not now.running
        units = job.units if job else None
        yield replace(_ended(result, job) if ended else result, units=units)
