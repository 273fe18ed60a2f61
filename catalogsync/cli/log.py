"""The log on stderr: events as lines for people, or as JSON for programs."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from catalogsync.cli.output import say
from catalogsync.events import Event, Recalled, Repeating, Requested, SlowedDown
from catalogsync.review.words import counted, visible


@dataclass(frozen=True, slots=True)
class _Kind:
    """How an event is told: its name for programs, how many -v it takes, and its line."""

    name: str
    level: int
    line: Callable[[Any], str]


class Log:
    """Tells what `level`, the number of -v, lets through; safe to call from several threads."""

    def __init__(self, level: int, *, as_json: bool) -> None:
        self._level = level
        self._as_json = as_json

    def __call__(self, event: Event) -> None:
        """Tell one event."""
        kind = _KINDS[type(event)]
        if kind.level > self._level:
            return
        if isinstance(event, Requested) and self._level < _DETAILED:
            event = replace(event, trace_id="")
        say(_as_json(kind, event) if self._as_json else visible(kind.line(event)))


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


def _slowed_down(event: SlowedDown) -> str:
    return f"slowing down to {event.rate:.1f} requests/s: the server says it is too much"


def _recalled(event: Recalled) -> str:
    return f"cache: {counted(event.count, event.what)} known, not read again"


_KINDS: dict[type[Event], _Kind] = {
    Requested: _Kind("request", 1, _requested),
    Repeating: _Kind("retry", _DETAILED, _repeating),
    SlowedDown: _Kind("pace", _DETAILED, _slowed_down),
    Recalled: _Kind("cache", _DETAILED, _recalled),
}
