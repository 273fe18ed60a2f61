"""Progress on stderr: bars on a terminal, lines in a log, JSON lines for programs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from catalogsync.cli.progress.values import Load, Progress, Relay

__all__ = ["Load", "Progress", "Relay", "progress"]


@contextmanager
def progress(
    doing: str, *, quiet: bool, load: Load | None = None, as_json: bool = False
) -> Iterator[Progress]:
    """What to tell of every step and file, for the length of a `with`."""
    load = load or Load()
    if quiet:
        yield Progress()
    elif as_json:
        from catalogsync.cli.progress.events import Events

        yield Events(doing, load)
    elif sys.stderr.isatty():
        from catalogsync.cli.progress.bars import bars

        yield from bars(doing, load)
    else:
        from catalogsync.cli.progress.lines import Lines

        yield Lines(doing, load)
