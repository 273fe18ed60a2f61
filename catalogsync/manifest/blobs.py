"""Reads the blobs of a Git repository by their ids, with one process for all of them."""

import subprocess
from pathlib import Path
from typing import IO

from catalogsync.errors import CatalogSyncError
from catalogsync.manifest.git import COMMAND, LOCAL, environment
from catalogsync.values import dataclass

_SETTINGS = {
    "core.bigFileThreshold": "16m",
    "core.packedGitWindowSize": "16m",
    "core.packedGitLimit": "64m",
}
"""Otherwise Git takes blobs of up to 512 MiB and packs of up to 1 GiB into memory as a whole."""

_SPARING = tuple(word for item in _SETTINGS.items() for word in ("-c", "=".join(item)))

_CHEAP = 1 << 20
"""How much of a blob is rather read to its end than left unread, in bytes."""


@dataclass(frozen=True, slots=True)
class GitFile:
    """A file as Git keeps it, in the repository that `root` is in."""

    root: Path
    oid: str

    def read(self, limit: int) -> bytes:
        """At most the first `limit` bytes of it."""
        with Blobs(self.root) as blobs:
            blobs.turn_to(self.oid)
            return blobs.read(limit)


class Blobs:
    """`git cat-file --batch`, for the length of a `with`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._process: subprocess.Popen[bytes] | None = None
        self._left = 0

    def __enter__(self) -> "Blobs":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def turn_to(self, oid: str) -> int:
        """Begins with a blob, which `read` then gives, and tells its size in bytes."""
        self._leave()
        sent, answers = self._pipes()
        try:
            sent.write(f"{oid}\n".encode())
            sent.flush()
            words = answers.readline().split()
        except BrokenPipeError:
            words = []
        if len(words) != 3 or words[1] != b"blob":
            raise CatalogSyncError(
                f"Git does not have the content of object {oid}",
                hint="in a partial clone, run git fetch --refetch --no-filter; git fsck tells "
                "whether the clone is whole",
            )
        size = int(words[2])
        self._left = size
        if not size:
            answers.read(1)
        return size

    def read(self, limit: int) -> bytes:
        """At most `limit` bytes of what is left of the blob; none at its end."""
        if not self._left:
            return b""
        _, answers = self._pipes()
        data = answers.read(min(self._left, limit))
        self._left -= len(data)
        if not data or (not self._left and answers.read(1) != b"\n"):
            raise CatalogSyncError("git cat-file ended early", hint="see what git fsck says")
        return data

    def _leave(self) -> None:
        if self._left > _CHEAP:
            self._stop()
        self.read(self._left)

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process is None:
            self._process = subprocess.Popen(
                [*COMMAND, *_SPARING, "cat-file", "--batch"],
                cwd=self.root,
                env=environment() | LOCAL,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        assert self._process.stdin
        assert self._process.stdout
        return self._process.stdin, self._process.stdout

    def _stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
        self._process = None
        self._left = 0
