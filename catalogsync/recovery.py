"""Brings a deleted model back, so that a run that is killed meanwhile loses nothing."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event

from catalogsync.actions import RestoreModel
from catalogsync.attempts import create_collection, create_once
from catalogsync.errors import (
    AccessDenied,
    ApiError,
    CatalogSyncError,
    CeilingReached,
    Conflict,
    Interrupted,
    NotFound,
    NotKept,
    Rejected,
)
from catalogsync.ledger import Ledger
from catalogsync.marks import UNFINISHED_TAG
from catalogsync.model import RemoteModel
from catalogsync.ports import CatalogWriter
from catalogsync.values import dataclass

EditTags = Callable[[str, Sequence[str], Sequence[str]], None]
"""Adds tags to a model and takes others off, and makes sure of it."""


class Recovery:
    """Keeps a note of every restore in the project from before it begins (see `claims`)."""

    def __init__(
        self,
        writer: CatalogWriter,
        ledger: Ledger,
        edit_tags: EditTags,
        pause: Callable[[float], object],
    ) -> None:
        self._writer = writer
        self._ledger = ledger
        self._edit_tags = edit_tags
        self._pause = pause

    def model(self, action: RestoreModel) -> None:
        """Bring the model back and put our mark on it; raise `Conflict` if somebody did before."""
        key, model_id = action.model, action.id
        if self._is_there(model_id):
            raise Conflict(
                f"somebody restored the model {model_id} after this plan read it",
                hint="plan again and look at what it holds",
            )
        self._note(action)
        self._restore(action)
        self._ledger.record_model(key, model_id)
        self._edit_tags(model_id, (*action.tags, UNFINISHED_TAG), ())
        try:
            self.end(key)
        except ApiError as error:
            error.message = f"the model is back, but the note of that is, too: {error.message}"
            error.hint = "apply again: that takes the note away"
            raise

    def end(self, key: str) -> None:
        """Take the notes of how a model came to be ours away, and what points at them."""
        for collection_id in self._ledger.claims(key):
            self._writer.delete_collection(collection_id)
        self._edit_tags(self._ledger.model_id(key), (), (UNFINISHED_TAG,))

    def _note(self, action: RestoreModel) -> None:
        if not self._ledger.claims(action.model):
            created = create_collection(self._writer, action.note, self._pause)
            self._ledger.record_claim(action.model, created)

    def _restore(self, action: RestoreModel) -> None:
        try:
            restored(self._writer, action.id, self._pause)
        except ApiError as error:
            if not error.may_have_been_applied:
                # Nothing came back for sure, so that there is nothing to be noted.
                with suppress(CatalogSyncError):
                    for collection_id in self._ledger.claims(action.model):
                        self._writer.delete_collection(collection_id)
            explain(error, otherwise="apply with --anew to create it anew")
            raise

    def _is_there(self, model_id: str) -> bool:
        return is_there(self._writer, model_id)


def is_there(writer: CatalogWriter, model_id: str) -> bool:
    """Whether a model answers and is not a deleted one."""
    try:
        return not writer.get_model(model_id).deleted_at
    except NotFound:
        return False


def restored(writer: CatalogWriter, model_id: str, pause: Callable[[float], object]) -> None:
    """Restore a model once, also where answers get lost."""

    def attempt() -> bool:
        try:
            writer.restore_model(model_id)
        except Rejected:
            # What is there already was restored by an attempt whose answer was lost.
            if not is_there(writer, model_id):
                raise
        return True

    create_once(attempt, lambda: True if is_there(writer, model_id) else None, pause)


@dataclass(frozen=True, slots=True)
class Return:
    """What became of a deleted model that was to come back, and to be given its `tags`.

    An `error` says why it did not, or why it lacks the tags where it `is_back`.
    """

    model: RemoteModel
    tags: tuple[str, ...]
    is_back: bool
    error: CatalogSyncError | None = None

    @property
    def in_doubt(self) -> bool:
        """Whether what failed may have been done all the same."""
        if isinstance(self.error, ApiError):
            return self.error.may_have_been_applied
        return self.error is not None and self.error.in_doubt


def bring_back(
    writer: CatalogWriter, model: RemoteModel, tags: tuple[str, ...], stop: Event
) -> Return:
    """Restore a model that is no manifest's and give it tags; begin nothing once `stop` is set."""
    back = False
    try:
        if stop.is_set():
            raise Interrupted("interrupted")
        restored(writer, model.id, stop.wait)
        back = True
        _give_tags(writer, model.id, tags)
    except CatalogSyncError as error:
        if isinstance(error, ApiError):
            explain(error, otherwise="restore it in the web page, if that still shows it")
        if back:
            error.hint = "put them on in the web page: the server tells of them no more"
        return Return(model, tags, back, error)
    return Return(model, tags, back)


def _give_tags(writer: CatalogWriter, model_id: str, tags: tuple[str, ...]) -> None:
    if not tags or writer.edit_tags(model_id, add=tags, delete=()):
        return
    if not writer.get_model(model_id).tags.issuperset(tags):
        raise NotKept("the server did not keep the tags as sent")


def explain(error: ApiError, *, otherwise: str) -> None:
    """Say what to do where the server does not restore a model."""
    if error.status in (402, 403) and isinstance(error, AccessDenied | Rejected):
        error.hint = (
            "restoring takes Scenario's Max plan or above, and a key with the editor role; "
            f"{otherwise}"
        )
    elif error.status == 410:
        error.hint = (
            "the API restores what was deleted in the last 30 days and not for good; " + otherwise
        )
    elif isinstance(error, NotFound):
        error.hint = f"it is not in this project, or was deleted for good; {otherwise}"
    elif isinstance(error, CeilingReached):
        error.hint = f"a restored model counts as a model: {error.hint}"
