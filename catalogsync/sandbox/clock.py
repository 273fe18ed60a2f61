"""Time as the sandbox sees it: the machine's, plus what a test has added."""

import time
from datetime import UTC, datetime, timedelta


def iso(seconds: float) -> str:
    """Seconds since the epoch as the API writes a date: UTC, to the millisecond."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


class Clock:
    """A clock that can be moved."""

    def __init__(self) -> None:
        self._added = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._added

    def stamp(self) -> str:
        """The present as the API writes it."""
        return iso(self.now())

    def after(self, previous: str) -> str:
        """The present, or one millisecond after `previous` if that is not yet past."""
        stamp = self.stamp()
        if stamp > previous:
            return stamp
        moment = datetime.fromisoformat(previous) + timedelta(milliseconds=1)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"

    def advance(self, seconds: float) -> None:
        """Move the clock forward, or back by less than nothing."""
        self._added += seconds
