"""One HTTP request to the API: authenticated, bounded, paced, repeated only where that is safe."""

import math
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from datetime import datetime
from functools import partial

from catalogsync.errors import (
    ApiError,
    AskedToWait,
    Interrupted,
    NotFound,
    Throttled,
    Unreachable,
    WriteForbidden,
)
from catalogsync.events import CoolingDown, Repeating, Requested, SlowedDown, Tell, tell_nobody
from catalogsync.ports import Look
from catalogsync.scenario.answers import AnswerReader, Json, http_date
from catalogsync.scenario.connection import Connection
from catalogsync.scenario.exchanges import Bounds, Direct, Exchanges
from catalogsync.scenario.pace import Pace
from catalogsync.scenario.paging import pages_of
from catalogsync.scenario.paths import target_of
from catalogsync.scenario.request import DRY_RUN, Request
from catalogsync.web import Answer, Failure, Unanswered

_ERRNO = re.compile(r"\[Errno -?\d+\] ")


class Transport:
    """Sends requests from any number of threads, by whatever `exchanges` them for answers.

    A `read_only` transport raises `WriteForbidden` for everything that could change the server.
    Once `stop` is set, nothing is read or waited for any more and `Interrupted` is raised instead;
    a write that is due is still sent, so that what was begun can be finished.
    `tell` is called for every attempt, wait and change of the pace, from any thread. Transports to
    one server can share a `pace`.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        read_only: bool,
        bounds: Bounds | None = None,
        stop: threading.Event | None = None,
        tell: Tell = tell_nobody,
        pace: Pace | None = None,
        exchanges: Exchanges | None = None,
    ) -> None:
        self._bounds = bounds or Bounds()
        self._base_url = connection.address
        self._project = connection.project
        self._answers = AnswerReader(connection.secrets)
        self._read_only = read_only
        self._stop = stop or threading.Event()
        self._tell = tell
        self._pace = pace or Pace()
        self._exchanges = exchanges or Direct(connection, self._bounds)
        self._dated = ""

    @property
    def server_time(self) -> datetime | None:
        """When the server last answered, by its own clock (the Date header)."""
        return http_date(self._dated)

    def in_project(self, project: str) -> "Transport":
        """The same transport for another project; it is closed with this one."""
        other = copy(self)
        other._project = project
        return other

    def close(self) -> None:
        """Close all connections."""
        self._exchanges.close()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Json:
        """Read; repeated when the answer is lost."""
        return self._send(Request("GET", path, dict(params or {})), repeatable=True)

    def came_ahead(self, path: str) -> bool:
        """Whether the answer to a read of this path came already; waits while it may."""
        request = Request("GET", path)
        return self._exchanges.wait(request, target_of(request, self._project))

    def read_by_post(self, path: str, body: object) -> Json:
        """Read by a POST that changes nothing; repeated when the answer is lost."""
        return self._send(Request("POST", path, body=body), repeatable=True)

    def dry_run(
        self,
        path: str,
        body: object,
        *,
        method: str = "POST",
        params: Mapping[str, str] | None = None,
    ) -> Json:
        """Ask what a request would cost, without making it; repeated when the answer is lost."""
        request = Request(method, path, {**(params or {}), **DRY_RUN}, body)
        if not request.asks_price:
            raise WriteForbidden(f"{request}: a request that has no dry run")
        return self._send(request, repeatable=True)

    def put(self, path: str, body: object, *, again: Look | None = None) -> Json:
        """Set a whole value; repeated when the answer is lost, which leads to the same value.

        Before an attempt that comes late, as a repeated one does, the project is looked at `again`.
        """
        return self._send(Request("PUT", path, body=body), repeatable=True, again=again)

    def delete(self, path: str, *, again: Look | None = None) -> Json:
        """Delete; repeated when the answer is lost, and looked at again as with `put`."""
        return self._send(Request("DELETE", path), repeatable=True, again=again)

    def once(self, method: str, path: str, body: object) -> Json:
        """Send what must not be repeated: an answer that is lost raises `Unreachable`."""
        return self._send(Request(method, path, body=body), repeatable=False)

    def pages(self, path: str, items: str, params: Mapping[str, str]) -> Iterator[list[Json]]:
        """Yield the pages of a listing; an endless or broken one raises `BadResponse`."""
        return pages_of(self._page, path, items, params)

    def _page(self, request: Request) -> Json:
        try:
            return self._send(request, repeatable=True)
        except NotFound as error:
            error.hint = (
                f"no API answers at {self._base_url}: check the address, mostly it ends in /v1"
            )
            raise

    def plain(self, text: str) -> str:
        """What the server said, as a message may repeat it: one line, no secrets."""
        return self._answers.plain(text)

    def _send(self, request: Request, *, repeatable: bool, again: Look | None = None) -> Json:
        if self._read_only and not request.reads:
            raise WriteForbidden(f"{request}: this command only reads")
        began = time.monotonic()
        deadline = began + self._bounds.whole
        attempt = 1
        asked = 0.0
        undone = True
        while True:
            if request.reads:
                self._wait(0)
            # To wait for others is no slowness of the server.
            deadline += self._queue() + _seconds_of(
                partial(self._exchanges.wait, request, target_of(request, self._project))
            )
            if again and (attempt > 1 or time.monotonic() - began > self._bounds.late):
                deadline += _seconds_of(again)
            sent = time.monotonic()
            result = self._attempt(request, attempt, deadline)
            if isinstance(result, Failure) and result.error.status == 429 and result.curable:
                longest = self._bounds.longest_wait - asked
                self._slow_down(sent, result.wait or 0.0, longest)
            elif not isinstance(result, Failure) or result.error.status:
                self._pace.succeeded()
            if not isinstance(result, Failure):
                return result
            result.error.undone = undone = undone and result.undone
            wait = result.wait or self._backoff(attempt)
            if result.wait:
                # To do as the server asks is no slowness of it.
                asked, deadline = asked + result.wait, deadline + result.wait
            safe = result.curable and (repeatable or result.undone)
            late = time.monotonic() + wait > deadline
            if not safe or late or attempt >= self._bounds.attempts:
                # Raised outside of any `except`: what h11 raised may quote what was received.
                raise result.error
            if asked > self._bounds.longest_wait:
                raise _longer_than_allowed(result.error, asked)
            reason = _reason(request, result)
            self._tell(Repeating(request.method, request.path, attempt, round(wait, 3), reason))
            if result.wait:
                self._tell(CoolingDown(request.method, request.path, result.wait, reason))
            self._wait(wait)
            attempt += 1

    def _slow_down(self, sent: float, wait: float, longest: float) -> None:
        """Slow all requests down; a wait that this one would not take is none for the others."""
        before = self._pace.limit
        self._pace.throttled(sent, wait if wait <= longest else 0.0)
        rate = self._pace.limit
        if rate is not None and rate != before:
            self._tell(SlowedDown(round(rate, 2)))

    def _queue(self) -> float:
        """Wait until the pace lets the next request go, and return how long that took."""
        started = time.monotonic()
        place = self._pace.join()
        while (seconds := self._pace.delay(place)) > 0:
            self._wait(seconds)
        return time.monotonic() - started

    def _backoff(self, attempt: int) -> float:
        """Full jitter: between nothing and a bound that doubles, in seconds."""
        return random.uniform(0, min(8.0, self._bounds.first_wait * 2 ** (attempt - 1)))

    def _wait(self, seconds: float) -> None:
        if self._stop.is_set() or (seconds > 0 and self._stop.wait(seconds)):
            raise Interrupted("interrupted")

    def _attempt(self, request: Request, attempt: int, deadline: float) -> Json | Failure:
        """What became of one attempt, which is told."""
        began = time.monotonic()
        answer = self._answer(request, deadline)
        if isinstance(answer, Failure):
            self._tell(_told(request, attempt, None, answer, time.monotonic() - began))
            return answer
        self._dated = answer.headers.get("date", "")
        result = self._answers.read(answer)
        self._tell(_told(request, attempt, answer.status, result, answer.seconds))
        return result

    def _answer(self, request: Request, deadline: float) -> Answer | Failure:
        try:
            return self._exchanges.exchange(request, target_of(request, self._project), deadline)
        except Unanswered as error:
            return self._lost(request, error)

    def _lost(self, request: Request, error: Unanswered) -> Failure:
        said = _ERRNO.sub("", self._answers.plain(str(error))) or error.kind
        message = f"{request}: {'no answer in time' if error.late else said}"
        hint = f"check the network and the address {self._base_url}, then run it again"
        return Failure(Unreachable(message, hint=hint), curable=True, undone=not error.sent)


def _seconds_of(look: Callable[[], object]) -> float:
    started = time.monotonic()
    look()
    return time.monotonic() - started


def _told(
    request: Request, attempt: int, status: int | None, result: Json | Failure, seconds: float
) -> Requested:
    """An attempt as a log may tell it: no query, no body, no header."""
    sent = Requested(request.method, request.path, attempt, round(seconds * 1000), status)
    if not isinstance(result, Failure):
        return sent
    return replace(sent, failure=_reason(request, result), trace_id=result.error.trace_id)


def _longer_than_allowed(error: ApiError, seconds: float) -> ApiError:
    hint = f"run it again later, or let it wait with --max-wait {math.ceil(seconds)}"
    if isinstance(error, Throttled):
        status, trace_id = error.status, error.trace_id
        return AskedToWait(error.message, hint=hint, status=status, trace_id=trace_id)
    error.hint = hint
    return error


def _reason(request: Request, failure: Failure) -> str:
    return failure.error.message.removeprefix(f"{request}: ")
