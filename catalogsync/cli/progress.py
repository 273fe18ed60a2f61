"""Progress on stderr: a bar on a terminal, a line every few seconds in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from catalogsync.cli.output import say, wants_color

Tick = Callable[[int, int], None]
"""Called with the amounts done and due, in steps or in bytes."""

_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def progress(doing: str, *, quiet: bool, in_bytes: bool = False) -> Iterator[Tick]:
    """A function to call with every step, for the length of a `with`."""
    if quiet:
        yield lambda done, due: None
    elif sys.stderr.isatty():
        yield from _bar(doing, in_bytes)
    else:
        yield _line_writer(doing)


def _bar(doing: str, in_bytes: bool) -> Iterator[Tick]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    console = Console(stderr=True, no_color=not wants_color("auto", sys.stderr))
    amount = (DownloadColumn(), TransferSpeedColumn()) if in_bytes else (MofNCompleteColumn(),)
    columns = (TextColumn("{task.description}"), BarColumn(), *amount, TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, due: bar.update(task, completed=done, total=due)


def _line_writer(doing: str) -> Tick:
    last = time.monotonic()

    def tick(done: int, due: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_LINES:
            last = now
            say(f"{doing}: {done} of {due}")

    return tick
