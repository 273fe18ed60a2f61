"""Which files Git could not bring back, and whether there may be any."""

from collections.abc import Collection
from pathlib import Path

from catalogsync.errors import CatalogSyncError
from catalogsync.manifest.files import Parts
from catalogsync.manifest.git import ask, complaint, without_filters, work_tree
from catalogsync.manifest.root import CATALOG, MODELS
from catalogsync.manifest.words import Unfit


def uncommitted(root: Path, files: Collection[Parts]) -> frozenset[Parts]:
    """The files that hold something which no commit has: all of them where there is no Git."""
    if not files:
        return frozenset()
    if work_tree(root) is None:
        return frozenset(files)
    paths = {"/".join(parts): parts for parts in files}
    try:
        if not has_commits(root):
            return frozenset(files)
        known = _asked(root, "ls-files", "-z", "--", *paths)
        changed = _asked(root, "diff", "--name-only", "--relative", "-z", "HEAD", "--", *paths)
    except FileNotFoundError:
        return frozenset(files)
    return frozenset(p for path, p in paths.items() if path not in known or path in changed)


def has_commits(root: Path) -> bool:
    """Whether there is any commit: HEAD of a new repository names a branch that is not there."""
    return ask(root, "rev-parse", "--quiet", "--verify", "HEAD").returncode == 0


def may_differ_from_head(root: Path) -> bool:
    """Whether the catalog's folder may hold what HEAD does not, which has to be a commit.

    Only a clean folder is told for certain, and quickly: Git looks at stamps before contents.
    """
    try:
        quiet = without_filters(root)
    except Unfit:
        return True
    asked = (
        (*quiet, "diff-index", "--name-only", "HEAD", "--", "."),
        ("ls-files", "--others", "--", CATALOG, MODELS),
    )
    answers = (ask(root, *command) for command in asked)
    return any(answer.returncode or answer.stdout for answer in answers)


def _asked(root: Path, *arguments: str) -> frozenset[str]:
    """The paths that a Git command answers."""
    answer = ask(root, "--literal-pathspecs", *arguments)
    if answer.returncode:
        raise CatalogSyncError(
            f"git cannot tell what is committed: {complaint(answer)}",
            hint="commit what is there first, or write over it with --force",
        )
    return frozenset(answer.stdout.decode("utf-8", "surrogateescape").split("\0"))
