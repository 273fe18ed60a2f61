"""How fast bytes come."""

import time


class Rate:
    """Bytes per second since the first that was seen of them."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None
        self.per_second = 0.0

    def reached(self, count: int) -> None:
        """So many bytes are there; fewer than before where it began anew."""
        now = time.monotonic()
        if self._first is None or count < self._first[1]:
            self._first = now, count
        seconds = now - self._first[0]
        self.per_second = (count - self._first[1]) / seconds if seconds > 0.2 else 0.0
