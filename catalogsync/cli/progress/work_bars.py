"""Work in progress on a terminal: a bar for each piece of it."""

import sys
from collections.abc import Iterator
from threading import Lock
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from catalogsync.cli.output import wants_color
from catalogsync.cli.progress.values import Sight, Work
from catalogsync.review.words import visible


class _Words(ProgressColumn):
    """What is said beside a bar; never markup, whatever the server says."""

    def render(self, task: Task) -> Text:
        """The words as they are."""
        return Text(task.fields["words"])


def work_bars() -> Iterator[Work]:
    """Bars, as long as they are wanted."""
    console = Console(stderr=True, no_color=not wants_color("auto", sys.stderr))
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), _Words())
    with RichProgress(*columns, console=console, transient=True) as bars:
        yield _Bars(bars)


class _Bars(Work):
    """A bar for everybody that was seen."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars
        self._lock = Lock()
        self._tasks: dict[str, Any] = {}

    def show(self, sight: Sight) -> None:
        words, total = visible(sight.words), None if sight.fraction is None else 1.0
        with self._lock:
            if sight.who not in self._tasks:
                self._tasks[sight.who] = self._bars.add_task(
                    visible(sight.who), total=total, words=words
                )
            self._bars.update(
                self._tasks[sight.who], total=total, completed=sight.fraction or 0, words=words
            )
