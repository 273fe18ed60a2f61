"""Imports a model's weights, and never pays for the same ones twice."""

from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from catalogsync.actions import ImportModel
from catalogsync.attempts import create_collection
from catalogsync.errors import (
    ApiError,
    CatalogSyncError,
    Conflict,
    Interrupted,
    NotFound,
    OutcomeUnknown,
    UploadFailed,
    UploadStuck,
)
from catalogsync.import_notes import unclear_hint
from catalogsync.ledger import Ledger
from catalogsync.marks import OWNER_PREFIX, PROTECTED_TAG
from catalogsync.model import AssetRef
from catalogsync.ports import CatalogWriter
from catalogsync.values import dataclass


class Importer:
    """Keeps a note of every import in the project from before it begins (see `import_notes`)."""

    def __init__(
        self,
        writer: CatalogWriter,
        ledger: Ledger,
        open_file: Callable[[AssetRef], BinaryIO],
        pause: Callable[[float], object],
    ) -> None:
        self._writer = writer
        self._ledger = ledger
        self._open_file = open_file
        self._pause = pause

    def model(self, action: ImportModel) -> str:
        """Import the weights, or wait for the import that was begun; return the model's id."""
        begun = _Begun(action.upload) if action.upload else self._begun(action)
        try:
            model_id = self._writer.finish_import(begun.upload, action.weights)
        except UploadFailed:
            self._give_up(action.model)
            raise
        except (ApiError, Interrupted) as error:
            noted = self._tell_note(action, begun)
            raise _explained(error, action.note, begun.upload, noted=noted) from None
        # Until the model is tagged, its note is all that another run has.
        self._tell_note(action, begun)
        return model_id

    def end(self, key: str) -> None:
        """Take the notes of a model's import away."""
        for collection_id in self._ledger.notes(key):
            self._writer.delete_collection(collection_id)

    def _give_up(self, key: str) -> None:
        """Take the notes away if that can be done; why the import failed matters more."""
        with suppress(CatalogSyncError):
            self.end(key)

    def _begun(self, action: ImportModel) -> "_Begun":
        """Begin an import once it is noted."""
        if action.weights.file:
            upload = self._sent(action.weights.file, action.note)
            # Nothing is imported yet: that begins when the upload is completed.
            self._note(action, f"{action.note} as {upload}")
            return _Begun(upload)
        try:
            note = self._note(action, action.note)
            upload = self._writer.begin_import(action.weights)
        except OutcomeUnknown as error:
            raise OutcomeUnknown(
                error.message, hint=unclear_hint(action.note), trace_id=error.trace_id
            ) from None
        except CatalogSyncError:
            # Nothing was begun for sure, so that there is nothing to be noted.
            self._give_up(action.model)
            raise
        begun = _Begun(upload, note)
        # What is noted serves the next run; this one has the id in its hands.
        return _Begun(upload) if self._tell_note(action, begun) else begun

    def _tell_note(self, action: ImportModel, begun: "_Begun") -> bool:
        """Whether the note tells the upload's id, after another attempt where it does not yet."""
        if begun.nameless:
            try:
                name = f"{action.note} as {begun.upload}"
                self._writer.rename_collection(begun.nameless, name)
            except (ApiError, Interrupted):
                return False
        return True

    def _sent(self, asset: AssetRef, purpose: str) -> str:
        with self._open_file(asset) as file:
            return self._writer.send_weights(asset, file, purpose)

    def _note(self, action: ImportModel, name: str) -> str:
        """Leave a note; raise `Conflict` where another apply imports the model, or just did."""
        created = create_collection(self._writer, name, self._pause)
        self._ledger.record_note(action.model, created)
        if self._noted_by_others(action, created) or self._made_by_others(action):
            self._give_up(action.model)
            raise Conflict(
                "another apply imports the same model at the same time",
                hint="run one apply at a time; plan again when the other one is done",
            )
        return created

    def _noted_by_others(self, action: ImportModel, ours: str) -> bool:
        held = self._writer.list_collections()
        return any(name.startswith(action.note) and id != ours for id, name in held.items())

    def _made_by_others(self, action: ImportModel) -> bool:
        marks = {tag for tag in action.tags if tag.startswith(OWNER_PREFIX)} - {PROTECTED_TAG}
        return any(marks <= model.tags for model in self._writer.list_models())


@dataclass(frozen=True, slots=True)
class _Begun:
    """An import that was begun as an upload; `nameless` is its note if that does not tell so."""

    upload: str
    nameless: str = ""


def _explained(error: CatalogSyncError, note: str, upload: str, *, noted: bool) -> CatalogSyncError:
    """Why an import is not done, with what to do; the next run knows of it only if it is noted."""
    if isinstance(error, NotFound):
        return OutcomeUnknown(
            f"the server knows nothing of {upload} any more, which was to become this model",
            hint=unclear_hint(f"{note} as {upload}" if noted else note),
        )
    if not noted:
        error.hint = (
            f"the server imports it as {upload}, which could not be noted: rename the collection "
            f'"{note}" to "{note} as {upload}", and the next run waits for the same import; or '
            f"{unclear_hint(note)}"
        )
    elif isinstance(error, UploadStuck):
        return UploadStuck(error.message, hint=_waiting_hint(note))
    return error


def _waiting_hint(note: str) -> str:
    return (
        "run it again later: it waits for the same import, and pays nothing more; to give it up, "
        f'delete the collection that begins with "{note}"'
    )
