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
_FIRST_LOOK = 0.15
_ASK_AGAIN = 0.1


class Pace:
    """Tells each request how long to wait before it is sent; safe to use from several threads.

    A request takes a place in a queue with `join` and asks `delay` until that says 0. It has to
    ask again after each wait: the rate may have changed meanwhile, which moves the whole queue.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._limit: float | None = None
        self._ceiling = 0.0
        self._dropped_at = 0.0
        self._joined = 0
        self._due = 0.0
        self._due_at = clock()
        self._window_start = clock()
        self._window_count = 0
        self._measured = 0.0

    @property
    def limit(self) -> float | None:
        """The current limit in requests per second, None while there is none."""
        return self._limit

    def join(self) -> int:
        """Take the next place in the queue."""
        with self._lock:
            self._advance(self._clock())
            self._joined += 1
            return self._joined

    def delay(self, place: int) -> float:
        """The seconds to wait before asking again; 0 means: send now."""
        with self._lock:
            now = self._clock()
            self._advance(now)
            ahead = place - 1 - self._due
            # What floating point leaves over is no reason to wait again.
            if self._limit is None or ahead < 1e-6:
                self._measure(now)
                return 0.0
            return min(ahead / self._limit, _ASK_AGAIN)

    def succeeded(self) -> None:
        """Let the rate grow after an answer that was not a 429."""
        with self._lock:
            if self._limit is None:
                return
            now = self._clock()
            self._advance(now)
            recovery = float((self._ceiling * (1 - _DROP) / _GROWTH) ** (1 / 3))
            grown = _GROWTH * (now - self._dropped_at - recovery) ** 3 + self._ceiling
            # A limit far above what is sent was never tried out and would limit nothing.
            self._limit = max(self._limit, min(grown, 2 * self._measured))

    def throttled(self, sent: float) -> None:
        """Slow everybody down after a 429 for what was sent at `sent`, a time of the clock.

        What was sent before the last drop counts as one with the 429 that caused the drop.
        """
        with self._lock:
            now = self._clock()
            if self._limit is not None and sent <= self._dropped_at:
                return
            self._advance(now)
            rate = self._measured if self._limit is None else min(self._limit, self._measured)
            self._ceiling = max(rate, _LOWEST)
            self._limit = max(self._ceiling * _DROP, _LOWEST)
            self._dropped_at = now

    def _advance(self, now: float) -> None:
        """Move the queue on; the time in which nobody waited is lost, not saved up."""
        passed = float("inf") if self._limit is None else (now - self._due_at) * self._limit
        self._due = min(self._due + passed, float(self._joined))
        self._due_at = now

    def _measure(self, now: float) -> None:
        """Keep a smoothed count of the requests that are sent in a second."""
        self._window_count += 1
        elapsed = now - self._window_start
        if elapsed >= _MEASURING:
            rate = self._window_count / elapsed
            self._measured = rate if not self._measured else 0.8 * rate + 0.2 * self._measured
            self._window_start, self._window_count = now, 0
        elif self._limit is None:
            rate = self._window_count / max(elapsed, _FIRST_LOOK)
            self._measured = max(self._measured, rate)
