"""The folder that weights come into: what is there of them, and what is known of that.

A file is made under a hidden name of ours and appears under its own when it is whole. Everything
in the folder is reached by its name there, never by way of a link.
"""

import fcntl
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import file_digest, sha256
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from catalogsync.codec import Mismatch, as_data, from_data
from catalogsync.errors import FileDiffers, UsageError
from catalogsync.values import dataclass

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LONGEST_NOTE = 1 << 20
_RECORD = re.compile(r"([0-9a-f]{64}) [ *]([^\n]+)\n")
_PLAIN_EPOCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class Want:
    """Weights that are wanted: of a model by its key and id, and of an epoch, empty for its own.

    `own_epoch` is which one that is by now, as far as the server tells.
    """

    key: str
    model_id: str
    epoch: str = ""
    own_epoch: str = ""

    @property
    def stem(self) -> str:
        """What its file is called, without extension: nothing of it is the server's word."""
        if not self.epoch:
            return self.key
        plain = _PLAIN_EPOCH.fullmatch(self.epoch)
        return f"{self.key}-{self.epoch if plain else sha256(self.epoch.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of a download that is not finished.

    It may be `begun` without a `job_id`, where the server's answer got lost: `known` are the jobs
    that were there before. `tag`, `size` and `extension` are those of the bytes that are there.
    """

    model_id: str
    epoch: str
    begun: bool = False
    known: tuple[str, ...] = ()
    job_id: str = ""
    tag: str = ""
    size: int | None = None
    extension: str = ""

    def without_job(self) -> "Note":
        """The same without a job that is of no use any more: what is there of the file may be."""
        return replace(self, begun=False, known=(), job_id="")


class Place:
    """A folder held open for one download, which no other process does meanwhile."""

    def __init__(self, folder: Path, want: Want) -> None:
        self._want = want
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        unique = sha256(f"{want.model_id}\0{want.epoch}".encode()).hexdigest()[:12]
        self._part = f".{want.key}.{unique}.part"
        self._note = f"{self._part}.json"

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._folder)

    @contextmanager
    def part(self) -> Iterator[BinaryIO]:
        """The bytes that are there so far, for the length of a `with`; the position is 0."""
        descriptor = os.open(self._part, _WRITE, 0o666, dir_fd=self._folder)
        with os.fdopen(descriptor, "r+b") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
                # What has another name as well may be somebody else's file.
                raise UsageError(f"{self._part} is no file of ours", hint="remove it")
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(
                    f"{self._want.key} is being downloaded into this folder already",
                    hint="wait for that, or name another folder with --out",
                ) from None
            try:
                yield file
            finally:
                if not os.fstat(descriptor).st_size and not self._is_begun():
                    self.forget()

    def _is_begun(self) -> bool:
        note = self.note()
        return note is not None and note.begun

    def note(self) -> Note | None:
        """What an earlier run knew, if it was after the same."""
        with suppress(OSError, ValueError, Mismatch), self._reading(self._note) as file:
            note = from_data(Note, json.loads(file.read(_LONGEST_NOTE)))
            if (note.model_id, note.epoch) == (self._want.model_id, self._want.epoch):
                return note
        return None

    def keep(self, note: Note) -> Note:
        """Write down what is known, before anything else is done."""
        self._write(self._note, json.dumps(as_data(note)))
        return note

    def forget(self) -> None:
        """Take away what is there of the file, and what is known of it."""
        for name in (self._part, self._note):
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=self._folder)

    def recorded(self, name: str) -> str:
        """The digest that stands beside a file, empty if none does."""
        with suppress(OSError, ValueError), self._reading(f"{name}.sha256") as file:
            text = file.read(_LONGEST_NOTE).decode()
            for digest, named in _RECORD.findall(text):
                if named == name:
                    return str(digest)
        return ""

    def digest(self, name: str) -> str:
        """The digest of a file, empty where there is none; raises `FileDiffers` for no file."""
        try:
            with self._reading(name) as file:
                return file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise FileDiffers(
                f"{name} is there already and is no file: {error.strerror}", hint="move it away"
            ) from None

    def settle(self, name: str, digest: str) -> None:
        """Let the finished file appear, with its digest beside it; replaces what is there."""
        self._write(f"{name}.sha256", f"{digest}  {name}\n")
        os.rename(self._part, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        os.fsync(self._folder)
        self.forget()

    @contextmanager
    def _reading(self, name: str) -> Iterator[BufferedReader]:
        descriptor = os.open(name, _READ, dir_fd=self._folder)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(0, "it is something else")
            yield file

    def _write(self, name: str, text: str) -> None:
        temporary = f"{self._part}.new"
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=self._folder)
        descriptor = os.open(temporary, _WRITE | os.O_EXCL, 0o666, dir_fd=self._folder)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(descriptor)
        os.rename(temporary, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
