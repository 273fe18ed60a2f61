"""Tells a webhook what became of drift: JSON that is signed, and that Slack takes as it is."""

import hmac
import json
import time
from collections.abc import Callable, Iterator

import httpx

from catalogsync import __version__
from catalogsync.forge.stamp import Marker
from catalogsync.forge.tracker import Followed
from catalogsync.values import dataclass
from catalogsync.web import Deadline, bounded_transport, can_be_asked, tls_context

SIGNATURE = "X-Catalog-Sync-Signature-256"
"""The header with `sha256=` and the HMAC of the body in hex, keyed by the secret."""

_ATTEMPTS = 3
_SECONDS = 10.0
_FIRST_WAIT = 1.0
_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
"""What Slack wants escaped; a mention cannot be written then."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where to send events; the `url` is as secret as the `secret`, which signs them if given."""

    url: httpx.URL
    secret: str = ""

    def send(self, body: bytes, pause: Callable[[float], object] = time.sleep) -> str:
        """Send it, three times at most, and say in one sentence what became of that."""
        reasons = []
        for attempt in range(1, _ATTEMPTS + 1):
            reason = self._attempt(body)
            if not reason:
                return "The webhook was told."
            reasons.append(reason)
            if attempt < _ATTEMPTS:
                pause(_FIRST_WAIT * attempt)
        return f"The webhook could not be told: {'; '.join(dict.fromkeys(reasons))}."

    def _attempt(self, body: bytes) -> str:
        """Why it failed, empty if it did not; nothing of the address or the answer is told."""
        deadline = Deadline()
        deadline.at = time.monotonic() + _SECONDS
        try:
            with (
                httpx.Client(
                    transport=bounded_transport(tls_context(str(self.url)), deadline),
                    timeout=_SECONDS,
                    follow_redirects=False,
                    trust_env=False,
                ) as client,
                client.stream("POST", self.url, content=body, headers=self._headers(body)) as got,
            ):
                return "" if got.is_success else f"it answered {got.status_code}"
        except httpx.TimeoutException:
            return "no answer in time"
        except httpx.RequestError as error:
            return type(error).__name__

    def _headers(self, body: bytes) -> dict[str, str]:
        plain = {"Content-Type": "application/json", "User-Agent": f"catalog-sync/{__version__}"}
        if not self.secret:
            return plain
        signed = hmac.new(self.secret.encode(), body, "sha256").hexdigest()
        return {**plain, SIGNATURE: f"sha256={signed}"}


def webhook(url: str, secret: str) -> Webhook | None:
    """The webhook at an address, or None for one that is not https or cannot be asked."""
    return Webhook(httpx.URL(url), secret) if can_be_asked(url) else None


def event_body(followed: Followed, marker: Marker, run_url: str, *, sent_at: str) -> bytes:
    """An event as JSON; `sent_at` is in UTC."""
    event = {
        "event": str(followed.event),
        "catalog": marker.subject.catalog,
        "target": marker.subject.target,
        "changes": marker.changes,
        "fingerprint": marker.digest,
        "issue": followed.url,
        "run": run_url,
        "sent_at": sent_at,
        "text": " ".join(_text(followed, marker, run_url)).translate(_SLACK),
    }
    return json.dumps(event, sort_keys=True).encode()


def _text(followed: Followed, marker: Marker, run_url: str) -> Iterator[str]:
    target = f" ({marker.subject.target})" if marker.subject.target else ""
    yield f"Catalog {marker.subject.catalog}{target}: drift {followed.event}."
    if marker.changes:
        yield f"{marker.changes} changed on the server."
    yield followed.url or run_url
