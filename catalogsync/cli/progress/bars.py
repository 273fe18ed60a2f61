"""Progress on a terminal."""

import sys
from collections.abc import Iterator
from threading import Lock
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.table import Column
from rich.text import Text

from catalogsync.cli.output import wants_color
from catalogsync.cli.progress.values import Load, Progress, Sizes
from catalogsync.model import AssetRef
from catalogsync.review.words import file_size, visible

_FILES_SHOWN = 8

_BESIDE_NAMES = 53
_SHORTEST_NAME = 16
"""How many columns a bar with its amount and time takes, and how many a name gets at least."""


class _Amount(ProgressColumn):
    """How much of it is done, in its own unit."""

    def render(self, task: Task) -> Text:
        """Steps as numbers, files in bytes, and all bytes with their rate."""
        done, due, unit = int(task.completed), task.total, task.fields["unit"]
        if due is None:
            return Text("")
        if unit == "steps":
            return Text(f"{done} of {int(due)} steps")
        amount = f"{file_size(done)} of {file_size(int(due))}"
        rate = f"  {file_size(int(task.speed))}/s" if unit == "all" and task.speed else ""
        return Text(amount + rate)


def bars(doing: str, load: Load) -> Iterator[Progress]:
    """Bars, as long as they are wanted."""
    console = Console(stderr=True, no_color=not wants_color("auto", sys.stderr))
    amount = _Amount(Column(no_wrap=True))
    columns = (TextColumn("{task.description}"), BarColumn(), amount, TimeRemainingColumn())
    with RichProgress(*columns, console=console, transient=True) as bars:
        yield _Bars(bars, doing, load)


def _shortened(name: str, most: int) -> str:
    """The end of a long name, which tells more than its beginning."""
    return name if len(name) <= most else f"…{name[1 - most :]}"


class _Bars(Progress):
    """A bar for the steps, one for all bytes, and below them the files in flight."""

    def __init__(self, bars: RichProgress, doing: str, load: Load) -> None:
        self._bars = bars
        self._load = load
        self._lock = Lock()
        self._steps = self._add(doing, None, "steps")
        self._all = self._add("sending", load.size, "all") if load.files else None
        self._files: dict[str, Any] = {}
        self._sizes = Sizes()

    def _add(self, text: str, total: int | None, unit: str, *, shown: bool = True) -> Any:
        return self._bars.add_task(text, total=total, unit=unit, visible=shown)

    def step(self, done: int, due: int) -> None:
        self._bars.update(self._steps, completed=done, total=due)

    def begun(self, asset: AssetRef) -> None:
        most = max(_SHORTEST_NAME, self._bars.console.width - _BESIDE_NAMES)
        name = _shortened(visible(self._load.name(asset)), most).replace("[", r"\[")
        with self._lock:
            if asset.sha256 in self._files:
                return
            shown = len(self._files) < _FILES_SHOWN
            task = self._add(f"  {name}", asset.size, "file", shown=shown)
            self._files[asset.sha256] = task

    def sent(self, asset: AssetRef, size: int) -> None:
        with self._lock:
            there = self._sizes.add(asset, size)
            if asset.sha256 in self._files:
                self._bars.update(self._files[asset.sha256], completed=there)
            self._show_total()

    def ended(self, asset: AssetRef, *, done: bool) -> None:
        with self._lock:
            self._sizes.settle(asset, done=done)
            if asset.sha256 in self._files:
                self._bars.remove_task(self._files.pop(asset.sha256))
            for task in list(self._files.values())[:_FILES_SHOWN]:
                self._bars.update(task, visible=True)
            self._show_total()

    def _show_total(self) -> None:
        if self._all is not None:
            self._bars.update(self._all, completed=self._sizes.total)
