"""Paths in a catalog: what they may look like, and opening them without following any link."""

import os
import re
import stat
from operator import attrgetter

from catalogsync.manifest.words import Unfit, did_you_mean, quote

# HFS+ and some who print names skip these characters: behind them a dot still hides a file.
_SKIPPED = r"[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*"
# Parts that neither begin with a dot nor hold a control character, a backslash or a surrogate.
_PART = rf"(?!{_SKIPPED}\.)[^/\\\x00-\x1f\x7f-\x9f\ud800-\udfff]+"
_GOOD = re.compile(rf"(?!~|[A-Za-z]:){_PART}(?:/{_PART})*")

_REASONS = (
    (r"\Z", "the path is empty", ""),
    (r"[\s\S]*\x00", "a NUL character in the path", "take it out"),
    (r"\\\\|//", "a network path", "give a path relative to this file"),
    (r"/", "an absolute path", "give a path relative to this file"),
    (r"[A-Za-z]:", "a path with a drive", "give a path relative to this file"),
    (r"~", "a path from a home folder", "give a path relative to this file"),
    (r"[\s\S]*\\", "a backslash in the path", "write / between its parts"),
    (
        r"[\s\S]*[\x00-\x1f\x7f-\x9f]",
        "a control character in the path",
        "rename the file",
    ),
    (r"[\s\S]*[\ud800-\udfff]", "the path is not Unicode", "rename the file"),
    (
        r"(?:[\s\S]*/)?\.\.(?:/|\Z)",
        ".. in the path",
        "a manifest reaches only what is in its own folder or below: move the file there",
    ),
    (r"(?:[\s\S]*/)?\.(?:/|\Z)", "a . part in the path", "leave ./ out"),
    (
        rf"(?:[\s\S]*/)?{_SKIPPED}\.",
        "a hidden file or folder in the path",
        "names that begin with a dot are not read: rename it",
    ),
    (r"", "an empty part in the path", "write one / between its parts"),
)


def split(path: str) -> tuple[str, ...]:
    """The parts of a relative path; raises `Unfit` for what could lead anywhere else."""
    if _GOOD.fullmatch(path):
        return tuple(path.split("/"))
    for pattern, message, hint in _REASONS:
        if re.match(pattern, path):
            raise Unfit(message, hint)
    raise Unfit("not a path")


class Opener:
    """Opens what is below one folder, part by part, and never by way of a link.

    The folders on the way to the last thing opened stay open, so that its neighbours cost one
    call each. A link put in the place of such a folder later is not followed either.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._folders: list[int] = []
        self._names: tuple[str, ...] = ()
        self._folders.append(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))

    def __enter__(self) -> "Opener":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all folders."""
        while self._folders:
            os.close(self._folders.pop())

    def open(self, parts: tuple[str, ...]) -> tuple[int, os.stat_result]:
        """A descriptor of a regular file, which the caller closes, and what it is."""
        folder = self._enter(parts[:-1])
        # Without O_NONBLOCK, opening a FIFO would wait for a writer.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(parts[-1], flags, dir_fd=folder)
        except (OSError, ValueError) as error:
            raise self._reason(error, folder, parts[-1]) from None
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode):
            return descriptor, found
        os.close(descriptor)
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "no regular file"
        raise Unfit(f"{quote('/'.join(parts))} is {what}", "name a file")

    def status(self, parts: tuple[str, ...]) -> os.stat_result | None:
        """What is there, if it is a regular file; only `open` says why it is none."""
        try:
            found = os.stat(parts[-1], dir_fd=self._enter(parts[:-1]), follow_symlinks=False)
        except (OSError, ValueError):
            return None
        return found if stat.S_ISREG(found.st_mode) else None

    def entries(self, parts: tuple[str, ...]) -> list[os.DirEntry[str]]:
        """What is in a folder, in the order of the names; `is_dir` must not follow links."""
        with os.scandir(self._enter(parts)) as entries:
            return sorted(entries, key=attrgetter("name"))

    def _enter(self, parts: tuple[str, ...]) -> int:
        if parts == self._names:
            return self._folders[-1]
        common = 0
        for here, there in zip(self._names, parts, strict=False):
            if here != there:
                break
            common += 1
        self._names = self._names[:common]
        while len(self._folders) > common + 1:
            os.close(self._folders.pop())
        for name in parts[common:]:
            self._descend(name)
        return self._folders[-1]

    def _descend(self, name: str) -> None:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._folders.append(os.open(name, flags, dir_fd=self._folders[-1]))
        except (OSError, ValueError) as error:
            raise self._reason(error, self._folders[-1], name) from None
        self._names += (name,)

    def _reason(self, error: Exception, folder: int, name: str) -> Unfit:
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except (FileNotFoundError, ValueError):
            near = did_you_mean(name, os.listdir(folder))
            return Unfit(f"{quote(name)} is not there", near or "check the path")
        except OSError as other:
            return Unfit(f"{quote(name)} cannot be opened: {other.strerror}")
        if stat.S_ISLNK(found.st_mode):
            return Unfit(f"{quote(name)} is a link", "put the file itself there")
        if isinstance(error, NotADirectoryError):
            return Unfit(f"{quote(name)} is no folder", "check the path")
        return Unfit(f"{quote(name)} cannot be opened: {getattr(error, 'strerror', error)}")
