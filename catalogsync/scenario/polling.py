"""Uploads as the server sees them: begun by an address, looked at until they are imported."""

from collections.abc import Mapping
from threading import Event

from catalogsync.errors import ApiError, OutcomeUnknown, UploadFailed, UploadStuck
from catalogsync.polling import Patience, moments
from catalogsync.scenario.fields import id_of, object_of
from catalogsync.scenario.paths import path_part
from catalogsync.scenario.transport import Transport
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class UploadState:
    """Where an upload is, the id of what it became, and what the server says of it."""

    status: str
    entity_id: str
    message: str


class Uploads:
    """The uploads of a project."""

    def __init__(self, http: Transport, stop: Event, patience: Patience) -> None:
        self._http = http
        self._stop = stop
        self._patience = patience

    def begin(self, body: Mapping[str, object], what: str) -> str:
        """Let the server fetch something (POST /uploads), and return the upload's id.

        Attempted once: raises `OutcomeUnknown` when the answer is lost, for what was begun
        cannot be looked up.
        """
        try:
            return id_of(object_of(self._http.once("POST", "/uploads", dict(body)), "upload"))
        except ApiError as error:
            if not error.may_have_been_applied:
                raise
            raise OutcomeUnknown(
                f"{what}: it is not known whether the server fetches it: {error.message}",
                hint="look for it in the web page; the next run fetches it again",
                trace_id=error.trace_id,
            ) from None

    def state(self, upload_id: str) -> UploadState:
        """Look at an upload (GET /uploads/{uploadId})."""
        upload = object_of(self._http.get(upload_path(upload_id)), "upload")
        told = (str(upload.get(name) or "") for name in ("status", "errorMessage"))
        status, message = map(self._http.plain, told)
        return UploadState(status, str(upload.get("entityId") or ""), message)

    def imported(self, upload_id: str, what: str) -> str:
        """Wait until the upload has become an asset or a model, and return its id."""
        state = UploadState("pending", "", "")
        for _ in moments(self._patience, self._stop.wait):
            state = self.state(upload_id)
            if state.status == "imported" and state.entity_id:
                return state.entity_id
            if state.status == "failed":
                raise UploadFailed(
                    f"{what}: the server could not use the file: {state.message or 'no reason'}",
                    hint="check that the file is whole and what its extension says",
                )
        raise UploadStuck(
            f"{what}: the server has it, but is still {state.status}",
            hint="look again later, replace the file, or send it anew with --no-cache",
        )


def upload_path(upload_id: str, *rest: str) -> str:
    """The path of an upload, and of what belongs to it."""
    return "/".join(("/uploads", path_part(upload_id), *rest))
