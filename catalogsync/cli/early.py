"""A second process that is begun before the command is imported: both take as long to begin."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from catalogsync.ahead.start import begun, end
from catalogsync.errors import UsageError
from catalogsync.manifest.glance import size
from catalogsync.manifest.root import MODELS, find_catalog

_WORTH_IT = 200
"""How many models it takes for a second process to save more than it costs."""

_ASK_NOBODY = frozenset({"--against", "--sandbox", "--help", "-h"})
"""Options with which a command lists no project that is far."""


class Early:
    """A process that waits for its order, for whoever comes to need one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = begun()

    def take(self) -> "subprocess.Popen[bytes] | None":
        """The process, if nobody took it."""
        taken, self._process = self._process, None
        return taken

    def close(self) -> None:
        """End the process, unless somebody took it."""
        if process := self.take():
            end(process)


@contextmanager
def begun_early(arguments: Sequence[str]) -> Iterator[Early | None]:
    """A process where the arguments, which are not understood yet, seem to need one."""
    early = None
    with suppress(OSError, RuntimeError, UsageError):
        options = {each.partition("=")[0] for each in arguments}
        if not options & _ASK_NOBODY and pays(_seeming_root(arguments)):
            early = Early()
    try:
        yield early
    finally:
        if early:
            early.close()


def pays(root: Path) -> bool:
    """Whether there is another core, a Python to run on it, and enough for it to do."""
    return _cores() > 1 and bool(sys.executable) and size(root) >= _WORTH_IT


def _cores() -> int:
    """How many cores this process may run on."""
    may_be_told = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if may_be_told else os.cpu_count() or 1


def _seeming_root(arguments: Sequence[str]) -> Path:
    """The first argument that is a folder with models, or what is around the current folder."""
    named = (Path(each) for each in arguments if not each.startswith("-"))
    return next((each for each in named if (each / MODELS).is_dir()), None) or find_catalog(Path())
