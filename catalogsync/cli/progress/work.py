"""Progress of what the server or a line takes its time for: a bar each, lines, or JSON lines."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from catalogsync.cli.output import say
from catalogsync.cli.progress.values import Sight, Work
from catalogsync.review.document import dumped_line
from catalogsync.review.words import visible

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_EVENTS = 1.0


@contextmanager
def work(*, quiet: bool, as_json: bool = False) -> Iterator[Work]:
    """Whom to show work in progress, for the length of a `with`."""
    if quiet:
        yield Work()
    elif as_json:
        yield _Told(_SECONDS_BETWEEN_EVENTS, _event)
    elif sys.stderr.isatty():
        from catalogsync.cli.progress.work_bars import work_bars

        yield from work_bars()
    else:
        yield _Told(_SECONDS_BETWEEN_LINES, _line)


class _Told(Work):
    """Tells every new phase, and what goes on every few seconds."""

    def __init__(self, seconds: float, told: Callable[[Sight], str]) -> None:
        self._seconds = seconds
        self._told = told
        self._lock = Lock()
        self._last: dict[str, tuple[str, float]] = {}

    def show(self, sight: Sight) -> None:
        now = time.monotonic()
        with self._lock:
            phase, last = self._last.get(sight.who, ("", 0.0))
            if phase == sight.phase and now - last < self._seconds:
                return
            self._last[sight.who] = sight.phase, now
            say(self._told(sight))


def _line(sight: Sight) -> str:
    return visible(f"{sight.who}: {sight.words}")


def _event(sight: Sight) -> str:
    return dumped_line({"event": sight.event, "key": sight.who, **sight.values})
