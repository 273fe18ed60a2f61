"""Looking again and again at what the server takes its time for."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from catalogsync.errors import ApiError, BadResponse, Interrupted, NotFound, Throttled, Unreachable
from catalogsync.values import dataclass

T = TypeVar("T")

Wait = Callable[[float], bool]
"""Waits for so many seconds; true if the user wants to stop."""

LATE = 1.0
"""A write that comes more than so many seconds after the last look needs another one."""

LOOKS_IN_VAIN = 3
"""How many looks in a row may fail, each with all attempts that a read has."""

_PASSING = (NotFound, Unreachable, BadResponse, Throttled)
"""What another look may cure: what was just begun may not be found yet, a network comes back."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the server may take over something, and how often to look; in seconds."""

    first_poll: float = 0.2
    longest_poll: float = 3.0
    deadline: float = 600.0


def moments(patience: Patience, wait: Wait) -> Iterator[None]:
    """Yield whenever it is time to look again, the first time at once, until the deadline.

    Raises `Interrupted` when the user wants to stop.
    """
    began = time.monotonic()
    pause = patience.first_poll
    while True:
        yield
        if time.monotonic() - began > patience.deadline:
            return
        if wait(pause):
            raise Interrupted("interrupted")
        pause = min(pause * 1.5, patience.longest_poll)


def followed(
    look: Callable[[], T],
    ended: Callable[[T], bool],
    *,
    patience: Patience,
    wait: Wait,
    tell: Callable[[T], object] = lambda seen: None,
) -> T | None:
    """Look at something until it has ended, and return it; None if that takes too long.

    A look that fails is repeated; what `LOOKS_IN_VAIN` of them in a row raise is raised.
    """
    failed = 0
    for _ in moments(patience, wait):
        try:
            seen = look()
        except ApiError as error:
            failed += 1
            if failed == LOOKS_IN_VAIN or not isinstance(error, _PASSING):
                raise
            continue
        failed = 0
        tell(seen)
        if ended(seen):
            return seen
    return None
