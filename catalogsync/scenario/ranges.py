"""Reads large files from signed addresses, from anywhere in them: no credentials here."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import Message
from typing import Self
from urllib.parse import unquote, urlsplit

import httpx

from catalogsync.errors import AddressExpired, ApiError, BadResponse, Rejected, Unreachable
from catalogsync.events import Requested, Tell, tell_nobody
from catalogsync.values import dataclass
from catalogsync.web import Deadline, bounded_transport, can_be_asked, tls_context

_RANGE = re.compile(r"bytes (?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18}|\*)")
_LENGTH = re.compile(r"\d{1,18}")
_EXPIRED = frozenset({401, 403, 404, 410})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_WHAT = "the file"


@dataclass(frozen=True, slots=True)
class RangeBounds:
    """How long the server may be silent, in seconds, and how slow, in bytes per second."""

    idle: float = 30.0
    slowest: float = 2_000.0

    def within(self, seconds: float) -> Self:
        """The same for a server that may be silent no longer than that."""
        return replace(self, idle=min(self.idle, seconds))


@dataclass(frozen=True, slots=True)
class RangeStream:
    """A file from byte `start` on; see `Stream` of the ports."""

    start: int
    size: int | None
    tag: str
    name: str
    answer: httpx.Response | None
    deadline: Deadline
    bounds: RangeBounds

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes as they come; raises `Unreachable` where they break off."""
        if self.answer is None:
            return
        began, done = time.monotonic(), 0
        try:
            for chunk in self.answer.iter_raw():
                yield chunk
                done += len(chunk)
                self.deadline.at = began + self.bounds.idle + done / self.bounds.slowest
        except httpx.RequestError as error:
            raise _broken(error) from None


class RangeReader:
    """Reads files over a connection of its own, from https or this machine alone.

    No message repeats an address, which holds a signature.
    """

    def __init__(self, bounds: RangeBounds | None = None, tell: Tell = tell_nobody) -> None:
        self._bounds = bounds or RangeBounds()
        self._tell = tell

    @contextmanager
    def open(self, url: str, start: int, tag: str) -> Iterator[RangeStream]:
        """Ask for a file from byte `start` on, if it still is the one with this `tag`.

        Raises `AddressExpired` where the address is not accepted any more.
        """
        if not can_be_asked(url):
            raise BadResponse(
                "the server's address for the file cannot be used",
                hint="only https is, or this machine; report it",
            )
        deadline = Deadline()
        with httpx.Client(
            timeout=httpx.Timeout(self._bounds.idle),
            transport=bounded_transport(tls_context(url), deadline),
            follow_redirects=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity"},
        ) as client:
            with self._sent(client, deadline, url, start, tag) as answer:
                stream = self._stream(answer, deadline, url, start, tag)
                if stream:
                    yield stream
                    return
            # What is there does not fit to the file any more: from its beginning, then.
            with self._sent(client, deadline, url, 0, "") as answer:
                stream = self._stream(answer, deadline, url, 0, "")
                if stream is None:
                    raise BadResponse("the server does not send the file from its beginning")
                yield stream

    @contextmanager
    def _sent(
        self, client: httpx.Client, deadline: Deadline, url: str, start: int, tag: str
    ) -> Iterator[httpx.Response]:
        headers = {"Range": f"bytes={start}-"} if start else {}
        if start and tag:
            headers["If-Range"] = tag
        deadline.at = time.monotonic() + self._bounds.idle
        began = time.monotonic()

        def told(status: int | None, failure: str = "") -> None:
            ms = round((time.monotonic() - began) * 1000)
            self._tell(Requested("GET", _WHAT, 1, ms, status, failure))

        request = client.build_request("GET", url, headers=headers)
        try:
            answer = client.send(request, stream=True)
        except httpx.RequestError as error:
            told(None, type(error).__name__)
            raise _broken(error) from None
        told(answer.status_code)
        try:
            yield answer
        finally:
            answer.close()

    def _stream(
        self, answer: httpx.Response, deadline: Deadline, url: str, start: int, tag: str
    ) -> RangeStream | None:
        """What an answer brings; None where the file has no such part."""
        status, named = (
            answer.status_code,
            _RANGE.fullmatch(answer.headers.get("content-range", "")),
        )
        total = int(named[2]) if named and named[2] != "*" else None
        if status == 416:
            if total != start:
                return None
            return RangeStream(start, total, tag, "", None, deadline, self._bounds)
        if status not in (200, 206):
            raise _refused(status)
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise BadResponse("the file is packed on its way, which nobody asked for")
        if status == 206 and not (named and named[1]):
            raise BadResponse("the server does not say which part of the file it sends")
        first = int(named[1]) if status == 206 and named else 0
        size = total if status == 206 else _length(answer)
        name = _name(answer, url)
        return RangeStream(first, size, _tag(answer), name, answer, deadline, self._bounds)


def _broken(error: httpx.RequestError) -> Unreachable:
    return Unreachable(
        f"{_WHAT} broke off: {type(error).__name__}",
        hint="run it again: it goes on where it stopped",
    )


def _refused(status: int) -> ApiError:
    if status in _EXPIRED:
        return AddressExpired(f"the address of {_WHAT} is not accepted ({status})", status=status)
    if status in _PASSING:
        return Unreachable(f"{_WHAT} cannot be had just now ({status})", status=status)
    return Rejected(f"{_WHAT} was refused ({status})", status=status)


def _length(answer: httpx.Response) -> int | None:
    told = answer.headers.get("content-length", "")
    return int(told) if _LENGTH.fullmatch(told) else None


def _tag(answer: httpx.Response) -> str:
    """What tells these bytes from others: a strong ETag, else when they were last changed."""
    tag = answer.headers.get("etag", "")
    strong = tag.startswith('"') and tag.endswith('"') and len(tag) < 300 and tag.isprintable()
    return tag if strong else str(answer.headers.get("last-modified", ""))[:100]


def _name(answer: httpx.Response, url: str) -> str:
    """What the server calls the file: foreign text, of which only the extension is used."""
    message = Message()
    message["content-disposition"] = answer.headers.get("content-disposition", "")
    try:
        named = message.get_filename("")
    except (ValueError, LookupError):
        named = ""
    return named or unquote(urlsplit(url).path).rpartition("/")[2]
