"""Writes below a catalog's folder and nowhere else: through descriptors, never by way of a link.

A new manifest appears with all its files at once; a file that changes is replaced by a rename.
"""

import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from catalogsync.errors import FileChanged
from catalogsync.pull.grounds import FileText

Parts = tuple[str, ...]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OURS = ".catalog-sync"
_DOWNLOADS = ("downloads",)


class Writer:
    """Holds a catalog's folder open, and a place in it where files are made ready."""

    def __init__(self, root: Path) -> None:
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._stage = f"pull-{secrets.token_hex(6)}"
        self._numbers = count(1)

    def close(self) -> None:
        """Remove what was made ready and not used."""
        with suppress(OSError, FileChanged), self._folder((_OURS,)) as ours:
            shutil.rmtree(self._stage, ignore_errors=True, dir_fd=ours)
        # The folder is only ours to remove when it is empty.
        with suppress(OSError):
            os.rmdir(_OURS, dir_fd=self._root)
        os.close(self._root)

    def begin(self) -> tuple[int, int]:
        """The number of a new file, and its descriptor, which the caller closes."""
        number = next(self._numbers)
        with self._folder(self._at(_DOWNLOADS), make=True) as folder:
            flags = os.O_RDWR | _NEW & ~os.O_WRONLY
            return number, os.open(str(number), flags, 0o666, dir_fd=folder)

    def settle(self, number: int, parts: Parts) -> None:
        """Give a file that was begun the place where it is to appear."""
        above = self._at(parts)[:-1]
        with self._folder(self._at(_DOWNLOADS)) as here, self._folder(above, make=True) as there:
            os.rename(str(number), parts[-1], src_dir_fd=here, dst_dir_fd=there)

    def put_new(self, folder: Parts, files: Mapping[Parts, bytes]) -> None:
        """Let a folder appear with its files and those settled in it; there must be none yet."""
        for parts, data in files.items():
            above = self._at(parts)[:-1]
            with self._folder(above, make=True) as ready:
                descriptor = os.open(parts[-1], _NEW, 0o666, dir_fd=ready)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        self._move(folder)

    def put(self, parts: Parts) -> None:
        """Let a file that was settled appear; there must be none yet."""
        self._move(parts)

    def replace(self, file: FileText) -> None:
        """Replace a file that still is what it was; raises `FileChanged` if it is not."""
        *above, name = file.parts
        temporary = f".{secrets.token_hex(6)}.tmp"
        with self._folder(tuple(above)) as folder:
            mode = _same(folder, name, file)
            descriptor = os.open(temporary, _NEW, mode, dir_fd=folder)
            try:
                with os.fdopen(descriptor, "wb") as stream:
                    os.fchmod(stream.fileno(), mode)
                    stream.write(file.after)
                    stream.flush()
                    os.fsync(stream.fileno())
                _same(folder, name, file)
                os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=folder)
                raise

    def _move(self, parts: Parts) -> None:
        above, name = parts[:-1], parts[-1]
        with self._folder(self._at(parts)[:-1]) as here, self._folder(above, make=True) as there:
            if _is_there(there, name):
                raise FileChanged(f"{'/'.join(parts)} is there already", hint="run pull again")
            os.rename(name, name, src_dir_fd=here, dst_dir_fd=there)

    def _at(self, parts: Parts) -> Parts:
        return (_OURS, self._stage, *parts)

    @contextmanager
    def _folder(self, parts: Parts, *, make: bool = False) -> Iterator[int]:
        """A folder below the root, opened part by part."""
        held = os.dup(self._root)
        try:
            for part in parts:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=held)
                held, above = _opened(part, held), held
                os.close(above)
            yield held
        finally:
            os.close(held)


def _is_there(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _opened(part: str, folder: int) -> int:
    try:
        return os.open(part, _FOLDER, dir_fd=folder)
    except OSError as error:
        raise FileChanged(
            f"{part} cannot be written into: {error.strerror}",
            hint="a folder of the catalog must be a folder itself, no link to one",
        ) from None


def _same(folder: int, name: str, file: FileText) -> int:
    """The mode of a file; raises `FileChanged` unless it is the one that was read."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        with os.fdopen(descriptor, "rb") as stream:
            if stream.read() == file.before:
                return stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
    except OSError:
        pass
    raise FileChanged(f"{'/'.join(file.parts)} changed while pull ran", hint="run pull again")
