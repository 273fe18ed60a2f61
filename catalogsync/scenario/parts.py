"""Sends parts of files to signed URLs, which carry their own permission: no credentials here."""

import math
import random
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Self

from catalogsync import __version__
from catalogsync.errors import ApiError, AskedToWait, BadResponse, Interrupted, Unreachable
from catalogsync.events import CoolingDown, Requested, Tell, tell_nobody
from catalogsync.scenario.answers import asked_to_wait
from catalogsync.scenario.planned_file import PlannedFile
from catalogsync.scenario.tally import Tally
from catalogsync.values import dataclass
from catalogsync.web import (
    Address,
    Answer,
    Failure,
    Lines,
    Sent,
    Unanswered,
    private_address,
    trusted_authorities,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a file: its number from 1, where it begins and how long it is, in bytes."""

    number: int
    start: int
    length: int


_LONGEST_ANSWER = 256 * 1024
"""Nothing is read of an answer to a part that is longer than any server needs, in bytes."""


class PartExpired(Exception):
    """The part's URL is not accepted any more; a fresh one may be."""


@dataclass(frozen=True, slots=True)
class PartBounds:
    """How long and how often a part is tried; `slowest` is in bytes per second.

    `longest_wait` bounds what the server may ask to wait, for all attempts together.
    """

    idle: float = 30.0
    slowest: float = 50_000.0
    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 300.0

    def within(self, seconds: float) -> Self:
        """The same for parts that may stand still for no longer than that in an attempt."""
        return replace(
            self,
            idle=min(self.idle, seconds),
            first_wait=min(self.first_wait, seconds / 10),
        )


class PartSender:
    """Sends parts from any number of threads, each over a connection of its own.

    `trusted` is who is trusted over https instead of the authorities that all programs trust.
    """

    def __init__(
        self,
        *,
        stop: threading.Event,
        bounds: PartBounds | None = None,
        tell: Tell = tell_nobody,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self._stop = stop
        self._bounds = bounds or PartBounds()
        self._tell = tell
        self._trusted = trusted
        self._lock = threading.Lock()
        self._lines = Lines(self._authorities, idle=self._bounds.idle)

    def close(self) -> None:
        """Close all connections."""
        self._lines.close()

    def send(self, part: Part, url: str, file: PlannedFile, tally: Tally) -> None:
        """Send one part of a file, repeated by itself when that fails.

        Raises `PartExpired` when the URL is refused, `FileChanged` when the file got shorter.
        """
        place = private_address(url)
        if place is None:
            raise BadResponse(f"the server's address for part {part.number} cannot be used")
        file.wait_until_hashed(part.start + part.length)
        asked = 0.0
        for attempt in range(1, self._bounds.attempts + 1):
            failure = self._attempt(part, place, file, tally, attempt)
            if failure is None:
                return
            if attempt == self._bounds.attempts:
                raise failure.error
            asked += failure.wait or 0.0
            if asked > self._bounds.longest_wait:
                raise _too_long(failure.error, asked)
            self._wait(part, failure, attempt)

    def _wait(self, part: Part, failure: Failure, attempt: int) -> None:
        """Wait for as long as the server asks, or else by chance, longer after each attempt."""
        bound = min(8.0, self._bounds.first_wait * 2 ** (attempt - 1))
        wait = failure.wait or random.uniform(0, bound)
        if failure.wait:
            said = failure.error.message
            self._tell(CoolingDown("PUT", f"part {part.number}", wait, said))
        if self._stop.wait(wait):
            raise Interrupted("interrupted")

    def _attempt(
        self, part: Part, place: Address, file: PlannedFile, tally: Tally, attempt: int
    ) -> Failure | None:
        """The failure of one attempt that another may cure, or None when it went well."""
        body = _Body(part, file, tally)
        try:
            failure = self._put(part, place, body, file.asset.media_type, attempt)
        except BaseException:
            body.take_back()
            raise
        if failure:
            body.take_back()
        return failure

    def _put(
        self, part: Part, place: Address, body: "_Body", media_type: str, attempt: int
    ) -> Failure | None:
        headers = {
            "User-Agent": f"catalog-sync/{__version__}",
            "Content-Length": str(part.length),
            "Content-Type": media_type,
        }
        within = self._bounds.idle + part.length / self._bounds.slowest
        what = f"part {part.number}"
        began = time.monotonic()

        def told(status: int | None = None, failure: str = "") -> None:
            # The address is left out: the path of a signed URL is nobody's business either.
            ms = round((time.monotonic() - began) * 1000)
            self._tell(Requested("PUT", what, attempt, ms, status, failure))

        try:
            sent = Sent(what, "PUT", place.target, headers, body)
            by = began + within
            answer = self._lines.exchange(place.origin, sent, by=by, longest=_LONGEST_ANSWER)
        except Unanswered as error:
            told(failure=error.kind)
            return Failure(Unreachable(f"{what} was not taken: {error.kind}"))
        told(answer.status)
        return _judged(what, answer) or body.rest(what)

    def _authorities(self) -> ssl.SSLContext:
        """Who is trusted by all connections: to read the list takes as long as a part."""
        with self._lock:
            self._trusted = self._trusted or trusted_authorities()
            return self._trusted


class _Body:
    """What one attempt sends of a part, counted as it goes."""

    def __init__(self, part: Part, file: PlannedFile, tally: Tally) -> None:
        self._part = part
        self._file = file
        self._tally = tally
        self._sent = 0

    def __iter__(self) -> Iterator[memoryview]:
        for chunk in self._file.chunks(self._part.start, self._part.length):
            yield chunk
            self._sent += len(chunk)
            self._tally.add(len(chunk))

    def rest(self, what: str) -> Failure | None:
        """The failure of a part that was answered before all of it was sent."""
        if self._sent == self._part.length:
            return None
        return Failure(Unreachable(f"{what} was not taken: the connection broke off"))

    def take_back(self) -> None:
        """Count what was sent as not sent."""
        self._tally.add(-self._sent)


def _judged(what: str, answer: Answer) -> Failure | None:
    """None for a success, the failure where another attempt may help; raises any other."""
    status = answer.status
    if status in (200, 201, 204):
        return None
    if status == 403:
        raise PartExpired
    refused = BadResponse(f"{what} was refused ({status})", status=status)
    if status in (429, 503):
        return Failure(refused, wait=asked_to_wait(answer.headers, {}))
    if status >= 500 or status == 408:
        return Failure(refused)
    raise refused


def _too_long(error: ApiError, seconds: float) -> AskedToWait:
    asks = f"{error.message}; the server asks to wait {seconds:.0f} s"
    hint = f"run it again later, or let it wait with --max-wait {math.ceil(seconds)}"
    return AskedToWait(asks, hint=hint, status=error.status)
