"""One request on its way to the sandbox, for a fault to change, to answer or to cut off."""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode

from catalogsync.sandbox.settings import Asgi, Receive, Scope, Send
from catalogsync.sandbox.world import Json

JSON_TYPE = (b"content-type", b"application/json")


class Gone(Exception):
    """The client left before it had sent all of its request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; its length is told when it is sent."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def json(self) -> Json:
        """The body, which is a JSON object."""
        found: Json = json.loads(self.body)
        return found

    def saying(self, body: Json) -> "Answer":
        """The same answer with another JSON object."""
        return replace(self, body=json.dumps(body).encode())


def said(status: int, body: Json, *headers: tuple[bytes, bytes]) -> Answer:
    """An answer with a JSON object."""
    return Answer(status, (JSON_TYPE, *headers), json.dumps(body).encode())


@dataclass(frozen=True, slots=True)
class Page:
    """What a page token of ours stands for: the sandbox's own, and what the page is to repeat."""

    token: str
    first: Json | None = None
    endless: bool = False


@dataclass(slots=True)
class Memory:
    """What faults said earlier and have to stay with: page tokens and the states of uploads."""

    pages: dict[str, Page] = field(default_factory=dict)
    failed: dict[str, Json] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)

    def token(self, page: Page) -> str:
        """A page token of our own."""
        made = f"page-{len(self.pages) + 1}"
        self.pages[made] = page
        return made


@dataclass(slots=True)
class Exchange:
    """A request with the endpoint it is for, the sandbox behind it, and the way back."""

    label: str
    app: Asgi
    scope: Scope
    receive: Receive
    send: Send
    memory: Memory
    random: Random
    wait_s: float
    drip_s: float
    _read: bytes | None = None

    @property
    def query(self) -> dict[str, str]:
        """The query, unquoted."""
        return dict(parse_qsl(self.scope["query_string"].decode("ascii", "replace")))

    @property
    def page(self) -> str:
        """The sandbox's own token for the page that is asked for; empty for the first."""
        token = self.query.get("paginationToken", "")
        known = self.memory.pages.get(token)
        return known.token if known else token

    @property
    def item(self) -> str:
        """The id in the path."""
        return str(self.scope["path"].split("/")[3])

    @property
    def items(self) -> str:
        """What a listing calls its list."""
        return self.label.rpartition("/")[2]

    async def body(self) -> bytes:
        """What the client sent, to its end."""
        if self._read is None:
            chunks, more = [], True
            while more:
                message = await self.receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                chunks.append(message.get("body", b""))
                more = message.get("more_body", False)
            self._read = b"".join(chunks)
        return self._read

    async def passed_on(self, **query: str) -> Answer:
        """What the sandbox answers, with some of the query replaced."""
        failed = self.label.startswith(("GET /uploads", "POST /uploads/")) and (
            self.memory.failed.get(self.item)
        )
        if failed:
            return said(200, {"upload": failed})
        page = self.memory.pages.get(self.query.get("paginationToken", ""))
        told = query if page is None else {**query, "paginationToken": page.token}
        answer = await self._asked(told)
        if answer.status != 200:
            return answer
        if page is not None:
            return self._repeating(answer, page)
        return self._holding(answer) if self.label == "GET /uploads/{}" else answer

    def _repeating(self, answer: Answer, page: Page) -> Answer:
        body = answer.json
        if page.first is not None:
            body[self.items].insert(0, page.first)
        if page.endless:
            body["nextPaginationToken"] = self.query["paginationToken"]
        return answer.saying(body)

    def _holding(self, answer: Answer) -> Answer:
        left = self.memory.held.get(self.item, 0)
        if not left:
            return answer
        self.memory.held[self.item] = left - 1
        upload = {**answer.json["upload"], "status": "validating"}
        upload.pop("entityId", None)
        return answer.saying({"upload": upload})

    async def _asked(self, query: Mapping[str, str]) -> Answer:
        body = await self.body()
        start: MutableMapping[str, Any] = {}
        chunks: list[bytes] = []

        async def given() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def kept(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                chunks.append(message.get("body", b""))

        told = {name: value for name, value in {**self.query, **query}.items() if value}
        scope = {**self.scope, "query_string": urlencode(told).encode()}
        await self.app(scope, given, kept)
        headers = tuple(pair for pair in start["headers"] if pair[0] != b"content-length")
        return Answer(start["status"], headers, b"".join(chunks))

    def replace_body(self, body: bytes) -> None:
        """Let the sandbox read something else than was sent."""
        self._read = body

    async def begin(self, answer: Answer) -> None:
        """Send an answer's head, which promises the whole body."""
        length = (b"content-length", str(len(answer.body)).encode())
        headers = [*answer.headers, length]
        await self.send(
            {"type": "http.response.start", "status": answer.status, "headers": headers}
        )

    async def go_on(self, piece: bytes) -> None:
        """Send a piece of the body that is not the last."""
        await self.send({"type": "http.response.body", "body": piece, "more_body": True})

    async def answer(self, answer: Answer) -> None:
        """Send a whole answer."""
        await self.body()
        await self.begin(answer)
        await self.send({"type": "http.response.body", "body": answer.body})

    async def reset(self) -> None:
        """End the connection with a TCP reset."""
        reset: Callable[[], None] = self.scope["state"]["reset"]
        reset()
        await self.silence()

    async def refuse(self) -> None:
        """Let the server accept no new connection for a while."""
        refuse: Callable[[float], Awaitable[None]] = self.scope["state"]["refuse"]
        await refuse(self.wait_s)

    async def silence(self) -> None:
        """Say nothing until the client has gone."""
        while (await self.receive())["type"] != "http.disconnect":
            pass
