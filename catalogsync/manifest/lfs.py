"""Git LFS pointer files, which stand for a file that was not downloaded."""

import re
import shlex
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from catalogsync.errors import CatalogSyncError
from catalogsync.manifest.git import COMMAND, ask, environment, work_tree
from catalogsync.manifest.words import Unfit

MAX_POINTER = 1024
_BEGIN = b"version https://git-lfs.github.com/spec/v1"
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*"
    rb"oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,15})\n?"
)

# A comma separates patterns, spaces around one are dropped, and the others are signs.
_SPECIAL = re.compile(r"[,*?\[\]\\]|^\s|\s$")

_LONGEST_LIST = 30_000
"""How many characters of paths one command names: any shell takes that much."""

_STDERR = 2


class NotDownloaded(Unfit):
    """A pointer stands where the file itself is needed."""

    def __init__(self, root: Path, path: str) -> None:
        hint = pull_hint(root, [path])
        super().__init__("a Git LFS pointer, the file itself is not here", hint)


class Pointer(NamedTuple):
    """What a pointer says about the file it stands for."""

    sha256: str
    size: int


def pointer(content: bytes) -> Pointer | None:
    """The pointer that `content` is, or None; raises `Unfit` for a damaged one."""
    if not content.startswith(_BEGIN):
        return None
    if found := _POINTER.fullmatch(content):
        return Pointer(found[1].decode(), int(found[2]))
    raise Unfit("a damaged Git LFS pointer", "check the file out again")


def pull_commands(root: Path, paths: Iterable[str]) -> list[list[str]]:
    """The commands that, in the clone, download the files behind the pointers below `root`."""
    top = work_tree(root)
    folder = root.resolve().relative_to(top).as_posix() if top else "."
    below = "" if folder == "." else f"{folder}/"
    lists: list[list[str]] = []
    length = _LONGEST_LIST
    for pattern in (_SPECIAL.sub("?", below + path) for path in paths):
        length += len(pattern) + 1
        if length > _LONGEST_LIST:
            lists.append([])
            length = len(pattern)
        lists[-1].append(pattern)
    return [["git", "lfs", "pull", f"--include={','.join(patterns)}"] for patterns in lists]


def pull_hint(root: Path, paths: Iterable[str]) -> str:
    """What people can do about the pointers at `paths` below `root`."""
    top = work_tree(root)
    if top is None:
        return "this is no clone that Git LFS could help: copy the file itself here"
    there = _to(top)
    commands = (["git", *there, *rest] for _, *rest in pull_commands(root, paths))
    return f"run: {' && '.join(map(shlex.join, commands))}"


def _to(top: Path) -> list[str]:
    """What takes Git to a clone, unless this process is in it."""
    here = Path.cwd()
    if here.is_relative_to(top):
        return []
    return ["-C", str(top.relative_to(here) if top.is_relative_to(here) else top)]


def pull(root: Path, paths: Iterable[str]) -> None:
    """Download the files behind the pointers at `paths` below `root`; Git LFS talks on stderr."""
    if ask(root, "lfs", "version").returncode:
        raise CatalogSyncError(
            "git-lfs is not installed",
            hint="install it (apt-get install git-lfs, brew install git-lfs), or run without "
            "--lfs-pull where the files are",
        )
    for _, *rest in pull_commands(root, paths):
        command = [*COMMAND, *rest]
        done = subprocess.run(command, cwd=root, env=environment(), stdout=_STDERR, check=False)
        if done.returncode:
            raise CatalogSyncError(
                f"git lfs pull failed with exit code {done.returncode}",
                hint="see above what it said",
            )
