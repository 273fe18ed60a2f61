"""Ends a training before its time."""

from catalogsync.errors import ApiError
from catalogsync.ports import Trainer
from catalogsync.training.result import Fate, Result, fate_of
from catalogsync.training.wish import Wish


def canceled(trainer: Trainer, wish: Wish) -> Result:
    """Cancel the training of a model; one that is not being trained any more says how it ended.

    After an answer that got lost, the model tells whether it was canceled.
    """
    job_id = wish.before.job_id
    try:
        now = trainer.cancel_training(wish.model_id)
    except ApiError as error:
        try:
            now = trainer.get_training(wish.model_id)
        except ApiError:
            return Result(wish, Fate.UNKNOWN, wish.before, job_id, error=error)
        if now.running:
            return Result(wish, Fate.RUNNING, now, job_id, error=error)
        if fate_of(now) is Fate.CANCELED:
            return Result(wish, Fate.CANCELED, now, job_id)
        return Result(wish, fate_of(now), now, job_id, note="it had ended before it was canceled")
    return Result(wish, fate_of(now), now, job_id)
