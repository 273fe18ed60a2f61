"""Which files of a catalog Git tracks."""

from pathlib import Path

from catalogsync.manifest.git import ask, complaint, work_tree
from catalogsync.manifest.words import Unfit


def tracked_files(root: Path) -> frozenset[str] | None:
    """The tracked files below `root`, relative to it; None where there is no Git to ask.

    Raises `Unfit` when there is a repository that Git does not want to read: taking this for
    "no repository" would let untracked files through.
    """
    if work_tree(root) is None:
        return None
    try:
        answer = ask(root, "ls-files", "-z")
    except FileNotFoundError:
        return None
    if answer.returncode:
        raise Unfit(
            f"git cannot tell which files are tracked: {complaint(answer)}",
            "run git status here to see why",
        )
    names = answer.stdout.decode("utf-8", "surrogateescape").split("\0")
    return frozenset(names)
