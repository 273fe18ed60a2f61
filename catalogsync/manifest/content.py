"""Looking into a file's bytes at any offset, whether they are in memory or on disk."""

import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from threading import Event

from catalogsync.errors import Interrupted

_CHUNK = 1 << 18


class BadContent(Exception):
    """The content is not what the extension says, or is damaged; holds none of its bytes."""


class Content:
    """The bytes of a file: a small file's all in memory, a large one's read where asked for.

    Nothing of a large one is hashed any more once it is `stopped`.
    """

    def __init__(
        self, descriptor: int, size: int, data: bytes | None, stopped: Event | None = None
    ) -> None:
        self.size = size
        self._stopped = stopped
        self._descriptor = descriptor
        self._data = data

    def at(self, offset: int, count: int) -> bytes:
        """At most `count` bytes from `offset`."""
        if self._data is not None:
            return self._data[offset : offset + count]
        return os.pread(self._descriptor, count, offset)

    def number(self, offset: int, count: int) -> int:
        """A big-endian number of `count` bytes; raises `BadContent` when the file ends before."""
        found = self.at(offset, count)
        if len(found) < count:
            raise cut_off()
        return int.from_bytes(found, "big")

    def tail(self, count: int) -> bytes:
        """At most the last `count` bytes."""
        return self.at(max(0, self.size - count), count)

    def sha256(self) -> str:
        """The digest of all of it; a large file is read from where its descriptor stands.

        Raises `Interrupted` where it was stopped before the end.
        """
        if self._data is not None:
            return sha256(self._data).hexdigest()
        digest = sha256()
        buffer = memoryview(bytearray(_CHUNK))
        with os.fdopen(self._descriptor, "rb", buffering=0, closefd=False) as stream:
            while count := stream.readinto(buffer):
                if self._stopped and self._stopped.is_set():
                    raise Interrupted("interrupted")
                digest.update(buffer[:count])
        return digest.hexdigest()


Check = Callable[[Content], tuple[int, int]]
"""Raises `BadContent`, or answers width and height (0, 0 where a format has none)."""


def cut_off() -> BadContent:
    """The file ends before its content does."""
    return BadContent("is cut off")


def begins(content: Content, signature: bytes, offset: int = 0) -> None:
    """Raises `BadContent` unless `signature` is at `offset`."""
    if content.at(offset, len(signature)) != signature:
        raise BadContent("holds something else")


MAX_BOXES = 10_000


def boxes(content: Content, start: int, end: int) -> dict[bytes, tuple[int, int]]:
    """The first ISO base media box of each type between two offsets: (start of content, end)."""
    found: dict[bytes, tuple[int, int]] = {}
    for kind, first, last in each_box(content, start, end):
        found.setdefault(kind, (first, last))
    return found


def each_box(content: Content, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The ISO base media boxes between two offsets, in order: type, start of content, end."""
    at = start
    for _ in range(MAX_BOXES):
        if at == end:
            return
        size, header = content.number(at, 4), 8
        kind = content.at(at + 4, 4)
        if size == 1:
            size, header = content.number(at + 8, 8), 16
        elif size == 0:
            size = end - at
        if size < header or at + size > end:
            raise cut_off()
        yield kind, at + header, at + size
        at += size
    raise BadContent("has too many parts")
