"""Starts a training once, whatever happens to the answer: it is paid for."""

from collections.abc import Collection

from catalogsync.errors import (
    ApiError,
    CatalogSyncError,
    CeilingReached,
    Interrupted,
    OutcomeUnknown,
)
from catalogsync.polling import Wait
from catalogsync.ports import Trainer
from catalogsync.training.result import Fate, Result
from catalogsync.training.wish import Wish

_LOOKS = (0.5, 1.0, 2.0)
"""The waits before each look for a training whose start was not answered, in seconds."""

_JOB_TYPES = ("model-training", "flux-model-training", "musubi-model-training")


def known_jobs(trainer: Trainer) -> frozenset[str]:
    """The newest trainings of the project: what is not among them later was begun since."""
    return frozenset(job.id for job in trainer.newest_jobs(_JOB_TYPES))


def start(trainer: Trainer, wish: Wish, known: Collection[str], wait: Wait) -> Result:
    """Start one training, in one attempt, and tell what became of that.

    An answer that got lost is never answered by a second start: what the server tells of the
    model and of jobs that are not `known` decides, and if that tells nothing the fate is unknown.
    """
    try:
        started = trainer.start_training(wish.model_id, wish.parameters)
    except ApiError as error:
        if error.may_have_been_applied:
            return _found(trainer, wish, known, error, wait)
        return Result(wish, Fate.NOT_STARTED, wish.before, error=_explained(error))
    except Interrupted as error:
        # Only waits are interrupted, and none comes after the one request.
        return Result(wish, Fate.NOT_STARTED, wish.before, error=error)
    return Result(wish, Fate.RUNNING, started.training, started.job_id, started.units)


def _found(
    trainer: Trainer, wish: Wish, known: Collection[str], lost: ApiError, wait: Wait
) -> Result:
    """What the server tells of a training whose start was not answered."""
    try:
        for seconds in _LOOKS:
            if wait(seconds):
                raise Interrupted("interrupted")
            if found := _begun(trainer, wish, known, lost):
                return found
    except CatalogSyncError as error:
        return _unknown(wish, lost, f"looking failed: {error.message}")
    return _unknown(wish, lost, "the server tells of no new training")


def _begun(trainer: Trainer, wish: Wish, known: Collection[str], lost: ApiError) -> Result | None:
    """The training that was begun since we looked first, if there is one."""
    now = trainer.get_training(wish.model_id)
    job_id = now.job_id if now.job_id != wish.before.job_id else ""
    job_id = job_id or _new_job(trainer, wish, known)
    if not (job_id or now.running):
        return None
    runs = f"the server runs it{f' as {job_id}' if job_id else ''}"
    note = f"the answer to its start got lost ({lost.message}), but {runs}"
    return Result(wish, Fate.RUNNING, now, job_id, note=note)


def _new_job(trainer: Trainer, wish: Wish, known: Collection[str]) -> str:
    jobs = trainer.newest_jobs(_JOB_TYPES)
    new = (job.id for job in jobs if job.model_id == wish.model_id and job.id not in known)
    return next(new, "")


def _unknown(wish: Wish, lost: ApiError, found: str) -> Result:
    unclear = OutcomeUnknown(
        f"it is not known whether the training was started: {lost.message}; {found}",
        hint=f"look with `train --status {wish.key}` in a few minutes, and start it again only "
        "if no training shows",
        trace_id=lost.trace_id,
    )
    return Result(wish, Fate.UNKNOWN, wish.before, error=unclear)


def _explained(error: ApiError) -> ApiError:
    """The refusal of the server, with what to do about a ceiling: trainings end, unlike plans."""
    if isinstance(error, CeilingReached):
        error.hint = (
            "wait until one that runs has ended, or cancel one, then run this again; a higher "
            "limit is to be had from Scenario"
        )
    return error
