"""What became of a training."""

from collections.abc import Collection, Sequence
from enum import StrEnum

from catalogsync.errors import CatalogSyncError, Interrupted
from catalogsync.jobs import Training
from catalogsync.training.wish import Wish
from catalogsync.values import dataclass


class Fate(StrEnum):
    """How it stands with a training when a run ends."""

    TRAINED = "trained"
    FAILED = "failed"
    CANCELED = "canceled"
    RUNNING = "training"
    NOT_STARTED = "not started"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Result:
    """The fate of a training, and what the server told last.

    `units` is what was charged, as far as that was told. `note` says what else a person should
    know: what was found after an answer that got lost. An `error` says why it did not go well.
    """

    wish: Wish
    fate: Fate
    training: Training
    job_id: str = ""
    units: float | None = None
    note: str = ""
    error: CatalogSyncError | None = None


_FATES = {
    "trained": Fate.TRAINED,
    "failed": Fate.FAILED,
    "training-canceled": Fate.CANCELED,
    "training": Fate.RUNNING,
    "new": Fate.NOT_STARTED,
}


def fate_of(training: Training) -> Fate:
    """What the status of a model says of its last training."""
    return _FATES.get(training.status, Fate.UNKNOWN)


_GOOD = frozenset({Fate.TRAINED})


def exit_code(
    results: Sequence[Result], *, interrupted: bool = False, good: Collection[Fate] = _GOOD
) -> int:
    """130 interrupted, 0 all well, 4 some of them, else that of the gravest error, or 1."""
    if interrupted:
        return Interrupted.exit_code
    well = [result.fate in good for result in results]
    if all(well):
        return 0
    if any(well):
        return 4
    return max((result.error.exit_code for result in results if result.error), default=1)
