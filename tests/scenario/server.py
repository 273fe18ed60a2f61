"""An HTTP server on a raw socket that answers each request with what the test says, bytes or none.

A step is what happens to one request; the steps are used up in order, from then on the answer is
an empty JSON object. Every request that was read whole is recorded.
"""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came; `connection` counts the connections from 1, headers in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        """The path as it was sent, still quoted."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query, unquoted."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        """The body, which must be JSON."""
        return json.loads(self.body)


@dataclass(slots=True)
class Exchange:
    """What a step works with; a step that closed the connection says so in `open`."""

    socket: socket.socket
    stopped: threading.Event
    open: bool = True

    def close(self) -> None:
        """End the connection in an orderly way."""
        self.open = False

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        linger = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.open = False


Step = Callable[[Exchange], None]


def reply(status: int = 200, body: object = b"", *, close: bool = False, **headers: str) -> Step:
    """A whole answer; what is not bytes is sent as JSON, `_` in a header's name stands for `-`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"content-type": "application/json"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    named.setdefault("content-length", str(len(content)))
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in named.items())]
    return raw("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content, close=close)


def html(status: int = 200, body: bytes = b"<h1>Bad Gateway</h1>") -> Step:
    """A page for people."""
    return reply(status, body, content_type="text/html; charset=utf-8")


def raw(data: bytes, *, close: bool = True) -> Step:
    """Exactly these bytes."""

    def step(exchange: Exchange) -> None:
        exchange.socket.sendall(data)
        exchange.open = not close

    return step


def truncated(body: bytes = b'{"a": 1}') -> Step:
    """An answer that ends before the length it promised."""
    return reply(200, body, close=True, content_length=str(len(body) + 10))


def reset(exchange: Exchange) -> None:
    """Read the request, then reset the connection."""
    exchange.reset()


def close(exchange: Exchange) -> None:
    """Read the request, then close the connection without an answer."""
    exchange.close()


def hang(exchange: Exchange) -> None:
    """Read the request and never answer."""
    exchange.stopped.wait()
    exchange.close()


def drip(start: bytes, piece: bytes, *, every: float = 0.02) -> Step:
    """Send `start`, then `piece` again and again until the other side gives up."""

    def step(exchange: Exchange) -> None:
        exchange.socket.sendall(start)
        while not exchange.stopped.wait(every):
            exchange.socket.sendall(piece)

    return step


@dataclass
class Server:
    """Listens on a port of its own for the length of a `with`."""

    certificate: str = ""
    host: str = "127.0.0.1"
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    on_connect: Step | None = None
    bytes_seen: int = 0
    _steps: list[Step] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server((self.host, 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._run(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self.refuse()
        with self._lock:
            for connection in self._sockets:
                _shut(connection)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()

    def refuse(self) -> None:
        """Accept no connection any more."""
        _shut(self._listener)
        self._listener.close()

    @property
    def url(self) -> str:
        """The address, as a base URL."""
        return f"{'https' if self.certificate else 'http'}://{self.host}:{self.port}/v1"

    def script(self, *steps: Step) -> None:
        """Add what happens to the next requests, in this order."""
        with self._lock:
            self._steps.extend(steps)

    @property
    def seen(self) -> list[str]:
        """Each request so far as its method and path, without the base URL's path."""
        return [f"{r.method} {r.path.removeprefix('/v1')}" for r in self.requests]

    def _run(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._sockets.append(connection)
                number = self.connections
            self._run(self._serve, connection, number)

    def _serve(self, connection: socket.socket, number: int) -> None:
        exchange = Exchange(connection, self._stopped)
        try:
            if self.certificate:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.certificate)
                exchange.socket = context.wrap_socket(connection, server_side=True)
                with self._lock:
                    self._sockets.append(exchange.socket)
            if self.on_connect:
                self.on_connect(exchange)
            while exchange.open and self._one(exchange, number):
                pass
        except OSError:
            pass  # the other side has gone, which is its right
        finally:
            exchange.socket.close()
            connection.close()

    def _one(self, exchange: Exchange, number: int) -> bool:
        head, rest = self._until(exchange.socket, b"\r\n\r\n")
        if not head:
            return False
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        pairs = (line.split(":", 1) for line in lines)
        headers = {name.lower(): value.strip() for name, value in pairs}
        length = int(headers.get("content-length", "0"))
        while len(rest) < length:
            rest += self._receive(exchange.socket)
        with self._lock:
            self.requests.append(Received(method, target, headers, rest, number))
            step = self._steps.pop(0) if self._steps else reply(200, {})
        step(exchange)
        return True

    def _until(self, connection: socket.socket, mark: bytes) -> tuple[bytes, bytes]:
        data = b""
        while mark not in data:
            more = self._receive(connection)
            if not more:
                return b"", b""
            data += more
        head, _, rest = data.partition(mark)
        return head, rest

    def _receive(self, connection: socket.socket) -> bytes:
        data = connection.recv(65536)
        self.bytes_seen += len(data)
        return data


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
