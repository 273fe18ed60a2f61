"""Which models of a catalog are as they were at a commit, by what Git keeps of their files."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalogsync.manifest.discover import MANIFESTS
from catalogsync.manifest.git import ask, without_filters
from catalogsync.manifest.root import CATALOG, MODELS
from catalogsync.manifest.words import Unfit

_NOT_LOOKED_AT = re.compile(rb"(?:\A|\0)[a-zS] ")
"""A file of which Git was told to assume that it never changes, or to leave it out."""

_UNKNOWN = re.compile(r"0+")
"""What Git says for the content of a file that is not the one that was staged."""

_TEXTS = (".yaml", ".yml", ".md", ".txt")


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The models whose folders hold what a commit holds, and those that hold no asset of others.

    Both by their keys, and both empty where Git cannot tell, or catalog.yaml is another one.
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
    if tracked.returncode or changed.returncode or _NOT_LOOKED_AT.search(tracked.stdout):
        return NOTHING
    there, differing = list(_tracked(tracked.stdout)), list(_changed(changed.stdout))
    if CATALOG not in dict(there) or CATALOG in dict(differing):
        return NOTHING
    touched = {_folder(path) for path, _ in differing}
    folders = {_folder(path) for path, _ in there if _is_manifest(path)} - touched
    if any(_UNKNOWN.fullmatch(oid) and _is_asset(path) for path, oid in differing):
        return Unchanged(frozenset(folders))
    return Unchanged(frozenset(folders), frozenset(folders - _sharing(there, folders)))


def _sharing(files: list[tuple[str, str]], folders: set[str]) -> set[str]:
    """Those of the folders in which a file is the same as one outside of all of them."""
    holders: defaultdict[str, set[str]] = defaultdict(set)
    outside = set()
    for path, oid in files:
        if _is_asset(path):
            folder = _folder(path)
            if folder in folders:
                holders[oid].add(folder)
            else:
                outside.add(oid)
    return {folder for oid in outside for folder in holders.get(oid, ())}


def _tracked(told: bytes) -> Iterator[tuple[str, str]]:
    """Every tracked file with the id of its content, as it was staged."""
    for line in _lines(told):
        facts, _, path = line.partition("\t")
        yield path, facts.split(" ")[2]


def _changed(told: bytes) -> Iterator[tuple[str, str]]:
    """Every file that differs with the id of its content now."""
    lines = _lines(told)
    for facts in lines:
        yield next(lines), facts.split(" ")[3]


def _lines(told: bytes) -> Iterator[str]:
    return iter(told.decode("utf-8", "surrogateescape").split("\0")[:-1])


def _folder(path: str) -> str:
    """The folder below models/ that a path leads through, if any."""
    parts = path.split("/", 2)
    return parts[1] if len(parts) > 2 else ""


def _is_manifest(path: str) -> bool:
    """Whether it is the manifest in a folder of its own."""
    parts = path.split("/")
    return len(parts) == 3 and parts[2] in MANIFESTS


def _is_asset(path: str) -> bool:
    """Whether it may be an asset: everything but manifests and texts."""
    return not path.lower().endswith(_TEXTS)
