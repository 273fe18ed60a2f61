"""Ends a training before its time."""

from catalogsync.errors import ApiError, Interrupted
from catalogsync.ports import Trainer
from catalogsync.training.result import Fate, Result, fate_of
from catalogsync.training.wish import Wish


def canceled(trainer: Trainer, wish: Wish) -> Result:
    """Cancel the training of a model; one that is not being trained any more says how it ended.

    After an answer that got lost, the model tells whether it was canceled; where it cannot be
    looked at, also as the user wants to stop, that is unknown.
    """
    job_id = wish.before.job_id
    try:
        now = trainer.cancel_training(wish.model_id)
    except ApiError as error:
        try:
            now = trainer.get_training(wish.model_id)
        except (ApiError, Interrupted):
            return Result(wish, Fate.UNKNOWN, wish.before, job_id, error=error)
        if now.running:
            return Result(wish, Fate.RUNNING, now, job_id, error=error)
        if fate_of(now) is Fate.CANCELED:
            return Result(wish, Fate.CANCELED, now, job_id)
        return Result(wish, fate_of(now), now, job_id, note="it had ended before it was canceled")
    except Interrupted as error:
        # Only waits are interrupted, and none comes after the one request.
        return Result(wish, Fate.RUNNING, wish.before, job_id, error=error)
    return Result(wish, fate_of(now), now, job_id)
