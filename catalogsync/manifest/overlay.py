"""A catalog as it would be with other files in it: nothing is written to find out."""

import os
from collections.abc import Mapping
from pathlib import Path

from catalogsync.errors import Problem
from catalogsync.manifest.catalog import read
from catalogsync.manifest.files import Entry, Parts
from catalogsync.manifest.folder import Folder, KnownFiles
from catalogsync.manifest.media import Format
from catalogsync.manifest.root import MODELS
from catalogsync.manifest.words import Unfit
from catalogsync.model import AssetRef, Catalog, LocalFile
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class _Planned:
    """A file or folder that is not there yet."""

    name: str
    folder: bool

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is a folder."""
        return self.folder

    def is_symlink(self) -> bool:
        """It never is."""
        return False


class Overlay:
    """The files of a folder, but for those that are given: they go before it."""

    def __init__(
        self, folder: Folder, texts: Mapping[Parts, bytes], assets: Mapping[Parts, AssetRef]
    ) -> None:
        self._folder = folder
        self._texts = texts
        self._assets = assets
        self._folders: dict[Parts, dict[str, _Planned]] = {(MODELS,): {}}
        for parts in (*texts, *assets):
            for depth in range(1, len(parts) + 1):
                held = self._folders.setdefault(parts[: depth - 1], {})
                held.setdefault(parts[depth - 1], _Planned(parts[depth - 1], depth < len(parts)))

    @property
    def by_digest(self) -> Mapping[str, LocalFile]:
        """Where on disk the assets are that were looked at, by their sha256."""
        return self._folder.by_digest

    def entries(self, parts: Parts) -> list[Entry]:
        """What is in a folder, in the order of the names."""
        found: dict[str, Entry] = {}
        planned = self._folders.get(parts)
        try:
            found = {entry.name: entry for entry in self._folder.entries(parts)}
        except Unfit:
            if planned is None or os.path.lexists(self._folder.root.joinpath(*parts)):
                raise
        return [entry for _, entry in sorted({**(planned or {}), **found}.items())]

    def read(self, parts: Parts, limit: int) -> bytes:
        """At most the first `limit` bytes of a file."""
        held = self._texts.get(parts)
        return self._folder.read(parts, limit) if held is None else held[:limit]

    def require_file(self, parts: Parts) -> None:
        """Raises `Unfit` unless there is, or will be, a regular file that Git tracks."""
        if parts not in self._texts:
            self._folder.require_file(parts)

    def asset(self, parts: Parts, form: Format) -> AssetRef:
        """The asset that a file is, or will be."""
        held = self._assets.get(parts)
        return self._folder.asset(parts, form) if held is None else held

    def settle(self) -> None:
        """Look into the files that were put off."""
        self._folder.settle()

    def not_downloaded(self, parts: Parts) -> Unfit:
        """What to say of a Git LFS pointer where a text is due."""
        return self._folder.not_downloaded(parts)


def load_with(
    root: Path,
    texts: Mapping[Parts, bytes],
    assets: Mapping[Parts, AssetRef],
    *,
    known: KnownFiles | None = None,
) -> tuple[Catalog, tuple[Problem, ...]]:
    """The catalog as it would be with these files in it, and what would be wrong with it.

    It may be empty.
    """
    problems: list[Problem] = []
    with Folder(Path(os.path.realpath(root)), known) as folder:
        catalog = read(Overlay(folder, texts, assets), problems, may_be_empty=True)
    return catalog, tuple(dict.fromkeys(problems))
