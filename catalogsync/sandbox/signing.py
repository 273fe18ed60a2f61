"""URLs that carry their own permission, and tokens that only this server can have made."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

from catalogsync.sandbox.clock import Clock

_SIGNATURE = 32


class Signer:
    """Signs what the sandbox hands out, and recognises it when it comes back."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self._key = secret.encode()
        self._clock = clock

    def query(self, path: str, expires: float) -> str:
        """A query string that opens `path` until `expires`; no two are alike."""
        nonce = secrets.token_hex(8)
        until = str(int(expires * 1000))
        signature = self._sign(path, until, nonce)
        return f"Expires={until}&Nonce={nonce}&Signature={signature}"

    def genuine(self, path: str, query: Mapping[str, str]) -> bool:
        """Whether this server signed the query for that path."""
        expected = self._sign(path, query.get("Expires", ""), query.get("Nonce", ""))
        return hmac.compare_digest(expected.encode(), query.get("Signature", "").encode())

    def expired(self, query: Mapping[str, str]) -> bool:
        """Whether the time of a genuine query is over."""
        return self._clock.now() * 1000 >= int(query["Expires"])

    def token(self, value: Any) -> str:
        """An opaque token for a JSON value."""
        text = json.dumps(value, separators=(",", ":"))
        sealed = f"{self._sign('token', text)}{text}".encode()
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def open_token(self, token: str) -> Any:
        """The value in a token, or None if this server did not make it."""
        try:
            padded = token + "=" * (-len(token) % 4)
            sealed = base64.b64decode(padded.encode(), altchars=b"-_", validate=True).decode()
        except ValueError:
            return None
        signature, text = sealed[:_SIGNATURE], sealed[_SIGNATURE:]
        if not hmac.compare_digest(signature.encode(), self._sign("token", text).encode()):
            return None
        return json.loads(text)

    def author(self, key: str) -> str:
        """A user id for an API key that tells nothing of the key."""
        return self._sign("author", key)

    def _sign(self, *parts: str) -> str:
        message = "\n".join(parts).encode()
        return hmac.digest(self._key, message, hashlib.sha256).hex()[:_SIGNATURE]
