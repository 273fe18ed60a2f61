"""Single exchanges with the API: authenticated, bounded in time and size, and never repeated."""

import ssl
import zlib
from base64 import b64encode
from dataclasses import replace
from typing import Protocol, Self

from catalogsync import __version__
from catalogsync.errors import BadResponse
from catalogsync.polling import LATE
from catalogsync.scenario.connection import Connection
from catalogsync.scenario.request import Request, written
from catalogsync.values import dataclass
from catalogsync.web import Answer, Failure, Lines, Sent, plain_address, tls_context


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long and how much a request may take; seconds and bytes.

    `whole` bounds a request with all its attempts, `first_wait` the wait before the second. What
    the server asks to wait comes on top, up to `longest_wait` for all attempts together. What had
    to wait for longer than `late` is looked at again before it is sent.
    """

    connect: float = 10.0
    read: float = 30.0
    whole: float = 120.0
    answer_bytes: int = 64 * 1024 * 1024
    attempts: int = 5
    longest_wait: float = 300.0
    first_wait: float = 0.5
    late: float = LATE

    def within(self, seconds: float) -> Self:
        """The same for requests that may take so long with all their attempts."""
        return replace(
            self, connect=min(self.connect, seconds), read=min(self.read, seconds), whole=seconds
        )


class Exchanges(Protocol):
    """What sends requests and brings their answers."""

    def wait(self, request: Request, target: str) -> bool:
        """Wait while the answer may still come from elsewhere, and tell whether it did."""
        ...

    def exchange(self, request: Request, target: str, by: float) -> Answer | Failure:
        """Send a request to a path with its query, and return the answer, unpacked.

        Raises `Unanswered` where there is none by that time of `time.monotonic`.
        """
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


_GZIP = zlib.MAX_WBITS | 16
"""What zlib calls it."""


class Direct:
    """Exchanges that are sent at once, over a connection for each thread.

    `trusted` is who is trusted over https instead of the authorities that all programs trust.
    """

    def __init__(
        self, connection: Connection, bounds: Bounds, *, trusted: ssl.SSLContext | None = None
    ) -> None:
        address = plain_address(connection.address)
        assert address
        self._origin = address.origin
        self._below = address.target.rstrip("/")
        self._longest = bounds.answer_bytes
        pair = f"{connection.key}:{connection.secret}".encode()
        self._headers = {
            "Authorization": f"Basic {b64encode(pair).decode('ascii')}",
            "User-Agent": f"catalog-sync/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
        }
        context = trusted or tls_context(connection.address)
        self._lines = Lines(lambda: context, idle=bounds.read, connect=bounds.connect)

    def close(self) -> None:
        """Close all connections."""
        self._lines.close()

    def wait(self, request: Request, target: str) -> bool:
        """Nothing comes from elsewhere."""
        return False

    def exchange(self, request: Request, target: str, by: float) -> Answer | Failure:
        """Send a request, and return the answer as far as it is one that can be read."""
        body, headers = written(request)
        headers = self._headers | headers
        sent = Sent(str(request), request.method, self._below + target, headers, body)
        answer = self._lines.exchange(self._origin, sent, by=by, longest=self._longest)
        if len(answer.content) > self._longest:
            return _endless(answer)
        packed = answer.headers.get("content-encoding", "").strip().lower()
        if packed in ("", "identity") or not answer.content:
            return answer
        return _unpacked(answer, packed, self._longest)


def _unpacked(answer: Answer, packed: str, longest: int) -> Answer | Failure:
    """The answer as it was before it was packed, if that is not longer than it may be."""
    if "," in packed:
        # Packed twice, a small answer can unpack to a size that no cap catches in time.
        return _refused(answer, "is packed more than once")
    if packed != "gzip":
        return _refused(answer, "is packed as nobody asked for")
    unpacker = zlib.decompressobj(_GZIP)
    try:
        content = unpacker.decompress(answer.content, longest + 1)
    except zlib.error:
        return _broken(answer)
    if len(content) > longest:
        return _endless(answer)
    whole = unpacker.eof and not unpacker.unused_data
    return replace(answer, content=content) if whole else _broken(answer)


def _broken(answer: Answer) -> Failure:
    error = BadResponse(f"{answer.where}: the answer is packed in a way that cannot be read")
    return Failure(error, curable=True)


def _endless(answer: Answer) -> Failure:
    return _refused(answer, "has no end")


def _refused(answer: Answer, what: str) -> Failure:
    return Failure(BadResponse(f"{answer.where}: the answer {what}"))
