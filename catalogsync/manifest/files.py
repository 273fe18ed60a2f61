"""The files of a catalog: each opened safely, read through one descriptor, hashed once."""

import os
from hashlib import sha256
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import Protocol

from catalogsync.errors import FileChanged
from catalogsync.manifest.content import Content
from catalogsync.manifest.lfs import MAX_POINTER, NotDownloaded, pointer
from catalogsync.manifest.media import Format, check, format_of
from catalogsync.manifest.paths import Opener
from catalogsync.manifest.tracked import tracked_files
from catalogsync.manifest.words import Unfit
from catalogsync.model import LARGEST_FILE, AssetRef, LocalFile

_IN_MEMORY = 1 << 20
_CHUNK = 1 << 18


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

    def recall(self, parts: tuple[str, ...], status: os.stat_result) -> AssetRef | None:
        """What is in the file with this path and status, or None if it must be read."""
        ...

    def remember(self, parts: tuple[str, ...], status: os.stat_result, asset: AssetRef) -> None:
        """Note what was read from a file that had this status before."""
        ...


class Files:
    """Reads files below one folder; remembers every asset it has hashed."""

    def __init__(self, root: Path, memory: KnownFiles | None = None) -> None:
        self.root = root
        self._memory = memory
        self.by_digest: dict[str, LocalFile] = {}
        self._only_pointers: set[str] = set()
        self._opener = Opener(root)
        self._known: dict[tuple[str, ...], AssetRef | Unfit] = {}
        self._tracked: frozenset[str] | None = None
        self._asked_git = False

    def __enter__(self) -> "Files":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opener.__exit__(kind, error, trace)

    def entries(self, parts: tuple[str, ...]) -> list[os.DirEntry[str]]:
        """What is in a folder."""
        return self._opener.entries(parts)

    def read(self, parts: tuple[str, ...], limit: int) -> bytes:
        """A small file's content; raises `Unfit` when it is larger than `limit` bytes."""
        descriptor, _ = self._opener.open(parts)
        try:
            data = _read(descriptor, limit + 1)
        finally:
            os.close(descriptor)
        if len(data) > limit:
            raise Unfit(f"larger than {limit // 1024} KiB", "split the file")
        if pointer(data[:MAX_POINTER]):
            raise NotDownloaded(self.root, "/".join(parts))
        return data

    def read_text(self, parts: tuple[str, ...], limit: int) -> bytes:
        """The content of a text that is sent to the server, so a tracked one."""
        self.require_tracked(parts)
        return self.read(parts, limit)

    def asset(self, parts: tuple[str, ...]) -> AssetRef:
        """The asset that a file is; raises `Unfit` when it is not fit to be one."""
        known = self._known.get(parts)
        if known is None:
            try:
                known = self._examine(parts)
            except Unfit as bad:
                known = bad
            self._known[parts] = known
        if isinstance(known, Unfit):
            raise known
        return known

    def require_file(self, parts: tuple[str, ...]) -> None:
        """Raises `Unfit` unless there is a tracked, regular file."""
        self.require_tracked(parts)
        os.close(self._opener.open(parts)[0])

    def require_tracked(self, parts: tuple[str, ...]) -> None:
        """Raises `Unfit` for a file that Git does not track."""
        if not self._asked_git:
            self._tracked = tracked_files(self.root)
            self._asked_git = True
        path = "/".join(parts)
        if self._tracked is not None and path not in self._tracked:
            # The reasons that have nothing to do with Git are the better ones.
            os.close(self._opener.open(parts)[0])
            raise Unfit("not tracked by Git", "git add it: only tracked files are uploaded")

    def _examine(self, parts: tuple[str, ...]) -> AssetRef:
        form = format_of(parts[-1])
        self.require_tracked(parts)
        descriptor, before = self._opener.open(parts)
        try:
            asset = self._memory.recall(parts, before) if self._memory else None
            if asset is None:
                asset = _steady(descriptor, before, parts[-1], form)
                if self._memory:
                    self._memory.remember(parts, before, asset)
        finally:
            os.close(descriptor)
        self._place(parts, asset, is_pointer=before.st_size != asset.size)
        return asset

    def _place(self, parts: tuple[str, ...], asset: AssetRef, *, is_pointer: bool) -> None:
        """Notes where a content is: the first file that holds it, if need be a pointer to it."""
        if asset.sha256 not in self.by_digest or (
            asset.sha256 in self._only_pointers and not is_pointer
        ):
            self.by_digest[asset.sha256] = LocalFile(self.root, parts)
            if is_pointer:
                self._only_pointers.add(asset.sha256)
            else:
                self._only_pointers.discard(asset.sha256)


def _steady(descriptor: int, before: os.stat_result, name: str, form: Format) -> AssetRef:
    """The asset in a file that did not change while it was read."""
    asset = _hashed(descriptor, before.st_size, name, form)
    after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Unfit("changed while it was read", "run the command again")
    return asset


def _hashed(descriptor: int, size: int, name: str, form: Format) -> AssetRef:
    data = _read(descriptor, size) if size <= _IN_MEMORY else None
    if data is not None and size <= MAX_POINTER and (found := pointer(data)):
        _require_size(found.size)
        return AssetRef(found.sha256, "", name, form.kind, form.media_type, found.size)
    _require_size(size)
    width, height = check(Content(descriptor, size, data), name, form)
    digest = sha256(data).hexdigest() if data is not None else _digest(descriptor)
    return AssetRef(digest, "", name, form.kind, form.media_type, size, width, height)


def _require_size(size: int) -> None:
    if not size:
        raise Unfit("the file is empty", "save it again")
    if size > LARGEST_FILE:
        raise Unfit(f"{size:,} bytes, the API takes {LARGEST_FILE:,}", "make it smaller")


def _read(descriptor: int, limit: int) -> bytes:
    data = os.read(descriptor, limit)
    while len(data) < limit and (more := os.read(descriptor, limit - len(data))):
        data += more
    return data


def _digest(descriptor: int) -> str:
    digest = sha256()
    buffer = memoryview(bytearray(_CHUNK))
    with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as stream:
        while count := stream.readinto(buffer):
            digest.update(buffer[:count])
    return digest.hexdigest()
