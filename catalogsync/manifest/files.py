"""The files of a catalog, wherever they come from: each examined once, and why one is not fit."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from catalogsync.manifest.canvases import canvas_format_of
from catalogsync.manifest.content import Content
from catalogsync.manifest.lfs import MAX_POINTER, pointer
from catalogsync.manifest.media import Format, check, format_of
from catalogsync.manifest.weights import weights_format_of
from catalogsync.manifest.words import Unfit
from catalogsync.model import LARGEST_FILE, AssetRef, LocalFile

Parts = tuple[str, ...]
"""The parts of a path below the catalog's folder."""


class Entry(Protocol):
    """What a folder holds: an `os.DirEntry` is one."""

    @property
    def name(self) -> str:
        """The name in the folder."""
        ...

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is a folder, or leads to one."""
        ...

    def is_symlink(self) -> bool:
        """Whether it leads elsewhere."""
        ...


PUT_OFF = AssetRef()
"""What a large file is for as long as it waits to be looked into with others."""


class Source(Protocol):
    """Where files come from; every method raises `Unfit` for what is not there or no good."""

    @property
    def by_digest(self) -> Mapping[str, LocalFile]:
        """Where on disk the assets are that were looked at, by their sha256."""
        ...

    def entries(self, parts: Parts) -> Sequence[Entry]:
        """What is in a folder, in the order of the names."""
        ...

    def read(self, parts: Parts, limit: int) -> bytes:
        """At most the first `limit` bytes of a file."""
        ...

    def require_file(self, parts: Parts) -> None:
        """Raises `Unfit` unless there is a regular file that Git tracks."""
        ...

    def asset(self, parts: Parts, form: Format) -> AssetRef:
        """The asset that a file is, which Git must track."""
        ...

    def settle(self) -> None:
        """Look into the files that were put off; from now on none is."""
        ...

    def not_downloaded(self, parts: Parts) -> Unfit:
        """What to say of a Git LFS pointer where a text is due."""
        ...


class Files:
    """Reads the files of one source; remembers every asset it has examined.

    `put_off` counts how often it answered that a file is still to be looked into.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.put_off = 0
        self._known: dict[Parts, AssetRef | Unfit] = {}
        self._names: dict[Parts, tuple[list[str], list[str]]] = {}

    def entries(self, parts: Parts) -> tuple[list[str], list[Entry]]:
        """What is in a folder, in the order of the names: its folders by name, and all else."""
        folders: list[str] = []
        others: list[Entry] = []
        for entry in self._source.entries(parts):
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            else:
                others.append(entry)
        self._names[parts] = folders, [entry.name for entry in others]
        return folders, others

    def names(self, parts: Parts, *, folders: bool) -> Sequence[str]:
        """The names of the folders in a folder, or of all else; it is listed only once."""
        if parts not in self._names:
            self.entries(parts)
        return self._names[parts][not folders]

    def read(self, parts: Parts, limit: int) -> bytes:
        """A small file's content; raises `Unfit` when it is larger than `limit` bytes."""
        data = self._source.read(parts, limit + 1)
        if len(data) > limit:
            raise Unfit(f"larger than {limit // 1024} KiB", "split the file")
        if pointer(data[:MAX_POINTER]):
            raise self._source.not_downloaded(parts)
        return data

    def read_text(self, parts: Parts, limit: int) -> bytes:
        """The content of a text that is sent to the server, so a tracked one."""
        self._source.require_file(parts)
        return self.read(parts, limit)

    def asset(self, parts: Parts) -> AssetRef:
        """The asset that a file is; raises `Unfit` when it is not fit to be one."""
        return self._file(parts, format_of)

    def canvas(self, parts: Parts) -> AssetRef:
        """The document of a canvas in a file; raises `Unfit` when it is none."""
        return self._file(parts, canvas_format_of)

    def weights(self, parts: tuple[str, ...]) -> AssetRef:
        """The weights in a file; raises `Unfit` when it is not fit to hold any."""
        return self._file(parts, weights_format_of)

    def _file(self, parts: tuple[str, ...], format_of: Callable[[str], Format]) -> AssetRef:
        known = self._known.get(parts)
        if known is None:
            try:
                known = self._source.asset(parts, format_of(parts[-1]))
            except Unfit as bad:
                known = bad
            if known is PUT_OFF:
                self.put_off += 1
                return PUT_OFF
            self._known[parts] = known
        if isinstance(known, Unfit):
            raise known
        return known

    def settle(self) -> None:
        """Look into the files that were put off; from now on none is."""
        self._source.settle()

    def require_file(self, parts: Parts) -> None:
        """Raises `Unfit` unless there is a tracked, regular file."""
        self._source.require_file(parts)


def examined(content: Content, name: str, form: Format) -> AssetRef:
    """The asset of a content that must be whole and what the file's name says, or a pointer."""
    if content.size <= MAX_POINTER and (found := pointer(content.at(0, MAX_POINTER))):
        require_size(found.size)
        return AssetRef(found.sha256, "", name, form.kind, form.media_type, found.size)
    require_size(content.size)
    width, height = check(content, name, form)
    digest = content.sha256()
    return AssetRef(digest, "", name, form.kind, form.media_type, content.size, width, height)


def require_size(size: int) -> None:
    """Raises `Unfit` for what is too little or too much for the API."""
    if not size:
        raise Unfit("the file is empty", "save it again")
    if size > LARGEST_FILE:
        raise Unfit(f"{size:,} bytes, the API takes {LARGEST_FILE:,}", "make it smaller")
