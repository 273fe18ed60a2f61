"""A large file on its way: read by several threads while it is checked to be the planned one."""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import Executor
from threading import Event
from types import TracebackType
from typing import BinaryIO

from catalogsync.errors import FileChanged, Interrupted
from catalogsync.model import AssetRef

CHUNK = 1024 * 1024
"""How much of a file a thread that sends has in memory at a time, in bytes."""

_HASHED = CHUNK // 4
"""How much of it is hashed at a time: what fits a processor's own cache."""


class PlannedFile:
    """An open file that is hashed in a thread of its own while others send it.

    Everything is read from one descriptor, which has to stay open until the `with` ends.
    """

    def __init__(self, asset: AssetRef, file: BinaryIO, *, stop: Event, hashing: Executor) -> None:
        self.asset = asset
        self._descriptor = file.fileno()
        self._stop = stop
        self._over = Event()
        status = os.fstat(self._descriptor)
        if status.st_size != asset.size:
            raise changed(asset)
        self._stamp = _stamp(status)
        self._check = hashing.submit(self._hash)

    def __enter__(self) -> "PlannedFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.give_up()
        if not self._check.cancel():
            self._check.exception()

    def give_up(self) -> None:
        """End whatever still reads."""
        self._over.set()

    def confirm(self) -> None:
        """Wait for the hash; raise `FileChanged` unless this was the planned file all the time."""
        self._check.result()
        if _stamp(os.fstat(self._descriptor)) != self._stamp:
            raise changed(self.asset)

    def chunks(self, start: int, length: int) -> Iterator[bytes]:
        """Yield a piece by chunks; raise `FileChanged` once this is not the planned file."""
        at, end = start, start + length
        while at < end:
            self._require_wanted()
            chunk = os.pread(self._descriptor, min(CHUNK, end - at), at)
            if not chunk:
                raise changed(self.asset)
            at += len(chunk)
            yield chunk

    def _require_wanted(self) -> None:
        if self._stop.is_set():
            raise Interrupted("interrupted")
        if self._over.is_set():
            raise changed(self.asset)

    def _hash(self) -> None:
        digest = hashlib.sha256()
        buffer = memoryview(bytearray(_HASHED))
        at = 0
        while at < self.asset.size:
            self._require_wanted()
            count = os.preadv(self._descriptor, [buffer], at)
            if not count:
                raise changed(self.asset)
            digest.update(buffer[:count])
            at += count
        if digest.hexdigest() != self.asset.sha256:
            self.give_up()
            raise changed(self.asset)


def changed(asset: AssetRef) -> FileChanged:
    """The error for a file that is not the planned one."""
    message = f"{asset.name} changed after it was planned"
    return FileChanged(message, hint="plan again, then apply")


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    """What changes when a file's content does: even a mended mtime leaves its mark on ctime."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns
