"""The state of a catalog on disk: all that loading it depends on, as one digest.

That is what Git tracks, as Git says it each time; catalog.yaml and everything below models/, by
name, type and stamp; and the program itself. Hidden names are not read by anybody, but they show
in the times of their folder. Where a stamp could stay when something changes, there is no state:

- Behind a link, which may lead to anywhere, and for what is neither a file nor a folder.
- Where something was touched so lately that the clock of the file system may not have moved.

A check of files in one state is a check of them in every other moment at which they are in it.
"""

import os
import stat
import struct
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib.machinery import PathFinder
from pathlib import Path

from catalogsync.manifest.root import CATALOG, MODELS
from catalogsync.manifest.tracked import Tracked
from catalogsync.manifest.words import Unfit

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_STAMP = struct.Struct("<4q2Q")
_PACKAGE = Path(__file__).parent.parent
_OWN = (_PACKAGE, _PACKAGE / "manifest")
_SCHEMAS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")


class _Untold(Exception):
    """A stamp may not tell of the next change."""


def state_of(root: Path, tracked: Tracked, rest_ns: int) -> bytes | None:
    """The state of the catalog in a folder, or None where nothing is certain.

    Everything has to have been at rest since `rest_ns`, by the clock of the files.
    """
    try:
        return _state(root, tracked, rest_ns)
    except (_Untold, Unfit, OSError, ValueError, struct.error, RecursionError):
        return None


def _state(root: Path, tracked: Tracked, rest_ns: int) -> bytes:
    names = None if tracked.answer is None else sha256(tracked.answer).digest()
    state = sha256(repr((sys.version, sys.getfilesystemencoding(), names)).encode())
    for folder in _program():
        state.update(_files_of(folder, rest_ns))
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name, kind in ((CATALOG, stat.S_IFREG), (MODELS, stat.S_IFDIR)):
            found = os.stat(name, dir_fd=top, follow_symlinks=False)
            if stat.S_IFMT(found.st_mode) != kind:
                raise _Untold
            state.update(_stamped(name, found, rest_ns))
        for content in _below(top, MODELS, rest_ns):
            state.update(content)
    finally:
        os.close(top)
    return state.digest()


def _below(parent: int, name: str, rest_ns: int) -> Iterator[bytes]:
    """What is in a folder, and in each folder in it, in an order that depends on names only."""
    folder = os.open(name, _FOLDER, dir_fd=parent)
    try:
        found, folders = [], []
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                status = entry.stat(follow_symlinks=False)
                found.append(_stamped(entry.name, status, rest_ns))
                if stat.S_ISDIR(status.st_mode):
                    folders.append(entry.name)
                elif not stat.S_ISREG(status.st_mode):
                    raise _Untold
        yield _listed(found)
        for each in sorted(folders):
            yield from _below(folder, each, rest_ns)
    finally:
        os.close(folder)


def _program() -> Iterator[Path]:
    """The folders of what decides: a checkout of this program changes without its version."""
    yield from _OWN
    yield from filter(Path.is_dir, _SCHEMAS)
    yaml = PathFinder.find_spec("yaml")
    if yaml is None or yaml.origin is None:
        raise _Untold
    yield Path(yaml.origin).parent


def _files_of(folder: Path, rest_ns: int) -> bytes:
    """The files of a folder of the program; links are followed, as when they are imported."""
    with os.scandir(folder) as entries:
        return _listed(
            [_stamped(each.name, each.stat(), rest_ns) for each in entries if each.is_file()]
        )


def _listed(found: list[bytes]) -> bytes:
    return b"".join((len(found).to_bytes(8, "little"), *sorted(found)))


def _stamped(name: str, status: os.stat_result, rest_ns: int) -> bytes:
    """A name, and everything that changes when the content of its file does, or who may read it."""
    modified, changed = status.st_mtime_ns, status.st_ctime_ns
    if modified >= rest_ns or changed >= rest_ns:
        raise _Untold
    stamp = _STAMP.pack(
        status.st_mode, status.st_size, modified, changed, status.st_ino, status.st_dev
    )
    return b"%b\0%b" % (name.encode(errors="surrogateescape"), stamp)
