"""A server that takes uploads and keeps nothing, so that a sender and not it is measured.

It speaks as much as senders need of the API's uploads and of S3's, in a process of its own with a
thread for each connection; what is sent to be stored is discarded by the kernel without a copy.
Prints its port when it is ready.
"""

import argparse
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

_HEADERS_END = b"\r\n\r\n"
_DISCARD = 4 * 1024 * 1024
_LENGTH = re.compile(rb"(?im)^content-length: *(\d+)")
_NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


@dataclass
class Totals:
    """What has arrived: requests, bytes of parts, and when the first and the last of them did."""

    requests: int = 0
    stored: int = 0
    first: float = 0.0
    last: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """Note that a part begins to arrive."""
        with self.lock:
            self.first = self.first or time.monotonic()

    def add(self, stored: int) -> None:
        """Count a request."""
        with self.lock:
            self.requests += 1
            self.stored += stored
            self.last = time.monotonic() if stored else self.last

    def take(self) -> bytes:
        """Tell the totals and begin anew."""
        with self.lock:
            told = {
                "requests": self.requests,
                "stored": self.stored,
                "seconds": max(0.0, self.last - self.first),
            }
            self.requests = self.stored = 0
            self.first = self.last = 0.0
        return json.dumps(told).encode()


@dataclass(frozen=True, slots=True)
class Call:
    """A request with a body that was read, and the port it came to."""

    path: str
    query: str
    body: bytes
    port: int


_ids = count(1)


def _create_asset(call: Call) -> object:
    name = json.loads(call.body)["name"]
    return {"asset": {"id": f"asset_{next(_ids)}", "kind": "image", "metadata": {"name": name}}}


def _begin(call: Call) -> object:
    asked = json.loads(call.body)
    upload = f"upload_{next(_ids)}.{asked['fileName']}"
    origin = f"http://127.0.0.1:{call.port}/parts/{upload}"
    parts = [{"number": n, "url": f"{origin}/{n}"} for n in range(1, asked["parts"] + 1)]
    return {"upload": {"id": upload, "status": "pending", "parts": parts}}


def _read_upload(call: Call) -> object:
    upload = call.path.split("/")[3]
    return {"upload": {"id": upload, "status": "imported", "entityId": upload}}


def _read_assets(call: Call) -> object:
    ids = json.loads(call.body)["assetIds"]
    named = ((each, each.partition(".")[2]) for each in ids)
    return {"assets": [{"id": i, "kind": "audio", "metadata": {"name": name}} for i, name in named]}


def _post_object(call: Call) -> object:
    """S3: begin or complete an upload in parts."""
    _, bucket, key = call.path.split("/", 2)
    where = f"<Bucket>{bucket}</Bucket><Key>{key}</Key>"
    if "uploadId=" in call.query:
        what, rest = "CompleteMultipartUploadResult", '<ETag>"0"</ETag>'
    else:
        what, rest = "InitiateMultipartUploadResult", "<UploadId>1</UploadId>"
    return f"<{what} {_NAMESPACE}>{where}{rest}</{what}>".encode()


ANSWERS: tuple[tuple[str, re.Pattern[str], Callable[[Call], object]], ...] = (
    ("POST", re.compile(r"/v1/assets"), _create_asset),
    ("POST", re.compile(r"/v1/assets/get-bulk"), _read_assets),
    ("POST", re.compile(r"/v1/uploads"), _begin),
    ("POST", re.compile(r"/v1/uploads/[^/]+/action"), _read_upload),
    ("GET", re.compile(r"/v1/uploads/[^/]+"), _read_upload),
    ("POST", re.compile(r"/bucket/.+"), _post_object),
)


class Connection:
    """Answers the requests of one connection."""

    def __init__(self, sock: socket.socket, latency: float, totals: Totals) -> None:
        self._sock = sock
        self._latency = latency
        self._totals = totals
        self._held = b""
        self._scratch = bytearray(_DISCARD)

    def serve(self) -> None:
        """Answer until the other side closes."""
        with self._sock:
            try:
                while head := self._head():
                    self._answer(head)
            except ConnectionError:
                return

    def _head(self) -> bytes:
        while _HEADERS_END not in self._held:
            more = self._sock.recv(65536)
            if not more:
                return b""
            self._held += more
        head, _, self._held = self._held.partition(_HEADERS_END)
        return head

    def _answer(self, head: bytes) -> None:
        line = head.split(b"\r\n", 1)[0].decode()
        method, target, _ = line.split(" ")
        path, _, query = target.partition("?")
        found = _LENGTH.search(head)
        length = int(found[1]) if found else 0
        if b"100-continue" in head.lower():
            self._sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if path == "/totals":
            self._reply("200 OK", self._totals.take())
            return
        if method == "PUT":
            self._totals.begin()
        body = self._discarded(length) if method == "PUT" else self._read(length)
        self._totals.add(length if method == "PUT" else 0)
        if self._latency:
            time.sleep(self._latency)
        call = Call(path, query, body, self._sock.getsockname()[1])
        self._reply(*_answered(method, call))

    def _read(self, length: int) -> bytes:
        chunks, missing = [self._held], length - len(self._held)
        while missing > 0:
            chunk = self._sock.recv(missing)
            if not chunk:
                raise ConnectionResetError
            chunks.append(chunk)
            missing -= len(chunk)
        whole = b"".join(chunks)
        self._held = whole[length:]
        return whole[:length]

    def _discarded(self, length: int) -> bytes:
        missing = length - len(self._held)
        self._held = self._held[length:]
        while missing > 0:
            # On Linux, what is truncated is not even copied.
            size = self._sock.recv_into(self._scratch, min(missing, _DISCARD), socket.MSG_TRUNC)
            if not size:
                raise ConnectionResetError
            missing -= size
        return b""

    def _reply(self, status: str, body: bytes) -> None:
        kind = "application/xml" if body.startswith(b"<") else "application/json"
        head = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._sock.sendall(f'HTTP/1.1 {status}\r\nETag: "0"\r\n{head}'.encode() + body)


def _answered(method: str, call: Call) -> tuple[str, bytes]:
    if method == "PUT":
        return "200 OK", b""
    for verb, path, answer in ANSWERS:
        if method == verb and path.fullmatch(call.path):
            told = answer(call)
            return "200 OK", told if isinstance(told, bytes) else json.dumps(told).encode()
    return "404 Not Found", b""


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    latency = parser.parse_args().latency
    totals = Totals()
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        print(listener.getsockname()[1], flush=True)  # noqa: T201  # what it is asked for
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(sock, latency, totals)
            threading.Thread(target=connection.serve, daemon=True).start()


if __name__ == "__main__":
    main()
