"""The request rate that all workers share: a slow start until the server throttles, then CUBIC.

At first a few requests may be under way, and every answer lets two more go, so that a server with
a narrow limit refuses few before the first 429 is back. Then nothing is sent for a moment, until
what was under way is answered: the share of it that went well tells the rate. A later 429 takes a
part of the rate, which grows again along a cubic curve, flat below the rate that was too much, and
probes beyond it after a while. This is how TCP CUBIC finds the capacity of a link, applied to
requests per second. While the server asks to wait, nobody sends anything.
"""

import time
from collections.abc import Callable
from threading import Lock

_FIRST = 16
_AT_EACH_ANSWER = 2
_WITHOUT_ANSWERS = 20.0
_SETTLING = 0.25
_LEAST_SHARE = 0.5
_LEAST_SHARE_ASKED = 0.25
_DROP = 0.8
_BELOW = 0.95
_GROWTH = 0.05
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
        self._grows_from = 0.0
        self._quiet_until = 0.0
        self._joined = 0
        self._due = 0.0
        self._due_at = self._started = clock()
        self._answered = 0
        self._refused = 0
        self._settling = False
        self._least_share = _LEAST_SHARE
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
            wait = self._wait(now, place)
            if wait <= 0:
                self._measure(now)
                return 0.0
            return min(wait, _ASK_AGAIN)

    def succeeded(self) -> None:
        """Let the rate grow after an answer that was not a 429."""
        with self._lock:
            self._answered += 1
            if self._limit is None:
                return
            now = self._clock()
            self._advance(now)
            since = now - self._grows_from
            grown = _GROWTH * (since - self._recovery()) ** 3 + self._ceiling * _BELOW
            # A limit far above what is sent was never tried out and would limit nothing.
            self._limit = max(self._limit, min(grown, 2 * self._measured))

    def throttled(self, sent: float, wait: float = 0.0) -> None:
        """Slow everybody down after a 429 for what was sent at `sent`, a time of the clock.

        For `wait` seconds, which the server asks for, nobody sends anything. The rate drops once
        for all that was sent before it dropped.
        """
        with self._lock:
            now = self._clock()
            self._advance(now)
            self._refused += 1
            if self._limit is None:
                self._answered, self._refused, self._settling = 0, 1, True
                self._least_share = _LEAST_SHARE_ASKED if wait > _SETTLING else _LEAST_SHARE
                wait = max(wait, _SETTLING)
            if self._limit is None or sent > self._dropped_at:
                self._drop(now)
            self._quiet_until = max(self._quiet_until, now + wait)
            self._grows_from = max(self._grows_from, self._quiet_until)

    def _drop(self, now: float) -> None:
        rate = min(self._limit or self._measured, self._measured)
        self._ceiling = max(rate, _LOWEST)
        self._limit = max(self._ceiling * _DROP, _LOWEST)
        self._dropped_at = self._grows_from = now

    def _settle(self, now: float) -> None:
        """Take the rate of the start for what went well of it, and probe beyond it at once."""
        self._settling = False
        share = self._answered / (self._answered + self._refused)
        self._ceiling = self._limit = max(self._ceiling * max(share, self._least_share), _LOWEST)
        self._dropped_at = now
        self._grows_from = now - self._recovery()

    def _recovery(self) -> float:
        """The seconds that the curve takes up to its flat part."""
        return float((self._ceiling * (1 - _DROP) / _GROWTH) ** (1 / 3))

    def _wait(self, now: float, place: int) -> float:
        if now < self._quiet_until:
            return self._quiet_until - now
        if self._settling:
            self._settle(now)
        ahead = place - 1 - self._due
        # What floating point leaves over is no reason to wait again.
        return ahead / (self._limit or _WITHOUT_ANSWERS) if ahead > 1e-6 else 0.0

    def _advance(self, now: float) -> None:
        """Move the queue on; the time in which nobody waited is lost, not saved up."""
        if self._limit is None:
            allowed = _FIRST + _AT_EACH_ANSWER * self._answered
            self._due = min(allowed + (now - self._started) * _WITHOUT_ANSWERS - 1, self._joined)
        else:
            passed = max(0.0, now - max(self._due_at, self._quiet_until))
            self._due = min(self._due + passed * self._limit, float(self._joined))
        self._due_at = now

    def _measure(self, now: float) -> None:
        """Keep a smoothed count of the requests that are sent in a second."""
        if self._window_start < self._quiet_until <= now:
            # The time that the server asked to wait says nothing of the rate.
            self._window_start, self._window_count = now, 0
        self._window_count += 1
        elapsed = now - self._window_start
        if elapsed >= _MEASURING:
            rate = self._window_count / elapsed
            self._measured = rate if not self._measured else 0.8 * rate + 0.2 * self._measured
            self._window_start, self._window_count = now, 0
        elif self._limit is None:
            rate = self._window_count / max(elapsed, _FIRST_LOOK)
            self._measured = max(self._measured, rate)
