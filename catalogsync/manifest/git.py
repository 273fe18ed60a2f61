"""Asking Git about the repository that a catalog is in."""

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
_CREDENTIALS = "SCENARIO_"


def work_tree(root: Path) -> Path | None:
    """The folder, upward from `root`, that Git keeps."""
    folder = root.resolve()
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)


def environment() -> dict[str, str]:
    """The variables that Git, and whatever it starts, gets: none that misleads, no credentials.

    Programs are looked for in absolute folders only: others begin in the catalog.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _MISLEADING and not name.startswith(_CREDENTIALS)
    }
    folders = kept.get("PATH", os.defpath).split(os.pathsep)
    return kept | {"PATH": os.pathsep.join(filter(os.path.isabs, folders))}


LOCAL = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1"}
"""Lets Git look at what is here and nothing else: a partial clone would fetch what it lacks."""

COMMAND = (
    *("git", "-c", "core.fsmonitor=false"),
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "alias.lfs="),
)
"""Git, in the repository around the catalog, and without the programs that one may name.

Those would watch its files, or stand in for Git LFS. A folder with HEAD, objects and refs would be
a repository too, with its own settings: any commit can hold one.
"""


def ask(root: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What a Git command says in a folder; raises `FileNotFoundError` where there is no Git."""
    command, local = [*COMMAND, *arguments], environment() | LOCAL
    return subprocess.run(
        command, cwd=root, env=local, capture_output=True, check=False, input=given
    )


def without_filters(root: Path) -> tuple[str, ...]:
    """The options that let Git compare contents without the filters that its settings name.

    Without them it would run one for each file that was touched when the index was. Raises
    `Unfit` for a filter that cannot be told to stand aside.
    """
    told = ask(root, "config", "--name-only", "-z", "--get-regexp", r"^filter\..*")
    names = {name for name in told.stdout.decode("utf-8", "surrogateescape").split("\0") if name}
    if any("=" in name for name in names):
        raise Unfit("a filter of Git has = in its name", "rename it in Git's settings")
    values = {name: "false" if name.endswith(".required") else "" for name in names}
    return tuple(each for name in sorted(names) for each in ("-c", f"{name}={values[name]}"))


def complaint(answer: subprocess.CompletedProcess[bytes]) -> str:
    """The first line of what Git complained about."""
    lines = answer.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0] if lines else "no reason given"
