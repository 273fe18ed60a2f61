"""The request rate that all workers share: unlimited until the server throttles, then CUBIC.

After a 429 the rate drops to a part of what it was, grows back along a cubic curve that is flat
around the rate that was too much, and then probes beyond it. This is how TCP CUBIC finds the
capacity of a link, applied to requests per second.
"""

import time
from collections.abc import Callable
from threading import Lock

_DROP = 0.7
_GROWTH = 0.4
_LOWEST = 0.5
_MEASURING = 0.5


class Pace:
    """Tells each request how long to wait before it is sent; safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._limit: float | None = None
        self._ceiling = 0.0
        self._throttled_at = 0.0
        self._next_slot = 0.0
        self._window_start = clock()
        self._window_count = 0
        self._measured = 0.0

    @property
    def limit(self) -> float | None:
        """The current limit in requests per second, None while there is none."""
        return self._limit

    def delay(self) -> float:
        """Take the next slot and return the seconds until it."""
        with self._lock:
            now = self._clock()
            self._measure(now)
            if self._limit is None:
                return 0.0
            slot = max(now, self._next_slot)
            self._next_slot = slot + 1 / self._limit
            return slot - now

    def succeeded(self) -> None:
        """Let the rate grow after an answer that was not a 429."""
        with self._lock:
            if self._limit is None:
                return
            elapsed = self._clock() - self._throttled_at
            recovery = float((self._ceiling * (1 - _DROP) / _GROWTH) ** (1 / 3))
            grown = _GROWTH * (elapsed - recovery) ** 3 + self._ceiling
            self._limit = max(_LOWEST, min(grown, 2 * max(self._measured, self._limit)))

    def throttled(self) -> None:
        """Slow everybody down after a 429; several within one round trip count as one."""
        with self._lock:
            now = self._clock()
            if self._limit is not None and now - self._throttled_at < 1 / self._limit:
                return
            rate = self._measured if self._limit is None else min(self._limit, self._measured)
            self._ceiling = max(rate, _LOWEST)
            self._limit = max(self._ceiling * _DROP, _LOWEST)
            self._throttled_at = now
            self._next_slot = max(self._next_slot, now)

    def _measure(self, now: float) -> None:
        """Keep a smoothed count of requests per second."""
        self._window_count += 1
        elapsed = now - self._window_start
        if elapsed >= _MEASURING:
            rate = self._window_count / elapsed
            self._measured = rate if not self._measured else 0.8 * rate + 0.2 * self._measured
            self._window_start, self._window_count = now, 0
        elif not self._measured:
            self._measured = self._window_count / _MEASURING
