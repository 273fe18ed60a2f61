"""One HTTP request to the API: authenticated, bounded, paced, repeated only where that is safe."""

import json
import random
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from catalogsync import __version__
from catalogsync.errors import (
    AccessDenied,
    ApiError,
    BadResponse,
    CeilingReached,
    Interrupted,
    NotFound,
    Rejected,
    Throttled,
    Unreachable,
    UsageError,
    WriteForbidden,
)
from catalogsync.scenario.pace import Pace

DEFAULT_BASE_URL = "https://api.cloud.scenario.com/v1"

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the API is and who we are; an empty `project` means the credentials' own."""

    base_url: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    project: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long and how much a request may take; seconds and bytes."""

    connect: float = 10.0
    read: float = 30.0
    whole: float = 120.0
    answer_bytes: int = 64 * 1024 * 1024
    attempts: int = 5
    longest_wait: float = 60.0


_READS_BY_POST = frozenset({"/models/get-bulk", "/assets/get-bulk"})
_REPEATABLE_STATUS = frozenset({408, 500, 502, 503, 504})
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Transport:
    """Sends requests from any number of threads, each with a client of its own.

    A `read_only` transport raises `WriteForbidden` for everything that could change the server.
    Once `stop` is set, nothing is waited for any more and `Interrupted` is raised instead.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        read_only: bool,
        bounds: Bounds | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._connection = connection
        self._base_url = _checked(connection.base_url)
        self._read_only = read_only
        self._bounds = bounds or Bounds()
        self._stop = stop or threading.Event()
        self._pace = Pace()
        self._local = threading.local()
        self._clients: list[httpx.Client] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients:
            client.close()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Json:
        """Read; repeated when the answer is lost."""
        return self._send("GET", path, params=params, repeatable=True)

    def read_by_post(self, path: str, body: object) -> Json:
        """Read by a POST that changes nothing; repeated when the answer is lost."""
        return self._send("POST", path, body=body, repeatable=True)

    def put(self, path: str, body: object) -> Json:
        """Set a whole value; repeated when the answer is lost, which leads to the same value."""
        return self._send("PUT", path, body=body, repeatable=True)

    def delete(self, path: str, body: object = None) -> Json:
        """Delete; repeated when the answer is lost."""
        return self._send("DELETE", path, body=body, repeatable=True)

    def once(self, method: str, path: str, body: object) -> Json:
        """Send what must not be repeated: an answer that is lost raises `Unreachable`."""
        return self._send(method, path, body=body, repeatable=False)

    def pages(self, path: str, items: str, params: Mapping[str, str]) -> Iterator[list[Json]]:
        """Yield the pages of a listing; an endless or broken one raises `BadResponse`."""
        seen: set[str] = set()
        token = ""
        while True:
            answer = self.get(path, {**params, **({"paginationToken": token} if token else {})})
            page = answer.get(items)
            if not isinstance(page, list) or not all(isinstance(item, dict) for item in page):
                raise BadResponse(f"GET {path}: the answer has no list of {items}")
            yield page
            following = answer.get("nextPaginationToken")
            if not following:
                return
            token = str(following)
            if token in seen:
                raise BadResponse(
                    f"GET {path}: the server repeats a page token, the listing has no end",
                    hint="try again; nothing was changed",
                )
            seen.add(token)

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        repeatable: bool,
    ) -> Json:
        if self._read_only and method != "GET" and path not in _READS_BY_POST:
            raise WriteForbidden(f"{method} {path}: this command only reads")
        request = _Request(method, path, dict(params or {}), body)
        deadline = time.monotonic() + self._bounds.whole
        for attempt in range(1, self._bounds.attempts + 1):
            self._wait(self._pace.delay())
            try:
                answer = self._attempt(request, deadline)
            except _Again as again:
                throttled = isinstance(again.error, Throttled)
                if throttled:
                    self._pace.throttled()
                safe = repeatable or throttled or again.not_sent
                wait = again.wait if again.wait is not None else _backoff(attempt)
                too_long = wait > self._bounds.longest_wait or time.monotonic() + wait > deadline
                if not safe or too_long or attempt == self._bounds.attempts:
                    raise again.error from again.__cause__
                self._wait(wait)
            else:
                self._pace.succeeded()
                return answer
        raise AssertionError("the last attempt returns or raises")

    def _wait(self, seconds: float) -> None:
        if self._stop.is_set() or (seconds > 0 and self._stop.wait(seconds)):
            raise Interrupted("interrupted")

    def _attempt(self, request: "_Request", deadline: float) -> Json:
        where = f"{request.method} {request.path}"
        try:
            status, headers, content = self._exchange(request, deadline)
        except httpx.TimeoutException as error:
            lost = Unreachable(f"{where}: no answer in time", hint=_UNREACHABLE_HINT)
            raise _Again(lost, not_sent=isinstance(error, _NOT_SENT)) from error
        except httpx.TransportError as error:
            what = str(error) or type(error).__name__
            lost = Unreachable(f"{where}: {what}", hint=_UNREACHABLE_HINT)
            raise _Again(lost, not_sent=isinstance(error, _NOT_SENT)) from error
        if 200 <= status < 300:
            return _parsed(where, headers, content)
        raise _failure(where, status, headers, content)

    def _exchange(self, request: "_Request", deadline: float) -> tuple[int, httpx.Headers, bytes]:
        """Send and read an answer whole, within the bounds of time and size."""
        client = self._client()
        params = request.params
        if self._connection.project:
            params = {**params, "projectId": self._connection.project}
        url = self._base_url + request.path
        content = None if request.body is None else json.dumps(request.body).encode()
        headers = {"Content-Type": "application/json"} if content is not None else {}
        with client.stream(
            request.method, url, params=params, content=content, headers=headers
        ) as response:
            chunks, size = [], 0
            for chunk in response.iter_bytes():
                chunks.append(chunk)
                size += len(chunk)
                if size > self._bounds.answer_bytes:
                    raise BadResponse(f"{request.method} {request.path}: the answer has no end")
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("the answer comes too slowly")
            return response.status_code, response.headers, b"".join(chunks)

    def _client(self) -> httpx.Client:
        """This thread's client: one shared pool would cost more than it saves."""
        client: httpx.Client | None = getattr(self._local, "client", None)
        if client is None:
            client = httpx.Client(
                auth=httpx.BasicAuth(self._connection.key, self._connection.secret),
                headers={"User-Agent": f"catalog-sync/{__version__}", "Accept": "application/json"},
                timeout=httpx.Timeout(self._bounds.read, connect=self._bounds.connect),
                follow_redirects=False,
                trust_env=False,
            )
            self._local.client = client
            with self._lock:
                self._clients.append(client)
        return client


_UNREACHABLE_HINT = "check the network and the address, then run it again"


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent, without the credentials."""

    method: str
    path: str
    params: dict[str, str]
    body: object


class _Again(Exception):
    """A failure that another attempt may cure; `wait` in seconds if the server named it."""

    def __init__(
        self, error: ApiError, *, wait: float | None = None, not_sent: bool = False
    ) -> None:
        super().__init__(error)
        self.error = error
        self.wait = wait
        self.not_sent = not_sent


def _checked(base_url: str) -> str:
    """The base URL without a slash at its end; credentials travel over https or loopback only."""
    parts = urlsplit(base_url)
    local = parts.hostname in _LOOPBACK
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise UsageError(f"{base_url!r} is not an address", hint="give https://HOST/v1")
    if parts.username or parts.query or parts.fragment:
        raise UsageError("the base URL must not hold credentials, a query or a fragment")
    if parts.scheme == "http" and not local:
        raise UsageError(
            f"{base_url!r} would send the credentials unencrypted", hint="use https://"
        )
    return base_url.rstrip("/")


def _backoff(attempt: int) -> float:
    """Full jitter: between nothing and a bound that doubles from half a second, in seconds."""
    return random.uniform(0, min(8.0, 0.5 * 2 ** (attempt - 1)))


def _parsed(where: str, headers: httpx.Headers, content: bytes) -> Json:
    if not content.strip():
        return {}
    if "json" not in headers.get("content-type", ""):
        kind = headers.get("content-type", "") or "nothing named"
        raise BadResponse(f"{where}: the answer is not JSON but {kind}", hint=_PROXY_HINT)
    try:
        answer = json.loads(content)
    except ValueError as error:
        lost = BadResponse(f"{where}: the answer is broken JSON")
        raise _Again(lost) from error
    if not isinstance(answer, dict):
        raise BadResponse(f"{where}: the answer is not a JSON object")
    return answer


_PROXY_HINT = "check the base URL; a proxy or a login page may stand in between"


def _failure(where: str, status: int, headers: httpx.Headers, content: bytes) -> Exception:
    """The error for a status that is no success, as `_Again` where repeating may help."""
    details = _details(content)
    reason = _reason(details, content, headers)
    message = f"{where}: {reason} ({status})"
    trace = details.get("trace_id") or details.get("traceId") or ""
    facts = {"status": status, "trace_id": str(trace)}
    if status == 429:
        return _throttle(message, details, headers, str(trace))
    if status in _REPEATABLE_STATUS:
        return _Again(BadResponse(message, **facts))  # type: ignore[arg-type]  # named above
    if 300 <= status < 400:
        hint = "redirects are not followed: check the base URL"
        return BadResponse(f"{where}: the server redirects ({status})", hint=hint, status=status)
    kind, hint = _KINDS.get(status, (Rejected if status < 500 else BadResponse, ""))
    return kind(message, hint=hint, **facts)  # type: ignore[arg-type]  # named above


_KINDS: dict[int, tuple[type[ApiError], str]] = {
    401: (AccessDenied, "check SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET"),
    403: (AccessDenied, "the key may not do this: apply needs the editor role in the project"),
    404: (NotFound, ""),
}


def _throttle(message: str, details: Json, headers: httpx.Headers, trace: str) -> Exception:
    """A 429 has three meanings: a ceiling of the plan, a cool-down, or too many requests."""
    limits = details.get("details")
    if isinstance(limits, dict) and "actionLimit" in limits:
        name, limit = limits.get("actionName", "this"), limits["actionLimit"]
        return CeilingReached(
            f"{message}: the subscription allows {limit} for {name}",
            hint="waiting does not help: free some, or raise the limit with Scenario",
            status=429,
            trace_id=trace,
        )
    wait = _asked_to_wait(details, headers)
    how_long = "" if wait is None else f"; the server asks to wait {wait:g} s"
    error = Throttled(message + how_long, hint="run it again later", status=429, trace_id=trace)
    return _Again(error, wait=wait)


def _asked_to_wait(details: Json, headers: httpx.Headers) -> float | None:
    for value in (headers.get("retry-after"), details.get("remainingSeconds")):
        try:
            seconds = float(value)  # type: ignore[arg-type]  # anything else is caught below
        except (TypeError, ValueError):
            continue
        if seconds >= 0:
            return seconds
    return None


def _details(content: bytes) -> Json:
    try:
        details = json.loads(content)
    except ValueError:
        return {}
    return details if isinstance(details, dict) else {}


_SIGNED = re.compile(r"(https?://[^\s?\"'<>]+)\?[^\s\"'<>]*")
_TAGS = re.compile(r"<[^>]*>")


def _reason(details: Json, content: bytes, headers: httpx.Headers) -> str:
    """The server's words, without the query of any URL in them: it may hold a signature."""
    for name in ("reason", "message", "error", "detail"):
        value = details.get(name)
        if isinstance(value, str) and value.strip():
            return _SIGNED.sub(r"\1", value.strip())[:1000]
    text = content[:2000].decode("utf-8", "replace")
    if "html" in headers.get("content-type", ""):
        text = _TAGS.sub(" ", text)
    return _SIGNED.sub(r"\1", " ".join(text.split()))[:300] or "no reason given"
