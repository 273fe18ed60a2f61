"""A server that takes uploads and keeps nothing, so that a sender and not it is measured.

It speaks as much as senders need of the API's uploads and of S3's, with a thread for each
connection; what is sent to be stored is discarded by the kernel without a copy, or decrypted and
dropped. Prints where the API is and where parts go when it is ready.
"""

import argparse
import json
import multiprocessing
import os
import re
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

_HEADERS_END = b"\r\n\r\n"
_DISCARD = 4 * 1024 * 1024
_LENGTH = re.compile(rb"(?im)^content-length: *(\d+)")
_CHUNKED = re.compile(rb"(?im)^transfer-encoding: *chunked")
_NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


class Totals:
    """What has arrived at all processes: requests, bytes of parts, and when they did."""

    def __init__(self) -> None:
        self._told = multiprocessing.Array("d", 4)

    def begin(self) -> None:
        """Note that a part begins to arrive."""
        with self._told.get_lock():
            self._told[2] = self._told[2] or time.monotonic()

    def add(self, stored: int) -> None:
        """Count a request."""
        with self._told.get_lock():
            self._told[0] += 1
            self._told[1] += stored
            self._told[3] = time.monotonic() if stored else self._told[3]

    def take(self) -> bytes:
        """Tell the totals and begin anew."""
        with self._told.get_lock():
            requests, stored, first, last = self._told[:]
            self._told[:] = [0.0] * 4
        seconds = max(0.0, last - first)
        told = {"requests": requests, "stored": stored, "seconds": seconds}
        return json.dumps(told).encode()


@dataclass(frozen=True, slots=True)
class Call:
    """A request with a body that was read, and where parts are to go."""

    path: str
    query: str
    body: bytes
    store: str


_ids = count(1)


def _create_asset(call: Call) -> object:
    name = json.loads(call.body)["name"]
    return {"asset": {"id": f"asset_{next(_ids)}", "kind": "image", "metadata": {"name": name}}}


def _begin(call: Call) -> object:
    asked = json.loads(call.body)
    upload = f"upload_{next(_ids)}.{asked['fileName']}"
    where = f"{call.store}/parts/{upload}"
    parts = [{"number": n, "url": f"{where}/{n}"} for n in range(1, asked["parts"] + 1)]
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

    def __init__(self, sock: socket.socket, store: str, latency: float, totals: Totals) -> None:
        self._sock = sock
        self._store = store
        self._latency = latency
        self._totals = totals
        # On Linux, what is truncated is not even copied; what is encrypted has to be.
        self._flags = 0 if isinstance(sock, ssl.SSLSocket) else socket.MSG_TRUNC
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
        return self._until(_HEADERS_END)

    def _until(self, end: bytes) -> bytes:
        while end not in self._held:
            more = self._sock.recv(65536)
            if not more:
                return b""
            self._held += more
        before, _, self._held = self._held.partition(end)
        return before

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
            length = self._discarded_chunks() if _CHUNKED.search(head) else self._discarded(length)
        body = b"" if method == "PUT" else self._read(length)
        self._totals.add(length if method == "PUT" else 0)
        if self._latency:
            time.sleep(self._latency)
        call = Call(path, query, body, self._store)
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

    def _discarded_chunks(self) -> int:
        """Discard a body in chunks, as boto3 sends one with its checksum behind it."""
        total = 0
        while size := int(self._until(b"\r\n").partition(b";")[0] or b"0", 16):
            total += self._discarded(size)
            self._until(b"\r\n")
        while self._until(b"\r\n"):
            pass
        return total

    def _discarded(self, length: int) -> int:
        missing = length - len(self._held)
        self._held = self._held[length:]
        while missing > 0:
            size = self._sock.recv_into(self._scratch, min(missing, _DISCARD), self._flags)
            if not size:
                raise ConnectionResetError
            missing -= size
        return length

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


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that takes connections, encrypted if there is a context for it."""

    listener: socket.socket
    context: ssl.SSLContext | None = None

    @property
    def origin(self) -> str:
        """Its address."""
        return f"http{'s' * bool(self.context)}://127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self, store: str, latency: float, totals: Totals) -> None:
        """Serve for ever."""
        while True:
            sock, _ = self.listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            arguments = (sock, store, latency, totals)
            if self.context:
                self._talk_encrypted(self.context, *arguments)
            else:
                threading.Thread(target=_talk, args=arguments, daemon=True).start()

    def _talk_encrypted(self, context: ssl.SSLContext, sock: socket.socket, *others: Any) -> None:
        """Talk in a process: Python decrypts 16 KiB at a time, and threads would queue for that."""
        if os.fork():
            sock.close()
            return
        try:
            _talk(context.wrap_socket(sock, server_side=True), *others)
        finally:
            os._exit(0)


def _talk(sock: socket.socket, store: str, latency: float, totals: Totals) -> None:
    with sock:
        Connection(sock, store, latency, totals).serve()


def listening(certificate: str = "") -> Listener:
    """A listener on a free port, encrypted with a certificate."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    return Listener(socket.create_server(("127.0.0.1", 0), backlog=1024), context)


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--certificate", help="takes parts over https only, on a port of their own")
    asked = parser.parse_args()
    api, totals = listening(), Totals()
    store = listening(asked.certificate) if asked.certificate else api
    print(api.origin, store.origin, flush=True)  # noqa: T201  # what it is asked for
    serve = (store.origin, asked.latency, totals)
    if store is not api:
        multiprocessing.Process(target=store.serve, args=serve, daemon=True).start()
    api.serve(*serve)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # which ends the process it started
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    main()
