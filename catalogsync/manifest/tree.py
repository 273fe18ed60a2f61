"""The files of a Git tree as a source for the loader: nothing is checked out, no link followed."""

import posixpath
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from catalogsync.errors import CatalogSyncError
from catalogsync.manifest.blobs import Blobs, GitFile
from catalogsync.manifest.content import Content
from catalogsync.manifest.files import Parts, examined, require_size
from catalogsync.manifest.git import COMMAND, LOCAL, ask, environment
from catalogsync.manifest.media import Format
from catalogsync.manifest.words import Unfit, did_you_mean, quote
from catalogsync.model import AssetRef, LocalFile
from catalogsync.values import dataclass

_LOOKED_INTO = 16 << 20
"""The largest file that is looked into, in bytes; of a larger one only the digest is taken."""

_MOST_ENTRIES = 1_000_000
_CHUNK = 1 << 18

_FILE = "100"
_FOLDER = "040000 tree "
_LINK, _SUBMODULE = "120000", "160000"

_WHAT = {_LINK: "a link", _SUBMODULE: "a submodule"}


class KnownBlobs(Protocol):
    """What earlier runs learned of Git's blobs, which never change."""

    def recall(self, oid: str, name: str) -> AssetRef | None:
        """What is in the blob of a file of this name, or None if it must be read."""
        ...

    def remember(self, oid: str, name: str, asset: AssetRef) -> None:
        """Note what was read from the blob of a file of this name."""
        ...


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """What a folder of the tree holds; `mode` is Git's, empty for a folder."""

    name: str
    mode: str = ""
    oid: str = ""
    leads_to_folder: bool = False

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is a folder, or leads to one."""
        return not self.mode or (follow_symlinks and self.leads_to_folder)

    def is_symlink(self) -> bool:
        """Whether it leads elsewhere: a link, or to another repository."""
        return self.mode in _WHAT


Tree = dict[Parts, dict[str, TreeEntry]]
"""What is in every folder, by name."""


class TreeFiles:
    """The files of a tree, read by way of their blobs; none of them is on disk.

    `held` are those that were asked for as assets, by their sha256.
    """

    def __init__(self, tree: Tree, blobs: Blobs, memory: KnownBlobs | None = None) -> None:
        self.by_digest: dict[str, LocalFile] = {}
        self.held: dict[str, GitFile] = {}
        self._tree = tree
        self._blobs = blobs
        self._memory = memory

    def entries(self, parts: Parts) -> list[TreeEntry]:
        """What is in a folder, in the order of the names."""
        folder = self._folder(parts)
        return [self._seen(parts, folder[name]) for name in sorted(folder)]

    def read(self, parts: Parts, limit: int) -> bytes:
        """At most the first `limit` bytes of a file."""
        self._blobs.turn_to(self._file(parts).oid)
        return self._blobs.read(limit)

    def require_file(self, parts: Parts) -> None:
        """Raises `Unfit` unless there is a regular file."""
        self._file(parts)

    def settle(self) -> None:
        """Nothing is put off."""

    def not_downloaded(self, parts: Parts) -> Unfit:
        """What to say of a Git LFS pointer where a text is due."""
        return Unfit("a Git LFS pointer, Git does not have the text", "keep texts out of Git LFS")

    def asset(self, parts: Parts, form: Format) -> AssetRef:
        """The asset that a file is."""
        oid, name = self._file(parts).oid, parts[-1]
        asset = self._memory.recall(oid, name) if self._memory else None
        if asset is None:
            asset = self._examined(oid, name, form)
            if self._memory:
                self._memory.remember(oid, name, asset)
        self.held[asset.sha256] = GitFile(self._blobs.root, oid)
        return asset

    def _examined(self, oid: str, name: str, form: Format) -> AssetRef:
        size = self._blobs.turn_to(oid)
        if size <= _LOOKED_INTO:
            return examined(Content(-1, size, self._blobs.read(size)), name, form)
        require_size(size)
        digest = sha256()
        while data := self._blobs.read(_CHUNK):
            digest.update(data)
        return AssetRef(digest.hexdigest(), "", name, form.kind, form.media_type, size)

    def _seen(self, parts: Parts, entry: TreeEntry) -> TreeEntry:
        """The entry, a link with what it leads to."""
        if entry.mode != _LINK:
            return entry
        self._blobs.turn_to(entry.oid)
        target = self._blobs.read(_CHUNK).decode("utf-8", "surrogateescape")
        path = posixpath.normpath(posixpath.join(*parts, target))
        return TreeEntry(entry.name, entry.mode, entry.oid, tuple(path.split("/")) in self._tree)

    def _file(self, parts: Parts) -> TreeEntry:
        folder = self._folder(parts[:-1])
        found = folder.get(parts[-1]) or _raise_missing(parts[-1], folder)
        if found.mode.startswith(_FILE):
            return found
        if found.is_symlink():
            raise Unfit(f"{quote(found.name)} is {_WHAT[found.mode]}", "put the file itself there")
        raise Unfit(f"{quote('/'.join(parts))} is a folder", "name a file")

    def _folder(self, parts: Parts) -> dict[str, TreeEntry]:
        if parts in self._tree:
            return self._tree[parts]
        above = self._folder(parts[:-1])
        found = above.get(parts[-1]) or _raise_missing(parts[-1], above)
        if found.is_symlink():
            raise Unfit(f"{quote(found.name)} is {_WHAT[found.mode]}", "put the folder there")
        raise Unfit(f"{quote(found.name)} is no folder", "check the path")


def _raise_missing(name: str, folder: dict[str, TreeEntry]) -> "TreeEntry":
    raise Unfit(f"{quote(name)} is not there", did_you_mean(name, folder) or "check the path")


def listed(root: Path, tree: str, paths: tuple[str, ...]) -> Tree:
    """What is below some paths of a tree of the repository that `root` is in."""
    found: Tree = {(): {}}
    for count, (mode, oid, path) in enumerate(_lines(root, tree, paths)):
        if count >= _MOST_ENTRIES:
            raise CatalogSyncError(
                f"more than {_MOST_ENTRIES:,} files are in the catalog at that commit",
                hint="choose another commit",
            )
        *folders, name = path.split("/")
        _make_folder(found, tuple(folders))[name] = TreeEntry(name, mode, oid, mode == _SUBMODULE)
    return found


def folders_in(root: Path, tree: str, folder: str) -> frozenset[str] | None:
    """The names of the folders in a folder of a tree, or None where it holds anything else."""
    answer = ask(root, "ls-tree", "-z", "--full-tree", tree, "--", f"{folder}/")
    entries = answer.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    found = [entry.partition("\t") for entry in entries]
    if answer.returncode or not all(facts.startswith(_FOLDER) for facts, _, _ in found):
        return None
    return frozenset(path.removeprefix(f"{folder}/") for _, _, path in found)


def _make_folder(tree: Tree, parts: Parts) -> dict[str, TreeEntry]:
    made: list[Parts] = []
    while parts not in tree:
        made.append(parts)
        parts = parts[:-1]
    for each in reversed(made):
        tree[each[:-1]][each[-1]] = TreeEntry(each[-1])
        tree[each] = {}
    return tree[made[0] if made else parts]


def _lines(root: Path, tree: str, paths: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """The mode, id and path of every file, link and submodule."""
    command = [*COMMAND, "ls-tree", "-r", "-z", "--full-tree", tree, "--", *paths]
    with subprocess.Popen(
        command,
        cwd=root,
        env=environment() | LOCAL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout
        try:
            rest = b""
            while data := process.stdout.read(_CHUNK):
                *lines, rest = (rest + data).split(b"\0")
                for line in lines:
                    facts, _, path = line.partition(b"\t")
                    mode, _, oid = facts.decode().split(" ")
                    yield mode, oid, path.decode("utf-8", "surrogateescape")
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise CatalogSyncError(
            "git ls-tree cannot list the commit", hint="git fsck tells whether the clone is whole"
        )
