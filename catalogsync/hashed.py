"""Files that this process hashed itself, and whether one certainly still is what it was then.

A file's stamp proves that as far as nobody can write to the file without moving it. So a hash
counts only where, at a moment before it began,

- the file was on a local file system of Linux that moves a file's ctime before it takes a write,
  be that by a call or by the first store into a page of a mapping. Clients of a network keep
  stamps and bytes in caches of their own, tmpfs did not see stores, and what overlayfs lies on
  is not told.
- nobody had it open for writing: the kernel grants a read lease only then, and only to the owner.
  A mapping and a write that is under way count as open; whoever opens it later moves the stamp.
- its times lay so far back that the next write gets others, however coarse the clock is. No
  program can set a ctime.

What only a plan or a cache says of a file never counts, nor does what was read before a crash.
"""

import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

_TELLING = frozenset({"btrfs", "ext4", "xfs"})
"""File systems that move the ctime before every change of the content."""

_COARSEST_NS = 2_000_000_000
"""More than the coarsest clock of theirs, an ext4 with whole seconds, needs to move on."""

_MOUNTS = Path("/proc/self/mountinfo")
_DESCRIPTORS = Path("/proc/self/fdinfo")


class Stamp(NamedTuple):
    """What tells one state of a file from every other; an mtime that was set back moves ctime."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp in a file's status."""
    return Stamp(
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    )


def file_system_of(descriptor: int) -> str:
    """The type of the file system that an open file is on, or nothing where that is not told."""
    with suppress(OSError, ValueError, IndexError):
        told = (_DESCRIPTORS / str(descriptor)).read_text(encoding="utf-8")
        mount = dict(line.split(":", 1) for line in told.splitlines())["mnt_id"].strip()
        for line in os.fsdecode(_MOUNTS.read_bytes()).splitlines():
            if line.startswith(f"{mount} "):
                return line.partition(" - ")[2].split(" ")[0]
    return ""


@contextmanager
def read_lease(descriptor: int) -> Iterator[None]:
    """Keep everybody waiting who opens a file for writing; raise `OSError` if somebody has."""
    # The kernel tells of such a one by a signal, by default one that would end the program.
    fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    try:
        yield
    finally:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)


def nobody_writes(descriptor: int) -> bool:
    """Whether at this moment no process can write to an open file of this user's."""
    try:
        with read_lease(descriptor):
            return True
    except OSError:
        return False


class Hashed:
    """The files that this process hashed, known by their stamps."""

    def __init__(
        self,
        *,
        now_ns: Callable[[], int] = time.time_ns,
        file_system: Callable[[int], str] = file_system_of,
    ) -> None:
        self._now_ns = now_ns
        self._file_system = file_system
        self._digests: dict[Stamp, str] = {}

    def can_tell(self, descriptor: int, stamp: Stamp) -> bool:
        """Whether every write from now on will leave the file with another stamp than this one."""
        youngest = self._now_ns() - _COARSEST_NS
        return (
            max(stamp.mtime_ns, stamp.ctime_ns) < youngest
            and self._file_system(descriptor) in _TELLING
            and nobody_writes(descriptor)
        )

    def note(self, stamp: Stamp, sha256: str) -> None:
        """Note what was read, from then on, of a file whose stamp can tell."""
        self._digests[stamp] = sha256

    def holds(self, stamp: Stamp, sha256: str) -> bool:
        """Whether a file that has this stamp now certainly has this content."""
        return self._digests.get(stamp) == sha256
