"""Who is calling, and how often they may.

Any pair of a non-empty key and secret is accepted, unless the server was given one. A key that
starts with `reader` may only read. Nothing is public, so there is no access without credentials.
"""

import base64
import binascii
import hmac
import math
import time
from dataclasses import dataclass

from catalogsync.sandbox.errors import cooldown, forbidden, unauthorized
from catalogsync.sandbox.settings import Settings
from catalogsync.sandbox.signing import Signer

_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request."""

    author: str
    reads_only: bool

    def must_write(self) -> None:
        """Refuse a write to those who may only read."""
        if self.reads_only:
            raise forbidden("The role of this API key does not allow this operation")


class Door:
    """Checks credentials."""

    def __init__(self, settings: Settings, signer: Signer) -> None:
        self._settings = settings
        self._signer = signer
        self._known: dict[str, Caller] = {}

    def admit(self, authorization: str) -> Caller:
        """The caller behind an `Authorization` header."""
        caller = self._known.get(authorization)
        if caller is None:
            caller = self._check(authorization)
            if len(self._known) < _REMEMBERED:
                self._known[authorization] = caller
        return caller

    def _check(self, authorization: str) -> Caller:
        scheme, _, encoded = authorization.partition(" ")
        try:
            pair = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, ValueError):
            raise unauthorized() from None
        key, _, secret = pair.partition(":")
        if scheme.lower() != "basic" or not key or not secret:
            raise unauthorized()
        for given, expected in ((key, self._settings.key), (secret, self._settings.secret)):
            if expected and not hmac.compare_digest(given.encode(), expected.encode()):
                raise unauthorized()
        return Caller(self._signer.author(key), key.startswith("reader"))


class Bucket:
    """A token bucket: `rate` requests a second in the long run, `burst` at once."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst or max(1, math.ceil(rate))
        self._tokens = float(self._burst)
        self._seen = time.monotonic()

    def take(self) -> None:
        """Let a request pass, or refuse it with the seconds to wait."""
        if not self._rate:
            return
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._seen) * self._rate)
        self._seen = now
        if self._tokens < 1:
            raise cooldown(math.ceil((1 - self._tokens) / self._rate))
        self._tokens -= 1
