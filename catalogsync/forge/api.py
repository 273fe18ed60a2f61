"""The REST API of a forge: authenticated, bounded, repeated only where that is safe."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Self

import httpx

from catalogsync import __version__
from catalogsync.errors import ApiError, BadResponse, Unreachable, UsageError
from catalogsync.forge.answers import read_failure, read_json
from catalogsync.values import dataclass
from catalogsync.web import (
    Answer,
    Deadline,
    Failure,
    bounded_transport,
    can_be_asked,
    checked_base_url,
    tls_context,
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long and how much a request may take; seconds and bytes.

    `longest_wait` bounds what the server may ask for before another attempt.
    """

    connect: float = 10.0
    read: float = 30.0
    attempt: float = 60.0
    answer_bytes: int = 64 * 1024 * 1024
    attempts: int = 3
    longest_wait: float = 120.0
    first_wait: float = 1.0

    def within(self, seconds: float) -> Self:
        """The same for requests that may take so long with all their attempts and waits."""
        attempt, first_wait = seconds / 4, seconds / 12
        return replace(
            self,
            connect=min(self.connect, attempt),
            read=min(self.read, attempt),
            attempt=min(self.attempt, attempt),
            first_wait=min(self.first_wait, first_wait),
        )


_HEADERS = {"User-Agent": f"catalog-sync/{__version__}", "Accept-Encoding": "identity"}
_MOST_PAGES = 200
_EXAMPLE = "https://HOST/PATH"
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout)


@dataclass(frozen=True, slots=True)
class _Got:
    """The JSON of a success, and the address of the page after it, if there is one."""

    data: object
    following: str


class Api:
    """Sends requests with a token in the headers `auth`; follows no redirect, uses no proxy."""

    def __init__(
        self,
        base_url: str,
        token: str,
        auth: Mapping[str, str],
        *,
        bounds: Bounds | None = None,
        pause: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._base_url = checked_base_url(base_url, _EXAMPLE)
        if not can_be_asked(self._base_url):
            raise UsageError("the base URL is not an address", hint=f"give {_EXAMPLE}")
        self._token = token
        self._bounds = bounds or Bounds()
        self._pause = pause
        self._clock = clock
        self._deadline = Deadline()
        self._client = httpx.Client(
            headers={**_HEADERS, **auth},
            timeout=httpx.Timeout(self._bounds.read, connect=self._bounds.connect),
            transport=bounded_transport(tls_context(self._base_url), self._deadline),
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str) -> object:
        """Read; repeated when the answer is lost."""
        return self._send("GET", path, repeatable=True).data

    def pages(self, path: str) -> Iterator[dict[str, object]]:
        """Every item of a listing, page after page; one without end raises `BadResponse`."""
        address, seen = path, set[str]()
        while address:
            got = self._send("GET", address, repeatable=True)
            if not isinstance(got.data, list):
                raise BadResponse(f"GET {path}: the answer is not a list")
            yield from (item for item in got.data if isinstance(item, dict))
            seen.add(address)
            address = got.following
            if address in seen or len(seen) == _MOST_PAGES:
                raise BadResponse(f"GET {path}: the listing has no end")

    def create(self, path: str, body: object) -> object:
        """Send what must not be repeated; a lost answer raises `Unreachable`."""
        return self._send("POST", path, body, repeatable=False).data

    def change(self, method: str, path: str, body: object) -> object:
        """Set a whole value; repeated when the answer is lost, which leads to the same value."""
        return self._send(method, path, body, repeatable=True).data

    def _send(self, method: str, path: str, body: object = None, *, repeatable: bool) -> _Got:
        attempt = 1
        while True:
            result = self._attempt(method, path, body)
            if isinstance(result, _Got):
                return result
            wait = self._bounds.first_wait * attempt if result.wait is None else result.wait
            again = result.curable and (repeatable or result.undone)
            if not again or wait > self._bounds.longest_wait or attempt == self._bounds.attempts:
                # Raised outside of any `except`: what httpx raised may quote what was received.
                raise result.error
            self._pause(wait)
            attempt += 1

    def _attempt(self, method: str, path: str, body: object) -> _Got | Failure:
        where = f"{method} {path.split('?')[0]}"
        try:
            return self._exchange(where, method, path, body)
        except httpx.TimeoutException as error:
            return _lost(f"{where}: no answer in time", error)
        except httpx.RequestError as error:
            return _lost(f"{where}: {type(error).__name__}", error)

    def _exchange(self, where: str, method: str, path: str, body: object) -> _Got | Failure:
        self._deadline.at = time.monotonic() + self._bounds.attempt
        content = None if body is None else json.dumps(body).encode()
        kind = {} if content is None else {"Content-Type": "application/json"}
        address = self._base_url + path
        with self._client.stream(method, address, content=content, headers=kind) as response:
            received = b""
            for chunk in response.iter_raw():
                received += chunk
                if len(received) > self._bounds.answer_bytes:
                    return Failure(BadResponse(f"{where}: the answer has no end"))
            following = response.links.get("next", {}).get("url", "")
        if not response.is_success:
            answer = Answer(where, response.status_code, response.headers, received)
            return read_failure(answer, secret=self._token, now=self._clock())
        try:
            return _Got(read_json(received), self._path_of(where, following))
        except ValueError:
            return Failure(BadResponse(f"{where}: the answer is not JSON"), curable=True)
        except ApiError as error:
            return Failure(error)

    def _path_of(self, where: str, following: str) -> str:
        """The next page's address below the base URL: the token goes nowhere else."""
        if following and not following.startswith(f"{self._base_url}/"):
            raise BadResponse(f"{where}: the next page is at another address")
        return following.removeprefix(self._base_url)


def _lost(message: str, error: httpx.RequestError) -> Failure:
    lost = Unreachable(message, hint="check the network and the address of the API")
    return Failure(lost, curable=True, undone=isinstance(error, _NOT_SENT))
