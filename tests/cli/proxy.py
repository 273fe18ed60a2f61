"""A TCP proxy that cuts connections off, as a bad network does."""

import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_RESET = struct.pack("ii", 1, 0)
_CHUNK = 1 << 16


class Proxy:
    """Passes bytes on, but resets a connection where it was asked to.

    `cuts` holds pairs of how a request begins and what is lost: the rest of the `request` after
    some of its bytes, or the whole `answer` to it. Each is used once.
    """

    def __init__(self, url: str) -> None:
        self._upstream = (urlsplit(url).hostname, urlsplit(url).port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        self.cuts: list[tuple[bytes, str]] = []
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Take connections until it is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=[client], daemon=True).start()

    def close(self) -> None:
        """Take no connection any more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._upstream) as server, suppress(OSError):
            lost, seen = "", 0
            while True:
                ready, _, _ = select.select([client, server], [], [])
                if client in ready:
                    data = client.recv(_CHUNK)
                    if not data:
                        return
                    lost = lost or self._taken(data)
                    seen += len(data) if lost else 0
                    server.sendall(data)
                    if lost == "request" and seen > 2 * _CHUNK:
                        break
                if server in ready:
                    data = server.recv(_CHUNK)
                    if not data:
                        return
                    if lost == "answer":
                        break
                    client.sendall(data)
            for each in (client, server):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    def _taken(self, data: bytes) -> str:
        """What is to be lost of the request that begins here, if anything."""
        with self._lock:
            for cut in self.cuts:
                if data.startswith(cut[0]):
                    self.cuts.remove(cut)
                    return cut[1]
        return ""


@contextmanager
def proxying(url: str) -> Iterator[Proxy]:
    """A proxy in front of a server for the length of a `with`."""
    proxy = Proxy(url)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
