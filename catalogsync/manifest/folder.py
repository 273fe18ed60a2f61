"""A catalog's folder on disk: each file opened safely, read through one descriptor, hashed once."""

import os
from io import BufferedReader
from pathlib import Path
from threading import Event
from typing import Protocol

from catalogsync.errors import FileChanged
from catalogsync.hashed import Hashed, stamp_of
from catalogsync.manifest.content import Content
from catalogsync.manifest.files import PUT_OFF, examined
from catalogsync.manifest.later import Later
from catalogsync.manifest.lfs import MAX_POINTER, NotDownloaded, pointer
from catalogsync.manifest.media import Format
from catalogsync.manifest.paths import Opener
from catalogsync.manifest.tracked import Tracked
from catalogsync.manifest.words import Unfit
from catalogsync.model import AssetRef, LocalFile

NOT_TRACKED = "not tracked by Git"

_IN_MEMORY = 1 << 20
_CHUNK = 1 << 12
_WORTH_A_CORE = 1 << 17
"""Bytes above which hashing outweighs what it takes to hand a file to another core."""


def open_file(file: LocalFile) -> BufferedReader:
    """Opens a file of the catalog for reading; raises `FileChanged` if it is not one any more."""
    try:
        return opened(file)
    except Unfit as bad:
        raise FileChanged(f"{file.path}: {bad.message}", hint=bad.hint) from None


def opened(file: LocalFile) -> BufferedReader:
    """A file of the catalog, open for reading; raises `Unfit` if it is not one any more."""
    try:
        with Opener(file.root) as opener:
            descriptor, found = opener.open(file.parts)
    except OSError as error:
        raise Unfit(f"{file.root} cannot be opened: {error.strerror}") from None
    stream = os.fdopen(descriptor, "rb")
    try:
        if found.st_size <= MAX_POINTER and pointer(os.pread(descriptor, MAX_POINTER, 0)):
            raise NotDownloaded(file.root, file.path)
    except BaseException:
        stream.close()
        raise
    return stream


class KnownFiles(Protocol):
    """What earlier runs learned of the files below the catalog's folder."""

    def knows(self, path: str) -> bool:
        """Whether there was a file with this path."""
        ...

    def recall(self, path: str, status: os.stat_result) -> AssetRef | None:
        """What is in the file with this path and status, or None if it must be read."""
        ...

    def remember(self, path: str, status: os.stat_result, asset: AssetRef) -> None:
        """Note what was read from a file that had this status before."""
        ...


class Folder:
    """The files below one folder; with `later`, large ones that must be read are put off."""

    def __init__(
        self,
        root: Path,
        memory: KnownFiles | None = None,
        hashed: Hashed | None = None,
        tracked: Tracked | None = None,
        later: Later | None = None,
    ) -> None:
        self.root = root
        self._memory = memory
        self._hashed = hashed
        self._later = later
        self.by_digest: dict[str, LocalFile] = {}
        self._only_pointers: set[str] = set()
        self._opener = Opener(root)
        self._tracked = tracked or Tracked(root)

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, *_: object) -> None:
        self._opener.close()

    def entries(self, parts: tuple[str, ...]) -> list[os.DirEntry[str]]:
        """What is in a folder."""
        return self._opener.entries(parts)

    def read(self, parts: tuple[str, ...], limit: int) -> bytes:
        """At most the first `limit` bytes of a file."""
        descriptor, found = self._opener.open(parts)
        try:
            return _read(descriptor, limit, found.st_size + 1)
        finally:
            os.close(descriptor)

    def require_file(self, parts: tuple[str, ...]) -> None:
        """Raises `Unfit` unless there is a tracked, regular file."""
        # The reasons that have nothing to do with Git are the better ones.
        os.close(self._opener.open(parts)[0])
        self._require_tracked("/".join(parts))

    def not_downloaded(self, parts: tuple[str, ...]) -> Unfit:
        """What to say of a Git LFS pointer where a text is due."""
        return NotDownloaded(self.root, "/".join(parts))

    def asset(self, parts: tuple[str, ...], form: Format) -> AssetRef:
        """The asset that a file is, which Git must track; one that is known is not opened."""
        path = "/".join(parts)
        found = self._recalled(parts, path) or self._read(parts, path, form)
        if found is None:
            return PUT_OFF
        asset, status = found
        self._place(parts, asset, is_pointer=status.st_size != asset.size)
        return asset

    def settle(self) -> None:
        """Look into the files that were put off, on every core."""
        if self._later:
            self._later.settle(self._looked_into)

    def _recalled(
        self, parts: tuple[str, ...], path: str
    ) -> tuple[AssetRef, os.stat_result] | None:
        """The asset that a tracked file is, and what the file is; None if it must be read."""
        if not self._memory or not self._memory.knows(path):
            return None
        status = self._opener.status(parts)
        asset = self._memory.recall(path, status) if status else None
        if asset is None or status is None:
            return None
        self._require_tracked(path)
        return asset, status

    def _read(
        self, parts: tuple[str, ...], path: str, form: Format
    ) -> tuple[AssetRef, os.stat_result] | None:
        """The asset that a tracked file is, and what the file was before it was read.

        None if it is put off.
        """
        descriptor, before = self._opener.open(parts)
        try:
            self._require_tracked(path)
            if self._later and before.st_size > _WORTH_A_CORE:
                read = self._later.asset(parts, form, self._looked_into)
                if read is None:
                    return None
                asset, before = read
            else:
                asset = self._examined(descriptor, before, parts[-1], form)
        finally:
            os.close(descriptor)
        if self._memory:
            self._memory.remember(path, before, asset)
        return asset, before

    def _looked_into(self, parts: tuple[str, ...], form: Format) -> tuple[AssetRef, os.stat_result]:
        """The same of a large file, from any thread: it is opened by a way of its own."""
        with Opener(self.root) as opener:
            descriptor, before = opener.open(parts)
            try:
                return self._examined(descriptor, before, parts[-1], form), before
            finally:
                os.close(descriptor)

    def _examined(
        self, descriptor: int, before: os.stat_result, name: str, form: Format
    ) -> AssetRef:
        """The asset in a file; noted if it is a large one whose stamp will tell of any write."""
        stopped = self._later.stopped if self._later else None
        if before.st_size <= _IN_MEMORY or not self._hashed:
            return _steady(descriptor, before, name, form, stopped)
        stamp = stamp_of(before)
        tells = self._hashed.can_tell(descriptor, stamp)
        asset = _steady(descriptor, before, name, form, stopped)
        if tells:
            self._hashed.note(stamp, asset.sha256)
        return asset

    def _require_tracked(self, path: str) -> None:
        names = self._tracked.names
        if names is not None and path not in names:
            raise Unfit(NOT_TRACKED, "git add it: only tracked files are uploaded")

    def _place(self, parts: tuple[str, ...], asset: AssetRef, *, is_pointer: bool) -> None:
        """Notes where a content is: the first file that holds it, if need be a pointer to it."""
        known = self.by_digest.get(asset.sha256)
        if known and (is_pointer or asset.sha256 not in self._only_pointers):
            return
        self.by_digest[asset.sha256] = LocalFile(self.root, parts)
        if is_pointer:
            self._only_pointers.add(asset.sha256)
        else:
            self._only_pointers.discard(asset.sha256)


def _steady(
    descriptor: int, before: os.stat_result, name: str, form: Format, stopped: Event | None
) -> AssetRef:
    """The asset in a file that did not change while it was read."""
    size = before.st_size
    data = _read(descriptor, size, size) if size <= _IN_MEMORY else None
    asset = examined(Content(descriptor, size, data, stopped), name, form)
    after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Unfit("changed while it was read", "run the command again")
    return asset


def _read(descriptor: int, limit: int, expected: int) -> bytes:
    """At most `limit` bytes up to the end of a file, of which about as many are `expected`."""
    data = os.read(descriptor, min(limit, expected))
    while len(data) < limit and (more := os.read(descriptor, min(limit - len(data), _CHUNK))):
        data += more
    return data
