"""Bodies put straight from a buffer: httpx would copy each piece, and take as long around it."""

import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from typing import cast

import h11
import httpcore
import httpx

from catalogsync.web.exchange import Answer
from catalogsync.web.sockets import Deadline, Net, Stream

_KEPT = 5.0
"""For how long a connection is used again after an answer, in seconds; servers close idle ones."""

_CONNECTED = 10.0
"""How long it may take to reach a server, in seconds."""

_LONGEST_HEAD = 100 * 1024
_LONGEST_ANSWER = 256 * 1024
_READ_AT_ONCE = 64 * 1024
_PORTS = {"http": 80, "https": 443}


class NotTaken(Exception):
    """A body that was not answered; the message is a word for the reason, and no address."""


class Putter:
    """Puts bodies to addresses one after another, for one thread, and follows no redirect.

    `trusted` says whom to trust over https; no step may take longer than `idle` seconds.
    """

    def __init__(self, trusted: Callable[[], ssl.SSLContext], *, idle: float) -> None:
        self._trusted = trusted
        self._idle = idle
        self._deadline = Deadline()
        self._line: _Line | None = None

    def close(self) -> None:
        """Close the connection."""
        if self._line:
            self._line.close()
            self._line = None

    def put(
        self,
        url: httpx.URL,
        headers: Mapping[str, str],
        body: Iterable[memoryview],
        *,
        within: float,
    ) -> Answer:
        """Put a body of the length that the headers say, and return the answer without its content.

        It may come before all of the body is sent. Raises `NotTaken` if there is none in so many
        seconds; a piece of the body is done with once the next one is asked for.
        """
        self._deadline.at = time.monotonic() + within
        host = ("Host", url.netloc.decode("ascii"))
        head = h11.Request(method="PUT", target=url.raw_path, headers=[host, *headers.items()])
        try:
            line = self._line_to(url)
            line.send(head, body)
            answer = line.answer()
        except (httpcore.NetworkError, httpcore.TimeoutException, h11.ProtocolError) as error:
            self.close()
            raise NotTaken(type(error).__name__) from error
        except BaseException:
            self.close()
            raise
        if not line.ready():
            self.close()
        return answer

    def _line_to(self, url: httpx.URL) -> "_Line":
        origin = (url.scheme, url.host, url.port or _PORTS[url.scheme])
        if self._line and self._line.leads_to(origin):
            return self._line
        self.close()
        host = url.raw_host.decode("ascii")
        patience = min(_CONNECTED, self._idle)
        stream = Net(self._deadline).connect_tcp(host, origin[2], patience)
        if url.scheme == "https":
            stream = stream.start_tls(self._trusted(), host, patience)
        self._line = _Line(origin, stream, self._idle)
        return self._line


class _Line:
    """One connection, which speaks HTTP/1.1."""

    def __init__(self, origin: tuple[str, str, int], stream: Stream, idle: float) -> None:
        self._origin = origin
        self._stream = stream
        self._idle = idle
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._answered = time.monotonic()

    def close(self) -> None:
        """Close it."""
        self._stream.close()

    def leads_to(self, origin: tuple[str, str, int]) -> bool:
        """Whether another request can be sent to such a place."""
        fresh = time.monotonic() - self._answered < _KEPT
        # What a server says without being asked is that it closes.
        return origin == self._origin and fresh and not self._stream.get_extra_info("is_readable")

    def send(self, head: h11.Request, body: Iterable[memoryview]) -> None:
        """Send a request, or as much of it as the server takes."""
        try:
            self._stream.write(self._protocol.send(head) or b"", self._idle)
            for piece in body:
                # h11 only counts the bytes: they go out from where they are.
                self._protocol.send_with_data_passthrough(h11.Data(data=cast(bytes, piece)))
                self._stream.write(piece, self._idle)
            self._protocol.send(h11.EndOfMessage())
        except httpcore.WriteError:
            # Whoever takes no more may have said why before.
            return

    def answer(self) -> Answer:
        """Read an answer and drop its content, up to a length that no server needs."""
        answer = Answer("PUT", 0, {}, b"")
        size = 0
        while size <= _LONGEST_ANSWER:
            event = self._protocol.next_event()
            if event is h11.NEED_DATA:
                self._protocol.receive_data(self._stream.read(_READ_AT_ONCE, self._idle))
            elif isinstance(event, h11.Response):
                told = {
                    name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers
                }
                answer = Answer("PUT", event.status_code, told, b"")
            elif isinstance(event, h11.Data):
                size += len(event.data)
            elif isinstance(event, h11.EndOfMessage):
                break
        return answer

    def ready(self) -> bool:
        """Get ready for another request; False if this one did not go through to its end."""
        both = (self._protocol.our_state, self._protocol.their_state)
        if both != (h11.DONE, h11.DONE) or self._protocol.trailing_data[0]:
            return False
        self._protocol.start_next_cycle()
        self._answered = time.monotonic()
        return True
