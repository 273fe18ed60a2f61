"""What an answer means: the JSON of a success, or a failure and what may cure it."""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from catalogsync.errors import (
    AccessDenied,
    ApiError,
    BadResponse,
    CeilingReached,
    NotFound,
    Rejected,
    Throttled,
)
from catalogsync.web import Answer, Failure

Json = dict[str, object]

_REPEATABLE_STATUS = frozenset({408, 500, 502, 503, 504})
_PROXY_HINT = "check the base URL; a proxy or a login page may stand in between"


class AnswerReader:
    """Tells what answers mean, and never repeats one of `secrets` or a signed URL."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets

    def read(self, answer: Answer) -> Json | Failure:
        """The JSON object of a success, or the failure."""
        if 200 <= answer.status < 300:
            return self._success(answer)
        return self._failure(answer)

    def plain(self, text: str, longest: int = 300) -> str:
        """The text on one line, without secrets, signatures of URLs and control characters."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        text = text[: 4 * longest]
        for pattern, substitute in _SIGNED:
            text = pattern.sub(substitute, text)
        words = " ".join(text.split())
        return "".join(c if c.isprintable() else "\ufffd" for c in words)[:longest]

    def _success(self, answer: Answer) -> Json | Failure:
        if not answer.content.strip():
            return {}
        where, kind = answer.where, answer.headers.get("content-type", "")
        if "json" not in kind:
            kind = self.plain(kind, 80) or "nothing named"
            message = f"{where}: the answer is not JSON but {kind}"
            return Failure(BadResponse(message, hint=_PROXY_HINT, status=answer.status))
        try:
            data = _loaded(answer.content)
        except ValueError:
            broken = BadResponse(f"{where}: the answer is broken JSON", status=answer.status)
            return Failure(broken, curable=True)
        if not isinstance(data, dict):
            message = f"{where}: the answer is not a JSON object"
            return Failure(BadResponse(message, status=answer.status))
        return data

    def _failure(self, answer: Answer) -> Failure:
        status, details = answer.status, _details(answer.content)
        message = f"{answer.where}: {self._reason(answer, details)} ({status})"
        trace = self._trace(details)
        if status == 429:
            return self._throttle(answer, details, message, trace)
        if status in _REPEATABLE_STATUS:
            error = BadResponse(message, status=status, trace_id=trace)
            return Failure(error, curable=True, wait=asked_to_wait(answer.headers, details))
        if status < 400:
            message = f"{answer.where}: the server redirects ({status})"
            hint = "redirects are not followed: check the base URL"
            return Failure(BadResponse(message, hint=hint, status=status, trace_id=trace))
        kind, hint = _KINDS.get(status, (Rejected if status < 500 else BadResponse, ""))
        return Failure(kind(message, hint=hint, status=status, trace_id=trace))

    def _throttle(self, answer: Answer, details: Json, message: str, trace: str) -> Failure:
        """A 429 has three meanings: a ceiling of the plan, a cool-down, or too many requests."""
        limits = details.get("details")
        if isinstance(limits, dict) and "actionLimit" in limits:
            name = self.plain(str(limits.get("actionName") or "this"), 100)
            limit = self.plain(str(limits["actionLimit"]), 100)
            ceiling = CeilingReached(
                f"{message}: the subscription allows {limit} for {name}",
                hint="waiting does not help: free some, or raise the limit with Scenario",
                status=429,
                trace_id=trace,
            )
            return Failure(ceiling, undone=True)
        wait = asked_to_wait(answer.headers, details)
        if wait is not None:
            message += f"; the server asks to wait {wait:.0f} s"
        error = Throttled(message, hint="run it again later", status=429, trace_id=trace)
        return Failure(error, curable=True, undone=True, wait=wait)

    def _reason(self, answer: Answer, details: Json) -> str:
        for name in ("reason", "message", "error", "detail"):
            value = details.get(name)
            if isinstance(value, str) and (said := self.plain(value, 1000)):
                return said
        text = answer.content[:_LONGEST_PAGE].decode("utf-8", "replace").replace("\\/", "/")
        for secret in self._secrets:
            text = text.replace(secret, "***")
        if "html" in answer.headers.get("content-type", ""):
            text = _TAGS.sub(" ", text)
        return self.plain(text) or "no reason given"

    def _trace(self, details: Json) -> str:
        trace = details.get("trace_id") or details.get("traceId")
        return self.plain(trace, 100) if isinstance(trace, str) else ""


_KINDS: dict[int, tuple[type[ApiError], str]] = {
    401: (AccessDenied, "check SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET"),
    403: (AccessDenied, "the key may not do this: apply needs the editor role in the project"),
    404: (NotFound, ""),
}

_LONGEST_PAGE = 64 * 1024
_TAGS = re.compile(r"<[^<>]*>")
_SIGNED = (
    (re.compile(r"(https?://[^\s?]+)\?\S*", re.IGNORECASE), r"\1"),
    (
        re.compile(
            r"(signature|credential|security-token|access[-_]?key[-_]?id|\bsig|\btoken)"
            r"(=|%3D)[^\s&]*",
            re.IGNORECASE,
        ),
        r"\1=***",
    ),
)
"""The query of any URL, and what looks like a part of one; what follows is removed with it."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _loaded(content: bytes) -> object:
    """The JSON; `ValueError` for what is none, is nested too deeply, or has too long numbers."""
    try:
        text = content.decode("utf-8-sig")
        data = json.loads(text)
        if _SURROGATE.search(text):
            # Half a character could not be written, printed or put into a URL by anybody later.
            data = json.loads(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return data


def _details(content: bytes) -> Json:
    try:
        details = _loaded(content)
    except ValueError:
        return {}
    return details if isinstance(details, dict) else {}


def asked_to_wait(headers: Mapping[str, str], details: Json) -> float | None:
    """The seconds that the server asks to wait, by header or by body; None if it does not."""
    milliseconds = _seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    after = headers.get("retry-after")
    for value in (
        after,
        _until(after, headers.get("date")),
        details.get("remainingSeconds"),
    ):
        seconds = _seconds(value)
        if seconds is not None:
            return seconds
    return None


def _seconds(value: object) -> float | None:
    """A number that is a possible wait: finite and not negative."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _until(date: str | None, now: str | None) -> float | None:
    """The seconds until an HTTP date, by the server's own clock where it tells the time."""
    then, server_now = http_date(date), http_date(now)
    if then is None:
        return None
    return max(0.0, (then - (server_now or datetime.now(UTC))).total_seconds())


def http_date(date: str | None) -> datetime | None:
    """The moment that a date of HTTP means; None for one that makes no sense."""
    if not date:
        return None
    # What reads dates comes with all of e-mail, which takes long.
    from email.utils import parsedate_to_datetime

    try:
        time = parsedate_to_datetime(date)
        # A date without a zone, as "-0000", is in UTC (RFC 5322).
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
