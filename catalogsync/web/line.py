"""Exchanges with one server after another, over a connection that is kept.

They go over h11, which httpx is built on: around it, httpx takes twice as long again for each
exchange, would copy each piece of a body, and takes longer to import than all the rest.
"""

import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import cast

import h11

from catalogsync.values import dataclass
from catalogsync.web.addresses import Origin
from catalogsync.web.exchange import Answer
from catalogsync.web.stream import Broken, Deadline, Stream

_KEPT = 5.0
"""For how long a connection is used again after an answer, in seconds; servers close idle ones."""

_LONGEST_HEAD = 100 * 1024
_READ_AT_ONCE = 64 * 1024
_WRITTEN_AT_ONCE = 64 * 1024
"""Up to which size a head and small pieces of a body wait for each other, in bytes.

Threads that write stop all others for a moment, and wait for them after it.
"""


class Unanswered(Exception):
    """No answer came. `kind` is a word for the reason; the message may quote what was received.

    It came too `late`, or the request was not `sent` for certain.
    """

    def __init__(self, error: Broken | h11.ProtocolError, *, sent: bool) -> None:
        self.kind = error.kind if isinstance(error, Broken) else type(error).__name__
        super().__init__(str(error) or self.kind)
        self.late = isinstance(error, Broken) and error.late
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Sent:
    """What is sent to a server: `target` is the path with the query, quoted.

    `where` is what the request is called.
    """

    where: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: Iterable[bytes | memoryview] = ()


class Line:
    """Sends one thing after another, for one thread, and follows no redirect.

    `trusted` says whom to trust over https. To reach a server may take `connect` seconds, and no
    other step longer than `idle`.
    """

    def __init__(
        self, trusted: Callable[[], ssl.SSLContext], *, idle: float, connect: float = 10.0
    ) -> None:
        self._trusted = trusted
        self._idle = idle
        self._patience = min(connect, idle)
        self._deadline = Deadline()
        self._kept: _Connection | None = None

    def close(self) -> None:
        """Close the connection."""
        if self._kept:
            self._kept.close()
            self._kept = None

    def exchange(self, origin: Origin, sent: Sent, *, by: float, longest: int) -> Answer:
        """Send a request and return the answer, of which no more is read than is too long.

        It may come before all of the body is sent. Raises `Unanswered` if there is none by that
        time of `time.monotonic`; a piece of the body is done with once the next one is asked for.
        """
        self._deadline.at = by
        began = time.monotonic()
        connected = False
        try:
            connection = self._connection_to(origin)
            connected = True
            connection.send(sent)
            answer = connection.answer(sent, longest)
        except (Broken, h11.ProtocolError) as error:
            self.close()
            raise Unanswered(error, sent=connected) from error
        except BaseException:
            self.close()
            raise
        if not connection.ready():
            self.close()
        return replace(answer, seconds=time.monotonic() - began)

    def _connection_to(self, origin: Origin) -> "_Connection":
        if self._kept and self._kept.leads_to(origin):
            return self._kept
        self.close()
        trusted = self._trusted() if origin.scheme == "https" else None
        stream = Stream.to(origin.host, origin.port, self._deadline, self._patience)
        if trusted:
            stream = stream.secured(trusted, origin.host, self._patience)
        self._kept = _Connection(origin, stream, self._idle)
        return self._kept


class _Connection:
    """One connection, which speaks HTTP/1.1."""

    def __init__(self, origin: Origin, stream: Stream, idle: float) -> None:
        self._origin = origin
        self._stream = stream
        self._idle = idle
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._answered = time.monotonic()

    def close(self) -> None:
        """Close it."""
        self._stream.close()

    def leads_to(self, origin: Origin) -> bool:
        """Whether another request can be sent to such a server."""
        fresh = time.monotonic() - self._answered < _KEPT
        # What a server says without being asked is that it closes.
        return origin == self._origin and fresh and not self._stream.says_something()

    def send(self, sent: Sent) -> None:
        """Send a request, or as much of it as the server takes."""
        headers = [("Host", self._origin.named), *sent.headers.items()]
        head = h11.Request(method=sent.method, target=sent.target, headers=headers)
        protocol, write, idle = self._protocol, self._stream.write, self._idle
        due = protocol.send(head) or b""
        try:
            for piece in sent.body:
                # h11 only counts the bytes: they go out from where they are.
                protocol.send_with_data_passthrough(h11.Data(data=cast(bytes, piece)))
                if len(due) + len(piece) <= _WRITTEN_AT_ONCE:
                    due += piece
                else:
                    write(due, idle)
                    write(piece, idle)
                    due = b""
            write(due, idle)
            protocol.send(h11.EndOfMessage())
        except Broken as error:
            if error.late or error.step != "Write":
                raise
            # Whoever takes no more may have said why before.
            return

    def answer(self, sent: Sent, longest: int) -> Answer:
        """Read an answer, and no more of it once it is longer than that."""
        head: h11.Response | None = None
        content: list[bytes] = []
        size = 0
        while size <= longest:
            event = self._protocol.next_event()
            if event is h11.NEED_DATA:
                received = self._stream.read(_READ_AT_ONCE, self._idle)
                if not received and head is None:
                    raise h11.RemoteProtocolError("the server closed the connection")
                self._protocol.receive_data(received)
            elif isinstance(event, h11.Data):
                size += len(event.data)
                content.append(event.data)
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.EndOfMessage):
                break
        assert head
        return Answer(sent.where, head.status_code, _read(head.headers), b"".join(content))

    def ready(self) -> bool:
        """Get ready for another request; False if this one did not go through to its end."""
        both = (self._protocol.our_state, self._protocol.their_state)
        if both != (h11.DONE, h11.DONE) or self._protocol.trailing_data[0]:
            return False
        self._protocol.start_next_cycle()
        self._answered = time.monotonic()
        return True


def _read(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by their names in lower case, the values of one name joined by commas."""
    read: dict[str, str] = {}
    for name, value in headers:
        key, told = name.decode("latin-1"), value.decode("latin-1")
        read[key] = f"{read[key]}, {told}" if key in read else told
    return read
