"""One piece of work: whether it is begun at all, and what became of it."""

from collections.abc import Callable
from threading import Event

from catalogsync.actions import Action, CreateCollection, UploadAsset
from catalogsync.errors import (
    AccessDenied,
    AskedToWait,
    CatalogSyncError,
    Conflict,
    Interrupted,
)
from catalogsync.outcome import Outcome, Status


class Halt:
    """Why nothing more is to be begun: the user said so, or the credentials are no good."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._why = ""
        self._deletes = ""

    def because(self, error: CatalogSyncError) -> None:
        """Halt when an error means that every other request would fail as well."""
        if isinstance(error, AccessDenied) and error.status == 401:
            self._why = "the credentials were refused"
        if isinstance(error, AskedToWait):
            self._why = "the server asks to wait"

    def deletes(self, why: str) -> None:
        """Begin nothing in the round that is left, the deletes."""
        self._deletes = self._deletes or why

    def finish_round(self) -> None:
        """From here on only deletes are left."""
        self._why = self._why or self._deletes

    @property
    def reason(self) -> str:
        """Empty as long as the run goes on."""
        return "interrupted" if self._stop.is_set() else self._why


def attempt(action: Action, halt: Halt, work: Callable[[], None]) -> Outcome | None:
    """What kept a piece of work from being done, or None."""
    if halt.reason:
        return Outcome(action, Status.SKIPPED, halt.reason)
    try:
        work()
    except Interrupted as interrupted:
        return Outcome(action, Status.SKIPPED, interrupted.message, interrupted)
    except Conflict as conflict:
        return Outcome(action, Status.CONFLICT, conflict.message, conflict)
    except CatalogSyncError as error:
        halt.because(error)
        return Outcome(action, Status.FAILED, error.message, error)
    return None


def reason_for(cause: Outcome) -> str:
    """Why what needed this is skipped."""
    if cause.status is Status.SKIPPED:
        return cause.reason
    match cause.action:
        case UploadAsset(asset=asset):
            return f"{asset.name} was not uploaded"
        case CreateCollection(name=name):
            return f"collection {name} was not created"
        case action:
            return f"an earlier step of {action.model} did not succeed"
