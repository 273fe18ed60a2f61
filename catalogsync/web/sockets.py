"""What httpx is let do: ask where an address is plain, and keep a deadline.

By itself it bounds each read, which a server that drips can renew.
"""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from catalogsync.web.addresses import private_address
from catalogsync.web.stream import Broken, Deadline, Stream

_ERRORS: dict[str, type[Exception]] = {
    "ConnectError": httpcore.ConnectError,
    "ConnectTimeout": httpcore.ConnectTimeout,
    "ReadError": httpcore.ReadError,
    "ReadTimeout": httpcore.ReadTimeout,
    "WriteError": httpcore.WriteError,
    "WriteTimeout": httpcore.WriteTimeout,
}
"""What httpx takes for a step that failed, by our word for it."""


def can_be_asked(url: str) -> bool:
    """Whether httpx may ask at an address: one that is private, and that it reads as we do."""
    address = private_address(url)
    if address is None:
        return False
    try:
        read = httpx.URL(url)
        # Of some hosts it cannot say what they are, and fails over that when it asks.
        return bool(read.host) and read.raw_host.decode("ascii") == address.origin.host
    except (httpx.InvalidURL, UnicodeError):
        return False


def bounded_transport(context: ssl.SSLContext, deadline: Deadline) -> httpx.HTTPTransport:
    """A transport of httpx for one thread, whose every step is bounded by `deadline`."""
    transport = httpx.HTTPTransport(verify=context, trust_env=False)
    # httpx offers no other way to hand a network backend to its pool.
    transport._pool = httpcore.ConnectionPool(
        ssl_context=context, max_connections=1, keepalive_expiry=5.0, network_backend=_Net(deadline)
    )
    return transport


class _Net(httpcore.NetworkBackend):
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
    ) -> "_NetStream":
        with _in_its_words():
            return _NetStream(Stream.to(host, port, self._deadline, timeout))


class _NetStream(httpcore.NetworkStream):
    """A connection that keeps the deadline."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _in_its_words():
            return self._stream.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _in_its_words():
            self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> "_NetStream":
        with _in_its_words():
            return _NetStream(self._stream.secured(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.says_something() if info == "is_readable" else None


@contextmanager
def _in_its_words() -> Iterator[None]:
    try:
        yield
    except Broken as error:
        raise _ERRORS[error.kind](str(error)) from error
