"""Fetches a large file into a place, from where it broke off, and knows its digest at the end."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import BinaryIO

from catalogsync.download.place import Note, Place
from catalogsync.errors import (
    AddressExpired,
    ApiError,
    BadResponse,
    Interrupted,
    Rejected,
    TookTooLong,
    Unreachable,
)
from catalogsync.polling import Wait
from catalogsync.ports import FileReader, Stream
from catalogsync.values import dataclass

_ATTEMPTS = 5
_PROGRESS = 64 * 1024
"""An attempt that brings so many bytes more than any before it was not in vain."""

_PIECE = 1 << 20
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,12})\Z")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a file may be, in bytes, and how long fetching it may take, in seconds."""

    most: int
    deadline: float
    first_wait: float = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """How many bytes are there, and how many there will be, where the server tells."""

    done: int
    due: int | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole file: its digest, its size in bytes, and the extension that it should have."""

    sha256: str
    size: int
    extension: str


class Fetch:
    """One file on its way; the bytes that are there already are hashed first.

    `note` is what is known of it by now.
    """

    def __init__(
        self,
        file: BinaryIO,
        place: Place,
        note: Note,
        *,
        bounds: Bounds,
        wait: Wait,
        tell: Callable[[Seen], object],
    ) -> None:
        self._file = file
        self._place = place
        self.note = note
        self._bounds = bounds
        self._wait = wait
        self._tell = tell
        self._until = time.monotonic() + bounds.deadline
        self._size = 0
        self._digest = sha256()
        self._recall()

    def run(self, reader: FileReader, address: Callable[[Note], str]) -> Fetched:
        """Fetch what is missing; `address` tells where it is, anew for each attempt.

        Raises `AddressExpired` where none of them is accepted.
        """
        best, in_vain = self._size, 0
        while True:
            try:
                self._attempt(reader, address(self.note))
            except (Unreachable, AddressExpired) as error:
                in_vain = 0 if self._size >= best + _PROGRESS else in_vain + 1
                best = max(best, self._size)
                if in_vain == _ATTEMPTS:
                    raise _kept(error, self._size) from None
                self._pause(in_vain)
                continue
            self._file.flush()
            extension = self.note.extension or "bin"
            return Fetched(self._digest.hexdigest(), self._size, extension)

    def _recall(self) -> None:
        """Go on where an earlier run stopped, if it is known what the bytes are of."""
        if not self.note.tag:
            self._restart()
            return
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            self._digest.update(piece)
            self._size += len(piece)

    def _attempt(self, reader: FileReader, url: str) -> None:
        with reader.open(url, self._size, self.note.tag) as stream:
            self._begin(stream)
            for chunk in stream.chunks():
                self._take(chunk)
        if self.note.size is not None and self._size != self.note.size:
            raise Unreachable(f"the file broke off after {self._size:,} bytes")

    def _begin(self, stream: Stream) -> None:
        """Check that what comes fits to what is there; a server may also begin at the beginning."""
        note = self.note
        if stream.start and (stream.tag or note.tag, stream.size) != (note.tag, note.size):
            self._restart()
            raise Unreachable("the file is another one than before")
        if stream.start != self._size:
            self._restart()
        if stream.start != self._size:
            raise BadResponse("the server sends another part of the file than was asked for")
        if stream.size is not None and stream.size > self._bounds.most:
            raise _too_large(f"{stream.size:,} bytes", self._bounds.most)
        named = _EXTENSION.search(stream.name)
        extension = named[1].lower() if named else note.extension
        found = replace(note, tag=stream.tag, size=stream.size, extension=extension)
        if found != note:
            self.note = self._place.keep(found)
        self._tell(Seen(self._size, stream.size))

    def _take(self, chunk: bytes) -> None:
        if self._wait(0):
            raise Interrupted("interrupted", hint="run it again: it goes on where it stopped")
        if time.monotonic() > self._until:
            raise TookTooLong(
                f"after {self._bounds.deadline:g} s {self._size:,} bytes are there",
                hint="run it again: it goes on where it stopped",
            )
        most = self._bounds.most if self.note.size is None else self.note.size
        if self._size + len(chunk) > most:
            raise _too_large("more", most)
        self._file.write(chunk)
        self._digest.update(chunk)
        self._size += len(chunk)
        self._tell(Seen(self._size, self.note.size))

    def _restart(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._size = 0
        self._digest = sha256()

    def _pause(self, in_vain: int) -> None:
        if self._wait(min(8.0, self._bounds.first_wait * 2**in_vain)):
            raise Interrupted("interrupted", hint="run it again: it goes on where it stopped")


def _kept(error: ApiError, size: int) -> ApiError:
    if size:
        error.hint = f"run it again: it goes on after the {size:,} bytes that are there"
    return error


def _too_large(size: str, most: int) -> Rejected:
    return Rejected(
        f"the server sends {size}, and {most:,} bytes are taken at most",
        hint="allow more with --max-size",
    )
