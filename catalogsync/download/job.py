"""The job that packs weights: begun once, found again, followed until its file can be fetched."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from catalogsync.download.place import Note, Place, Want
from catalogsync.errors import (
    ApiError,
    BadResponse,
    Interrupted,
    NotFound,
    OutcomeUnknown,
    TookTooLong,
    UploadFailed,
)
from catalogsync.jobs import Job
from catalogsync.polling import Patience, Wait, followed
from catalogsync.ports import Downloader

_TYPES = ("model-download",)
_LOOKS = (0.5, 1.0, 2.0)
"""The waits before each look for a job whose begin was not answered, in seconds."""

PATIENCE = Patience(first_poll=0.2, longest_poll=5.0, deadline=3600.0)


class Packing:
    """The jobs of one download, in words that are kept at its place."""

    def __init__(
        self, downloader: Downloader, want: Want, place: Place, wait: Wait, *, deadline: float
    ) -> None:
        self._downloader = downloader
        self._want = want
        self._place = place
        self._wait = wait
        self._patience = replace(PATIENCE, deadline=deadline)

    def usable(self, note: Note | None, trained_at: str) -> Note | None:
        """The note of an earlier run, if the job that it began can still be used.

        A job from before the model was `trained_at` has weights that are no longer the model's.
        """
        if note is None or not note.begun:
            return None
        found = note if note.job_id else self._found(note, looks=1)
        job = self._job(found.job_id) if found else None
        if job is None or job.failure or _is_before(job.created_at, trained_at):
            return None
        return found

    def begin(self, earlier: Note | None) -> Note:
        """Let the server pack the weights, in one attempt; what is there of them is kept.

        A lost answer is answered by looking for the job. Raises `OutcomeUnknown` where none is
        found.
        """
        want = self._want
        jobs = self._downloader.newest_jobs(_TYPES)
        known = tuple(job.id for job in jobs if job.model_id == want.model_id)
        note = earlier or Note(want.model_id, want.epoch)
        # Written before it is begun: whoever comes after a kill knows what to look for.
        note = self._place.keep(replace(note, begun=True, known=known, job_id=""))
        try:
            job_id = self._downloader.start_download(want.model_id, want.epoch)
        except ApiError as error:
            if not error.may_have_been_applied:
                self._place.keep(note.without_job())
                raise
            found = self._found(note, looks=len(_LOOKS))
            if found is None:
                raise _unknown(error) from None
            return found
        except Interrupted:
            # Only waits are interrupted, and none comes after the one request.
            self._place.keep(note.without_job())
            raise
        return self._place.keep(replace(note, job_id=job_id))

    def packed(self, note: Note, tell: Callable[[Job], object]) -> Job:
        """Follow the job until its file can be fetched."""
        job = followed(
            lambda: self._downloader.get_job(note.job_id),
            lambda job: job.ended,
            patience=self._patience,
            wait=self._wait,
            tell=tell,
        )
        if job is None:
            raise TookTooLong(
                f"the server still packs it after {self._patience.deadline:g} s ({note.job_id})",
                hint="run it again later: it waits for the same job",
            )
        if job.failure:
            self._place.keep(note.without_job())
            raise UploadFailed(
                f"the server could not pack it: {job.failure}",
                hint=job.hint or "run it again: the server then packs it anew",
            )
        if not job.url:
            raise BadResponse(
                f"the server says that {job.id} is done, but not where its file is",
                hint="download it in the web page, and report which fields the job's metadata has",
            )
        return job

    def _found(self, note: Note, *, looks: int) -> Note | None:
        """The note with the job that was begun since it was written, if there is one."""
        for seconds in _LOOKS[:looks]:
            if self._wait(seconds):
                raise Interrupted("interrupted")
            for job in self._downloader.newest_jobs(_TYPES):
                if job.id not in note.known and self._is_wanted(job):
                    return self._place.keep(replace(note, job_id=job.id))
        return None

    def _is_wanted(self, job: Job) -> bool:
        """Whether a job packs what is wanted; one that tells no epoch may."""
        epoch = self._want.epoch or self._want.own_epoch
        other = epoch and job.epoch not in ("", epoch)
        return job.model_id == self._want.model_id and not other

    def _job(self, job_id: str) -> Job | None:
        try:
            return self._downloader.get_job(job_id)
        except NotFound:
            return None


def _is_before(created_at: str, trained_at: str) -> bool:
    """Whether both times are known, and the first is the earlier one."""
    try:
        return datetime.fromisoformat(created_at) < datetime.fromisoformat(trained_at)
    except (ValueError, TypeError):
        return False


def _unknown(lost: ApiError) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"it is not known whether the server packs the weights: {lost.message}",
        hint="run it again: it looks for the job first, and says what a second one costs",
        trace_id=lost.trace_id,
    )
