"""Which files Git could not bring back."""

from collections.abc import Collection
from pathlib import Path

from catalogsync.errors import CatalogSyncError
from catalogsync.manifest.files import Parts
from catalogsync.manifest.git import ask, complaint, work_tree


def uncommitted(root: Path, files: Collection[Parts]) -> frozenset[Parts]:
    """The files that hold something which no commit has: all of them where there is no Git."""
    if not files:
        return frozenset()
    if work_tree(root) is None:
        return frozenset(files)
    paths = {"/".join(parts): parts for parts in files}
    try:
        if ask(root, "rev-parse", "--quiet", "--verify", "HEAD").returncode:
            return frozenset(files)
        known = _asked(root, "ls-files", "-z", "--", *paths)
        changed = _asked(root, "diff", "--name-only", "--relative", "-z", "HEAD", "--", *paths)
    except FileNotFoundError:
        return frozenset(files)
    return frozenset(p for path, p in paths.items() if path not in known or path in changed)


def _asked(root: Path, *arguments: str) -> frozenset[str]:
    """The paths that a Git command answers."""
    answer = ask(root, "--literal-pathspecs", *arguments)
    if answer.returncode:
        raise CatalogSyncError(
            f"git cannot tell what is committed: {complaint(answer)}",
            hint="commit what is there first, or write over it with --force",
        )
    return frozenset(answer.stdout.decode("utf-8", "surrogateescape").split("\0"))
