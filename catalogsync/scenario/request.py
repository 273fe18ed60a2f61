"""A request to the API before it is sent: whether it only reads, and its body as bytes."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field

from catalogsync.values import dataclass

_READS_BY_POST = frozenset({"/models/get-bulk", "/assets/get-bulk"})
_PRICED = {
    "POST": re.compile(r"/uploads|/models/[^/?#]+/download"),
    "PUT": re.compile(r"/models/[^/?#]+/train"),
}
"""What can be asked for its price; only a query that says so makes it a question."""

_BARE = frozenset({"GET", "DELETE"})
"""Methods of which a server expects no length where there is no body."""

DRY_RUN: Mapping[str, str] = {"dryRun": "true"}
"""The parameter that makes a request a question for its price."""


@dataclass(frozen=True, slots=True)
class StreamedJson:
    """A JSON body that is made while it is sent, anew for each attempt; `length` is in bytes."""

    length: int
    pieces: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, without the credentials."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: object = None

    @property
    def reads(self) -> bool:
        """Whether it changes nothing on the server."""
        by_post = self.method == "POST" and self.path in _READS_BY_POST
        return self.method == "GET" or by_post or self.asks_price

    @property
    def asks_price(self) -> bool:
        """Whether it only asks what it would cost."""
        priced = _PRICED.get(self.method)
        dry = self.params.items() >= DRY_RUN.items()
        return dry and priced is not None and priced.fullmatch(self.path) is not None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def written(request: Request) -> tuple[Iterable[bytes], dict[str, str]]:
    """The body of a request as it is sent, in pieces, with its headers."""
    body = request.body
    if body is None:
        return (), {} if request.method in _BARE else {"Content-Length": "0"}
    headers = {"Content-Type": "application/json"}
    if isinstance(body, StreamedJson):
        return body.pieces(), headers | {"Content-Length": str(body.length)}
    content = json.dumps(body).encode()
    return (content,), headers | {"Content-Length": str(len(content))}
