"""Which models of a catalog are as they were at a commit, by what Git keeps of their files."""

from dataclasses import dataclass
from pathlib import Path

from catalogsync.manifest.index import as_committed


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The models whose folders hold what a commit holds, and those that hold no asset of others.

    Both by their keys, and both empty where Git cannot tell, or catalog.yaml is another one. Of the
    second ones the manifest has its usual name.
    """

    keys: frozenset[str] = frozenset()
    alone: frozenset[str] = frozenset()


def compared_with(root: Path, commit: str) -> Unchanged:
    """Compare the tracked files of a catalog with a commit."""
    index = as_committed(root, commit)
    if index is None:
        return Unchanged()
    keys = index.unchanged
    return Unchanged(keys, index.alone(keys))
