"""Connections whose every step keeps a deadline: a server that drips cannot renew it."""

import select
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

_PIECE = 1024 * 1024
"""How much is written in one step, in bytes: a slow line gets rid of it within a timeout."""


class Broken(Exception):
    """A step that failed: to `Connect`, `Read` or `Write`; `late` if it took too long."""

    def __init__(self, step: str, said: str, *, late: bool) -> None:
        super().__init__(said)
        self.step = step
        self.late = late

    @property
    def kind(self) -> str:
        """A word for it: ConnectError, ReadTimeout and so on."""
        return f"{self.step}{'Timeout' if self.late else 'Error'}"


class Deadline:
    """The time by which an exchange must be over, on the clock of `time.monotonic`."""

    def __init__(self) -> None:
        self.at = float("inf")

    def left(self, step: str, timeout: float | None) -> float:
        """The timeout of the next step; raises `Broken` if there is no time left for it."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise Broken(step, "the answer comes too slowly", late=True)
        return left if timeout is None else min(timeout, left)


class Stream:
    """A connection that keeps the deadline; every step raises `Broken`."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    @classmethod
    def to(cls, host: str, port: int, deadline: Deadline, timeout: float | None) -> Self:
        """Connect to a server."""
        left = deadline.left("Connect", timeout)
        with _telling("Connect"):
            connected = socket.create_connection((host, port), left)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(connected, deadline)

    def secured(self, trusted: ssl.SSLContext, host: str | None, timeout: float | None) -> Self:
        """The same over TLS, with one who is trusted to be that host."""
        with _telling("Connect"):
            try:
                self._socket.settimeout(self._deadline.left("Connect", timeout))
                wrapped = trusted.wrap_socket(self._socket, server_hostname=host)
            except BaseException:
                self.close()
                raise
        return type(self)(wrapped, self._deadline)

    def read(self, most: int, timeout: float | None) -> bytes:
        """Whatever comes next, nothing at the end."""
        with _telling("Read"):
            self._allow(self._deadline.left("Read", timeout))
            return self._socket.recv(most)

    def write(self, content: bytes | memoryview, timeout: float | None) -> None:
        """Write all of it; no step takes longer than the timeout."""
        left = memoryview(content)
        while left:
            with _telling("Write"):
                self._allow(self._deadline.left("Write", timeout))
                left = left[self._socket.send(left[:_PIECE]) :]

    def _allow(self, seconds: float) -> None:
        """Let the next step take so long; to tell the system again would be a step of its own."""
        if self._socket.gettimeout() != seconds:
            self._socket.settimeout(seconds)

    def says_something(self) -> bool:
        """Whether there is something to read, or the end."""
        try:
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            return bool(poll.poll(0))
        except ValueError:
            # It was closed.
            return True

    def close(self) -> None:
        """Close it."""
        self._socket.close()


@contextmanager
def _telling(step: str) -> Iterator[None]:
    """Tell of what goes wrong within as a step that failed."""
    try:
        yield
    except TimeoutError as error:
        raise Broken(step, str(error), late=True) from error
    except OSError as error:
        raise Broken(step, str(error), late=False) from error
