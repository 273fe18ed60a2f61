"""The log on stderr: events as lines for people, or as JSON for programs."""

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from catalogsync.cli.output import say
from catalogsync.events import CoolingDown, Event, Recalled, Repeating, Requested, SlowedDown
from catalogsync.review.words import counted, duration, visible
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class _Kind:
    """How an event is told: its name for programs, how many -v it takes, and its line."""

    name: str
    level: int
    line: Callable[[Any], str]


class Log:
    """Tells what `level`, the number of -v or -1, lets through; safe to call from several threads.

    A wait that can be noticed is told without any -v, but once where many requests share it.
    """

    def __init__(self, level: int, *, as_json: bool) -> None:
        self._level = level
        self._as_json = as_json
        self._lock = Lock()
        self._waiting_until = 0.0

    def __call__(self, event: Event) -> None:
        """Tell one event."""
        kind = _KINDS[type(event)]
        if kind.level > self._level:
            return
        if isinstance(event, CoolingDown) and not self._is_news(event.seconds):
            return
        if isinstance(event, Requested) and self._level < _DETAILED:
            event = replace(event, trace_id="")
        say(_as_json(kind, event) if self._as_json else visible(kind.line(event)))

    def _is_news(self, seconds: float) -> bool:
        """Whether a wait can be noticed and ends well after those that were told."""
        until = time.monotonic() + seconds
        with self._lock:
            if seconds < _NOTICED or until < self._waiting_until + _NOTICED:
                return False
            self._waiting_until = until
            return True


_NOTICED = 5.0
"""How long a wait must be to be told, in seconds."""

_ALWAYS = 0
_DETAILED = 2


def _as_json(kind: _Kind, event: Event) -> str:
    from catalogsync.review.document import dumped_line

    return dumped_line({"event": kind.name, **asdict(event)})


def _requested(event: Requested) -> str:
    # A failure that was an answer holds its status.
    became = event.failure or str(event.status)
    if event.failure and event.status and f"({event.status})" not in event.failure:
        became = f"{event.failure} ({event.status})"
    line = f"{event.method} {event.path}: {became}, {event.ms} ms, attempt {event.attempt}"
    return f"{line}, trace id {event.trace_id}" if event.trace_id else line


def _repeating(event: Repeating) -> str:
    return f"{event.method} {event.path}: again in {event.seconds:.1f} s: {event.reason}"


def _cooling_down(event: CoolingDown) -> str:
    until = (datetime.now() + timedelta(seconds=event.seconds)).strftime("%H:%M:%S")
    wait = f"Waiting {duration(event.seconds)}, until {until}, as the server asks"
    return f"{wait}: {event.method} {event.path}: {event.reason}"


def _slowed_down(event: SlowedDown) -> str:
    return f"slowing down to {event.rate:.1f} requests/s: the server says it is too much"


def _recalled(event: Recalled) -> str:
    return f"cache: {counted(event.count, event.what)} known, not read again"


_KINDS: dict[type[Event], _Kind] = {
    Requested: _Kind("request", 1, _requested),
    Repeating: _Kind("retry", _DETAILED, _repeating),
    CoolingDown: _Kind("cooldown", _ALWAYS, _cooling_down),
    SlowedDown: _Kind("pace", _DETAILED, _slowed_down),
    Recalled: _Kind("cache", _DETAILED, _recalled),
}
