"""Progress on stderr: a bar on a terminal, a line every few seconds in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from catalogsync.cli.output import say, wants_color

Tick = Callable[[int, int], None]
"""Called with the numbers of steps done and due."""

_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def progress(doing: str, *, quiet: bool) -> Iterator[Tick]:
    """A function to call with every step, for the length of a `with`."""
    if quiet:
        yield lambda done, due: None
    elif sys.stderr.isatty():
        yield from _bar(doing)
    else:
        yield _line_writer(doing)


def _bar(doing: str) -> Iterator[Tick]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True, no_color=not wants_color("auto", sys.stderr))
    done = MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), done, TimeRemainingColumn())
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
