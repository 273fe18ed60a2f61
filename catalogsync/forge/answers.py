"""What an answer of GitHub or GitLab means: a failure, and what may cure it."""

import json
import math
from collections.abc import Mapping

from catalogsync.errors import (
    AccessDenied,
    ApiError,
    BadResponse,
    NotFound,
    Rejected,
    Throttled,
)
from catalogsync.web import Answer, Failure

_REPEATABLE = frozenset({408, 500, 502, 503, 504})
_LEAST_WAIT = 60.0
"""What GitHub asks for where it limits without saying for how long."""


class TooLong(Rejected):
    """A comment longer than the server takes."""


def read_json(content: bytes) -> object:
    """The JSON of an answer; `ValueError` for what is none or is nested too deeply."""
    try:
        return json.loads(content.decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_failure(answer: Answer, *, secret: str, now: float) -> Failure:
    """What went wrong; `now` is in seconds since the epoch, for limits that end at a time."""
    status, reason = answer.status, _reason(answer.content)
    said = " ".join(reason.replace(secret, "***").split())[:300]
    message = f"{answer.where}: {said or 'no reason given'} ({status})"
    if _limited(answer, reason):
        wait = _asked_to_wait(answer.headers, now)
        message += f"; the server asks to wait {wait:.0f} s"
        error = Throttled(message, hint="run the job again later", status=status)
        return Failure(error, curable=True, undone=True, wait=wait)
    if status == 413 or (status in (400, 422) and "too long" in reason.lower()):
        return Failure(TooLong(message, status=status))
    if status < 400:
        hint = "redirects are not followed: check the address of the API"
        return Failure(BadResponse(message, hint=hint, status=status))
    kind, hint = _KINDS.get(status, (Rejected if status < 500 else BadResponse, ""))
    return Failure(kind(message, hint=hint, status=status), curable=status in _REPEATABLE)


_KINDS: dict[int, tuple[type[ApiError], str]] = {
    401: (AccessDenied, "check the token that the job has in its environment"),
    403: (AccessDenied, "the token may not do this; a fork's token only reads"),
    404: (NotFound, "check the number, and that the token may see the repository"),
}


def _reason(content: bytes) -> str:
    """Every string in the body's message and errors: both forges nest them in several ways."""
    try:
        body = read_json(content)
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    told = (body.get(name) for name in ("message", "error", "errors"))
    return "; ".join(words for part in told for words in _strings(part))


def _strings(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [words for part in value for words in _strings(part)]
        case {"message": str(words)}:
            return [words]
        case dict():
            return [f"{name} {words}" for name, part in value.items() for words in _strings(part)]
        case _:
            return []


def _limited(answer: Answer, reason: str) -> bool:
    """Whether a limit of requests was hit: GitHub says so with a 403, too."""
    if answer.status != 403:
        return answer.status == 429
    spent = answer.headers.get("x-ratelimit-remaining") == "0"
    return spent or "retry-after" in answer.headers or "rate limit" in reason.lower()


def _asked_to_wait(headers: Mapping[str, str], now: float) -> float:
    """The seconds to wait: as said, or until the time that is said, or GitHub's minute."""
    after = _number(headers.get("retry-after"))
    if after is not None:
        return after
    for name in ("x-ratelimit-reset", "ratelimit-reset"):
        until = _number(headers.get(name))
        if until is not None:
            # The server's clock may be a moment behind: not to come too early is cheap.
            return max(0.0, until - now) + 1
    return _LEAST_WAIT


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
