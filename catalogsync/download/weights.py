"""A download from its job to the file with its digest."""

import os
from collections.abc import Callable

from catalogsync.download.fetch import Bounds, Fetch, Fetched, Seen
from catalogsync.download.job import Packing
from catalogsync.download.place import Note, Place, Want
from catalogsync.errors import AddressExpired, FileDiffers
from catalogsync.jobs import Job
from catalogsync.polling import Wait
from catalogsync.ports import FileReader
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that is there whole; `same` where it was there before."""

    want: Want
    job_id: str
    name: str
    size: int
    sha256: str
    same: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """Whom to tell of the job and of the bytes."""

    job: Callable[[Job], object] = lambda job: None
    bytes: Callable[[Seen], object] = lambda seen: None


Agree = Callable[[bool], object]
"""Raises an error unless a job may be begun; true where an earlier run may have begun one."""


def download(
    packing: Packing,
    place: Place,
    want: Want,
    reader: FileReader,
    *,
    trained_at: str,
    agree: Agree,
    bounds: Bounds,
    replace_file: bool,
    wait: Wait,
    watch: Watch,
) -> Downloaded:
    """Get the weights of a model as a file under its name.

    What an earlier run began is gone on with; where there is nothing, or where its file cannot be
    had any more, the server packs it anew once that is agreed to. Raises `FileDiffers` where
    another file is there under that name, unless it is to be replaced.
    """
    with place.part() as part:
        note = packing.usable(place.note(), trained_at)
        resumed = note is not None
        while True:
            if note is None:
                earlier = place.note()
                agree(bool(earlier and earlier.begun and not earlier.job_id))
                note = packing.begin(earlier)
            fetch = Fetch(part, place, note, bounds=bounds, wait=wait, tell=watch.bytes)
            try:
                fetched = fetch.run(reader, lambda held: packing.packed(held, watch.job).url)
            except AddressExpired:
                place.keep(fetch.note.without_job())
                if not resumed:
                    raise
                note, resumed = None, False
                continue
            os.fsync(part.fileno())
            return _settled(place, want, fetch.note, fetched, replace_file=replace_file)


def _settled(
    place: Place, want: Want, note: Note, fetched: Fetched, *, replace_file: bool
) -> Downloaded:
    """Let the file appear, unless it would take the place of another one."""
    name = f"{want.stem}.{fetched.extension}"
    there, recorded = place.digest(name), place.recorded(name)
    before = {digest for digest in (there, recorded) if digest}
    if before - {fetched.sha256} and not replace_file:
        raise _differs(name, there, recorded, fetched.sha256)
    place.settle(name, fetched.sha256)
    same = there == fetched.sha256
    return Downloaded(want, note.job_id, name, fetched.size, fetched.sha256, same)


def _differs(name: str, there: str, recorded: str, came: str) -> FileDiffers:
    """Says which of the file, the digest beside it and what the server sends are not the same."""
    if there and recorded == came:
        message = f"{name} was changed: what the server sends is what {name}.sha256 says"
    elif there == came or not there:
        message = f"the server sends another file (sha256:{came}) than {name}.sha256 says"
    else:
        message = f"{name} is there and is another file than the server sends (sha256:{came})"
    return FileDiffers(
        message,
        hint="--replace takes what the server has now, --out names another folder; what was "
        "fetched is kept for that",
    )
