"""Sees to it, before anything is written, that every file that is to be sent can be opened."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from catalogsync.errors import FilesNotReady, Problem
from catalogsync.manifest.folder import opened
from catalogsync.manifest.git import work_tree
from catalogsync.manifest.lfs import NotDownloaded, pull, pull_hint
from catalogsync.manifest.words import Unfit, visible
from catalogsync.model import LocalFile

Faults = dict[LocalFile, Unfit]
"""Files that cannot be opened, and why."""

_NOT_BROUGHT = "git lfs pull did not bring them: see what it says, and whether git lfs install ran"


def make_ready(files: Iterable[LocalFile], *, lfs_pull: bool = False) -> None:
    """Raise `FilesNotReady` with every file that cannot be opened.

    With `lfs_pull`, Git LFS downloads those that are pointers first.
    """
    faults = _faults(files)
    if lfs_pull:
        for root, paths in _pointers(faults):
            if work_tree(root):
                pull(root, paths)
        faults = _faults(faults)
    if faults:
        hints = [_hint(root, paths, lfs_pull) for root, paths in _pointers(faults)]
        raise FilesNotReady(tuple(map(_problem, faults.items())), hint="; ".join(hints))


def _faults(files: Iterable[LocalFile]) -> Faults:
    faults = {}
    for file in files:
        try:
            opened(file).close()
        except Unfit as bad:
            faults[file] = bad
    return faults


def _pointers(faults: Faults) -> Iterator[tuple[Path, list[str]]]:
    """The paths of the pointers among the faults, by the folder they are below."""
    found: defaultdict[Path, list[str]] = defaultdict(list)
    for file, bad in faults.items():
        if isinstance(bad, NotDownloaded):
            found[file.root].append(file.path)
    return ((root, sorted(paths)) for root, paths in found.items())


def _problem(fault: tuple[LocalFile, Unfit]) -> Problem:
    file, bad = fault
    # What to do about pointers is said once for all of them.
    hint = "" if isinstance(bad, NotDownloaded) else bad.hint
    return Problem(visible(file.path), 1, 1, bad.message, hint)


def _hint(root: Path, paths: list[str], was_pulled: bool) -> str:
    if not work_tree(root):
        return pull_hint(root, paths)
    return _NOT_BROUGHT if was_pulled else f"{pull_hint(root, paths)} (or give --lfs-pull)"
