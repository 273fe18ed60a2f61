"""Which folders of a catalog are as they were at a commit, by what Git keeps of their files."""

import re
from collections.abc import Iterable
from pathlib import Path

from catalogsync.manifest.discover import MODELS
from catalogsync.manifest.git import ask, without_filters
from catalogsync.manifest.words import Unfit

_NOT_LOOKED_AT = re.compile(rb"(?:\A|\0)[a-zS] ")
"""A file of which Git was told to assume that it never changes, or to leave it out."""


def unchanged_folders(root: Path, commit: str) -> frozenset[str]:
    """The folders below models/ in which every tracked file is what it was at a commit.

    Git compares stamps before contents, so that this takes no longer for large files. Where it
    does not look, or cannot tell, no folder counts.
    """
    try:
        quiet = without_filters(root)
    except Unfit:
        return frozenset()
    tracked = ask(root, "ls-files", "-v", "-z", "--", MODELS)
    compare = ("diff-index", "--name-only", "-z", "--relative", "--no-renames")
    changed = ask(root, *quiet, *compare, "--ignore-submodules=dirty", commit, "--", MODELS)
    if tracked.returncode or changed.returncode or _NOT_LOOKED_AT.search(tracked.stdout):
        return frozenset()
    paths = (entry[2:] for entry in tracked.stdout.split(b"\0"))
    return _folders(paths) - _folders(changed.stdout.split(b"\0"))


def _folders(paths: Iterable[bytes]) -> frozenset[str]:
    """The folders below models/ that paths lead through."""
    parts = (path.split(b"/", 2) for path in paths)
    return frozenset(each[1].decode("utf-8", "surrogateescape") for each in parts if len(each) > 2)
