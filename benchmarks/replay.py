"""A server that answers from memory, after a latency, so that a client and not it is measured.

A request that is new is asked of the origin, a sandbox, once. Later, the n-th time that a run sends
a request it gets the n-th answer, so that a run which writes can be replayed too. It knows nothing
of the API. `GET /bench/begin?latency=SECONDS` begins a run and tells of the one before: how many
requests it sent, how many were new, and the processor time of answering them. Prints its port.
"""

import argparse
import asyncio
import hashlib
import http.client
import json
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import parse_qs, urlsplit

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"(?im)^content-length: *(\d+)")
_FORWARDED = ("authorization", "content-type", "host")

Key = tuple[bytes, bytes]
"""The line of a request, and the digest of its body."""

Answer = tuple[bytes, bytes]
"""The line of an answer, and what follows the date that it is sent with."""


@dataclass
class Memory:
    """The answers that are known, and what the present run has asked so far."""

    origin: str
    answers: dict[Key, list[Answer]] = field(default_factory=dict)
    asked: Counter[Key] = field(default_factory=Counter)
    latency: float = 0.0
    new: int = 0
    cpu: float = 0.0
    askers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8))

    def recall(self, key: Key) -> Answer | None:
        """The answer to a request the n-th time in this run, if there was one before."""
        nth = self.asked[key]
        self.asked[key] += 1
        known = self.answers.get(key, [])
        return known[nth] if nth < len(known) else None

    def begin(self, query: str) -> Answer:
        """Begin a run, and tell of the one before."""
        now = time.process_time()
        requests = sum(self.asked.values())
        told = {"requests": requests, "new": self.new, "cpu": now - self.cpu}
        self.asked.clear()
        self.latency = float(parse_qs(query)["latency"][0])
        self.new, self.cpu = 0, now
        return _response(200, "OK", "application/json", json.dumps(told).encode())

    def ask(self, head: bytes, body: bytes) -> Answer:
        """Ask the origin."""
        line, *fields = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ")
        headers = dict(each.split(": ", 1) for each in fields)
        kept = {name: value for name, value in headers.items() if name.lower() in _FORWARDED}
        # A connection that was kept might have been closed meanwhile; this is not measured.
        with closing(http.client.HTTPConnection(self.origin)) as connection:
            connection.request(method, target, body, kept)
            answer = connection.getresponse()
            kind = answer.getheader("Content-Type", "")
            return _response(answer.status, answer.reason, kind, answer.read())


def _response(status: int, reason: str, kind: str, body: bytes) -> Answer:
    head = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return f"HTTP/1.1 {status} {reason}\r\n".encode(), head.encode() + body


class Connection(asyncio.Protocol):
    """Answers the requests of one connection, which come one after another."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._loop = asyncio.get_running_loop()
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        end = self._held.find(_END)
        if end < 0:
            return
        head = self._held[:end]
        found = _LENGTH.search(head)
        whole = end + len(_END) + (int(found[1]) if found else 0)
        if len(self._held) < whole:
            return
        body, self._held = self._held[end + len(_END) : whole], b""
        self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        line = head.split(b"\r\n", 1)[0]
        if line.startswith(b"GET /bench/begin"):
            query = urlsplit(line.split(b" ")[1].decode()).query
            self._send(self._memory.begin(query))
            return
        key = line, hashlib.sha1(body).digest()
        known = self._memory.recall(key)
        if known is None:
            self._loop.create_task(self._ask(key, head, body))
        elif self._memory.latency:
            self._loop.call_later(self._memory.latency, self._send, known)
        else:
            self._send(known)

    async def _ask(self, key: Key, head: bytes, body: bytes) -> None:
        memory = self._memory
        answer = await self._loop.run_in_executor(memory.askers, memory.ask, head, body)
        memory.new += 1
        memory.answers.setdefault(key, []).append(answer)
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        line, rest = answer
        date = formatdate(usegmt=True).encode()
        self._transport.write(b"".join((line, b"Date: ", date, b"\r\n", rest)))


async def serve(origin: str) -> None:
    """Serve until killed."""
    memory = Memory(origin)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(memory), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # what it is asked for
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=serve.__doc__)
    parser.add_argument("origin", help="HOST:PORT of the sandbox")
    asyncio.run(serve(parser.parse_args().origin))
