"""A large file on its way: read by several threads while it is checked to be the planned one."""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from threading import Condition, Event
from typing import BinaryIO

from catalogsync.errors import FileChanged, Interrupted
from catalogsync.hashed import Hashed, stamp_of
from catalogsync.model import AssetRef

CHUNK = 512 * 1024
"""How much of a file a thread that sends has in memory at a time, in bytes."""

_HASHED = 2 * CHUNK
"""How much of it is hashed at a time: what fits a processor's own cache."""

_NEWS = 8 * CHUNK
"""After how much that is hashed those who wait for it are told, in bytes."""


class PlannedFile:
    """An open file that is hashed in a thread of its own while others send it.

    Where it was `hashed` by this process already, and nothing can have changed it since without
    a trace, that is not done again. Everything is read from one descriptor, which has to stay
    open until the `with` ends.
    """

    def __init__(
        self,
        asset: AssetRef,
        file: BinaryIO,
        *,
        stop: Event,
        hashing: Executor,
        hashed: Hashed | None = None,
    ) -> None:
        self.asset = asset
        self._descriptor = file.fileno()
        self._stop = stop
        self._over = Event()
        self._news = Condition()
        self._stamp = stamp_of(os.fstat(self._descriptor))
        if self._stamp.size != asset.size:
            raise changed(asset)
        self._at = 0
        self._check: Future[None] | None = None
        if hashed and hashed.holds(self._stamp, asset.sha256):
            self._at = asset.size
        else:
            self._check = hashing.submit(self._hash)

    def __enter__(self) -> "PlannedFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.give_up()
        if self._check and not self._check.cancel():
            self._check.exception()

    def give_up(self) -> None:
        """End whatever still reads."""
        with self._news:
            self._over.set()
            self._news.notify_all()

    def confirm(self) -> None:
        """Wait for the hash; raise `FileChanged` unless this was the planned file all the time."""
        if self._check:
            self._check.result()
        if stamp_of(os.fstat(self._descriptor)) != self._stamp:
            raise changed(self.asset)

    def wait_until_hashed(self, end: int) -> None:
        """Wait until the hash is so far; raise `FileChanged` once this is not the planned file.

        Threads that send as fast as they can would leave no processor to the one that hashes.
        """
        with self._news:
            self._news.wait_for(lambda: self._at >= end or self._over.is_set())
        self._require_wanted()

    def chunks(self, start: int, length: int) -> Iterator[memoryview]:
        """Yield a piece by chunks, each in the place of the one before.

        Raises `FileChanged` once this is not the planned file.
        """
        buffer = memoryview(bytearray(min(CHUNK, length)))
        at, end = start, start + length
        while at < end:
            self._require_wanted()
            count = os.preadv(self._descriptor, [buffer[: end - at]], at)
            if not count:
                raise changed(self.asset)
            at += count
            yield buffer[:count]

    def _require_wanted(self) -> None:
        if self._stop.is_set():
            raise Interrupted("interrupted")
        if self._over.is_set():
            raise changed(self.asset)

    def _hash(self) -> None:
        try:
            digest = self._digest()
        except BaseException:
            self.give_up()
            raise
        if digest != self.asset.sha256:
            self.give_up()
            raise changed(self.asset)
        self._tell(self.asset.size)

    def _digest(self) -> str:
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
            # The end is told once the digest is right: another file never goes up whole.
            if at - self._at >= _NEWS and at < self.asset.size:
                self._tell(at)
        return digest.hexdigest()

    def _tell(self, at: int) -> None:
        with self._news:
            self._at = at
            self._news.notify_all()


def changed(asset: AssetRef) -> FileChanged:
    """The error for a file that is not the planned one."""
    message = f"{asset.name} changed after it was planned"
    return FileChanged(message, hint="plan again, then apply")
