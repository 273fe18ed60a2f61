"""Which files of a catalog Git tracks."""

import os
import subprocess
from pathlib import Path

from catalogsync.manifest.words import Unfit

# Set inside a hook, these would point Git at another repository or another index.
_MISLEADING = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
)


def work_tree(root: Path) -> Path | None:
    """The folder, upward from `root`, that Git keeps."""
    folder = root.resolve()
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)


def tracked_files(root: Path) -> frozenset[str] | None:
    """The tracked files below `root`, relative to it; None where there is no Git to ask.

    Raises `Unfit` when there is a repository that Git does not want to read: taking this for
    "no repository" would let untracked files through.
    """
    if work_tree(root) is None:
        return None
    environment = {key: value for key, value in os.environ.items() if key not in _MISLEADING}
    command = ["git", "-c", "core.fsmonitor=false", "ls-files", "-z"]
    try:
        answer = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, check=False
        )
    except FileNotFoundError:
        return None
    if answer.returncode:
        said = answer.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise Unfit(
            f"git cannot tell which files are tracked: {said[0]}", "run git status here to see why"
        )
    names = answer.stdout.decode("utf-8", "surrogateescape").split("\0")
    return frozenset(names)
