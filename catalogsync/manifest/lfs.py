"""Git LFS pointer files, which stand for a file that was not downloaded."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

from catalogsync.manifest.tracked import work_tree
from catalogsync.manifest.words import Unfit

MAX_POINTER = 1024
_BEGIN = b"version https://git-lfs.github.com/spec/v1"
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*"
    rb"oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,15})\n?"
)


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


def pull_command(root: Path, path: str) -> str:
    """The command that downloads the file behind the pointer at `path` below `root`."""
    root = root.resolve()
    top = work_tree(root)
    below = f"{root.relative_to(top).as_posix()}/{path}" if top and top != root else path
    # A comma would separate two patterns, and a bracket begin a set.
    pattern = re.sub(r"[,\[\]]", "?", below)
    return f"git lfs pull --include={shlex.quote(pattern)}"
