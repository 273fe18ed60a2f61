"""Which models of a catalog are as they were at a commit, by what Git keeps of their files."""

import re
from dataclasses import dataclass
from pathlib import Path

from catalogsync.manifest.discover import MANIFESTS, USUAL
from catalogsync.manifest.git import ask, without_filters
from catalogsync.manifest.root import CATALOG, MODELS
from catalogsync.manifest.words import Unfit

_NOT_LOOKED_AT = re.compile(rb"\0[a-zS] ")
"""A file, behind a NUL, of which Git was told to assume that it never changes, or to skip it."""

_FOLDER = f"{MODELS}/([^/\\0]+)/"
_TRACKED = re.compile(rf"[^\0] [0-7]+ ([0-9a-f]+) \d\t((?:{_FOLDER})?[^\0]+)\0".encode())
"""A tracked file: the id of its content as it was staged, its path, the folder of a model."""

_CHANGED = re.compile(
    rf":[0-7]+ [0-7]+ [0-9a-f]+ ([0-9a-f]+) \w+\0((?:{_FOLDER})?[^\0]+)\0".encode()
)
"""A file that differs: the id of its content now, its path, the folder of a model."""

_MANIFEST = re.compile(rf"{_FOLDER}({'|'.join(sorted(map(re.escape, MANIFESTS)))})".encode())
"""The path of the manifest in a folder of its own."""

_UNKNOWN = re.compile(rb"0+")
"""What Git says for the content of a file that is not the one that was staged."""

_CATALOG = CATALOG.encode()
_TEXTS = (b".yaml", b".yml", b".md", b".txt")

File = tuple[bytes, bytes, bytes]
"""What Git says of a file: an id of its content, its path, the folder below models/ if any."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The models whose folders hold what a commit holds, and those that hold no asset of others.

    Both by their keys, and both empty where Git cannot tell, or catalog.yaml is another one. Of the
    second ones the manifest has its usual name.
    """

    keys: frozenset[str] = frozenset()
    alone: frozenset[str] = frozenset()


NOTHING = Unchanged()


def compared_with(root: Path, commit: str) -> Unchanged:
    """Compare the tracked files of a catalog with a commit: Git looks at stamps before contents."""
    try:
        quiet = without_filters(root)
    except Unfit:
        return NOTHING
    paths = ("--", CATALOG, MODELS)
    tracked = ask(root, "ls-files", "-v", "-s", "-z", *paths)
    compare = ("diff-index", "--raw", "-z", "--abbrev=64", "--relative", "--no-renames")
    changed = ask(root, *quiet, *compare, "--ignore-submodules=dirty", commit, *paths)
    if tracked.returncode or changed.returncode or _NOT_LOOKED_AT.search(b"\0" + tracked.stdout):
        return NOTHING
    # Of ten thousand models Git tells a hundred thousand lines: what may be done to all of them
    # is done by regular expressions.
    there: list[File] = _TRACKED.findall(tracked.stdout)
    differing: list[File] = _CHANGED.findall(changed.stdout)
    if _has_catalog(differing) or not _has_catalog(there):
        return NOTHING
    touched = {folder for _, _, folder in differing}
    manifests = [
        named for _, path, folder in there if folder and (named := _MANIFEST.fullmatch(path))
    ]
    folders = {named[1] for named in manifests} - touched
    unusual = {named[1] for named in manifests if named[2] != USUAL.encode()}
    if any(_UNKNOWN.fullmatch(oid) and _is_asset(path) for oid, path, _ in differing):
        return Unchanged(_keys(folders))
    return Unchanged(_keys(folders), _keys(folders - unusual - _sharing(there, folders)))


def _sharing(files: list[File], folders: set[bytes]) -> set[bytes]:
    """Those of the folders in which a file is the same as one outside of all of them."""
    outside = {oid for oid, path, folder in files if folder not in folders and _is_asset(path)}
    return {
        folder
        for oid, path, folder in files
        if oid in outside and folder in folders and _is_asset(path)
    }


def _has_catalog(files: list[File]) -> bool:
    return any(path == _CATALOG for _, path, _ in files)


def _keys(folders: set[bytes]) -> frozenset[str]:
    return frozenset(folder.decode("utf-8", "surrogateescape") for folder in folders)


def _is_asset(path: bytes) -> bool:
    """Whether it may be an asset: everything but manifests and texts."""
    return not path.lower().endswith(_TEXTS)
