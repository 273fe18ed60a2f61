"""Sockets that keep a deadline: httpx bounds each read, which a server that drips can renew."""

import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

_PIECE = 1024 * 1024
"""How much is written in one step, in bytes: a slow line gets rid of it within a timeout."""


class Deadline:
    """The time by which an exchange must be over, on the clock of `time.monotonic`."""

    def __init__(self) -> None:
        self.at = float("inf")

    def left(self, timeout: float | None, late: type[httpcore.TimeoutException]) -> float:
        """The timeout of the next step; raise `late` if there is no time left for it."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise late("the answer comes too slowly")
        return left if timeout is None else min(timeout, left)


def bounded_transport(context: ssl.SSLContext, deadline: Deadline) -> httpx.HTTPTransport:
    """A transport of httpx for one thread, whose every step is bounded by `deadline`."""
    transport = httpx.HTTPTransport(verify=context, trust_env=False)
    # httpx offers no other way to hand a network backend to its pool.
    transport._pool = httpcore.ConnectionPool(
        ssl_context=context, max_connections=1, keepalive_expiry=5.0, network_backend=Net(deadline)
    )
    return transport


class Net(httpcore.SyncBackend):
    """Opens connections that keep the deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> "Stream":
        left = self._deadline.left(timeout, httpcore.ConnectTimeout)
        stream = super().connect_tcp(host, port, left, local_address, socket_options)
        return Stream(stream, self._deadline)


class Stream(httpcore.NetworkStream):
    """A connection that keeps the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._socket: socket.socket = stream.get_extra_info("socket")
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes | memoryview, timeout: float | None = None) -> None:
        # Each step of httpcore's own loop has the whole timeout again, and copies what is left.
        left = memoryview(buffer)
        try:
            while left:
                self._socket.settimeout(self._deadline.left(timeout, httpcore.WriteTimeout))
                left = left[self._socket.send(left[:_PIECE]) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(error) from error
        except OSError as error:
            raise httpcore.WriteError(error) from error

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> "Stream":
        left = self._deadline.left(timeout, httpcore.ConnectTimeout)
        return Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
