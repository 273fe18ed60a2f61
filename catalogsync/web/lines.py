"""A line for each thread: one pool for all of them costs more than it saves."""

import ssl
import threading
from collections.abc import Callable
from functools import partial

from catalogsync.web.addresses import Origin
from catalogsync.web.exchange import Answer
from catalogsync.web.line import Line, Sent


class Lines:
    """Exchanges from any number of threads, each over a line of its own; see `Line`."""

    def __init__(
        self, trusted: Callable[[], ssl.SSLContext], *, idle: float, connect: float = 10.0
    ) -> None:
        self._new = partial(Line, trusted, idle=idle, connect=connect)
        self._local = threading.local()
        self._lines: list[Line] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for line in self._lines:
                line.close()

    def exchange(self, origin: Origin, sent: Sent, *, by: float, longest: int) -> Answer:
        """Send a request over this thread's line and return the answer; see `Line.exchange`."""
        line: Line | None = getattr(self._local, "line", None)
        if line is None:
            line = self._local.line = self._new()
            with self._lock:
                self._lines.append(line)
        return line.exchange(origin, sent, by=by, longest=longest)
