"""Every fault by its name: what it does to a request and its answer, and where it can happen."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from random import Random

from catalogsync.sandbox.errors import ceiling, cooldown, unauthorized
from catalogsync.sandbox.faults.exchange import Answer, Exchange, Page, said
from catalogsync.sandbox.routes import ROUTES
from catalogsync.sandbox.world import Json

PART = "PUT part"
LABELS = frozenset(ROUTES) | {PART}
_API = frozenset(ROUTES)
_LISTINGS = frozenset({"GET /models", "GET /assets", "GET /collections"})
_WRITES = frozenset(label for label, route in ROUTES.items() if route.writes)
_MODELS = frozenset(
    {"GET /models", "POST /models", "GET /models/{}", "PUT /models/{}", "POST /models/get-bulk"}
)
_ASSETS = frozenset({"GET /assets", "POST /assets", "POST /assets/get-bulk"})
_UPLOADS = frozenset({"POST /uploads", "GET /uploads/{}", "POST /uploads/{}/action"})
_RECORDS = _MODELS | _ASSETS | _UPLOADS | {"GET /collections", "POST /collections"}
_COMPLETE = "POST /uploads/{}/action"
_NAMES = {"POST /assets": "name", "POST /uploads": "fileName"}
_LOOKS = 20
_PIECES = 20
_HOURS_OFF = (-30, -5, 7, 30)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, and at which endpoints it can.

    `loses` says that a write has taken effect although the client gets no good answer.
    """

    how: str
    act: Callable[[Exchange], Awaitable[None]]
    at: frozenset[str]
    loses: bool = False


async def _reset_before(exchange: Exchange) -> None:
    await exchange.reset()


async def _refused(exchange: Exchange) -> None:
    await exchange.refuse()
    await exchange.reset()


async def _reset_during(exchange: Exchange) -> None:
    await exchange.receive()
    await exchange.reset()


async def _reset_after(exchange: Exchange) -> None:
    await exchange.passed_on()
    await exchange.reset()


async def _lost(exchange: Exchange) -> None:
    await exchange.passed_on()
    await exchange.silence()


async def _cut_off(exchange: Exchange) -> None:
    answer = await exchange.passed_on()
    await exchange.begin(answer)
    await exchange.go_on(answer.body[: len(answer.body) // 2])
    # What was sent has to leave before the reset, which would take it along.
    await asyncio.sleep(0.01)
    await exchange.reset()


async def _drip(exchange: Exchange) -> None:
    answer = await exchange.passed_on()
    await exchange.begin(answer)
    size = max(1, -(-len(answer.body) // _PIECES))
    for start in range(0, len(answer.body), size):
        await exchange.go_on(answer.body[start : start + size])
        await asyncio.sleep(exchange.drip_s / _PIECES)
    await exchange.send({"type": "http.response.body", "body": b""})


async def _instead(make: Callable[[float], Answer], exchange: Exchange) -> None:
    await exchange.answer(make(exchange.wait_s))


async def _until_a_date(exchange: Exchange) -> None:
    """Only by the Date of the answer itself is it known how long that is."""
    now = _now(exchange.random)
    until = _http_date(now + timedelta(seconds=round(exchange.wait_s)))
    headers = ((b"date", _http_date(now)), (b"retry-after", until))
    await exchange.answer(said(429, {"message": "Too many requests"}, *headers))


async def _altered(alter: Callable[[Answer, Random], Answer], exchange: Exchange) -> None:
    answer = await exchange.passed_on()
    altered = alter(answer, exchange.random) if answer.status == 200 else answer
    await exchange.answer(altered)


async def _empty_page(exchange: Exchange) -> None:
    following = Page(exchange.page)
    token = exchange.memory.token(following)
    await exchange.answer(said(200, {exchange.items: [], "nextPaginationToken": token}))


async def _endless(exchange: Exchange) -> None:
    answer = await exchange.passed_on()
    same = Page(exchange.page, endless=True)
    token = exchange.memory.token(same)
    await exchange.answer(answer.saying({**answer.json, "nextPaginationToken": token}))


async def _listing_changes(exchange: Exchange) -> None:
    answer = await exchange.passed_on(pageSize="2")
    body = answer.json
    following = body.get("nextPaginationToken")
    if following and body[exchange.items]:
        page = Page(following, first=body[exchange.items][-1])
        body["nextPaginationToken"] = exchange.memory.token(page)
    await exchange.answer(answer.saying(body))


async def _upload_failed(exchange: Exchange) -> None:
    """The sandbox never hears of it, so that no asset comes of an upload that failed."""
    await exchange.body()
    answer = await _looking(exchange).passed_on()
    if answer.status == 200 and answer.json["upload"]["status"] == "pending":
        upload = answer.json["upload"]
        upload |= {"status": "failed", "errorMessage": "the file is damaged", "parts": []}
        exchange.memory.failed[exchange.item] = upload
        await exchange.answer(said(200, {"upload": {**upload, "status": "validating"}}))
    else:
        await exchange.answer(await exchange.passed_on())


def _looking(exchange: Exchange) -> Exchange:
    """The same caller looking at the upload instead."""
    path = exchange.scope["path"].removesuffix("/action")
    scope = {**exchange.scope, "method": "GET", "path": path}
    return replace(exchange, label="GET /uploads/{}", scope=scope)


async def _stuck(exchange: Exchange) -> None:
    exchange.memory.held[exchange.item] = _LOOKS
    await exchange.answer(await exchange.passed_on())


async def _renamed(exchange: Exchange) -> None:
    body = json.loads(await exchange.body())
    name = _NAMES[exchange.label]
    if name in body:
        exchange.replace_body(json.dumps({**body, name: "upload.bin"}).encode())
    await exchange.answer(await exchange.passed_on())


async def _tags_normalised(exchange: Exchange) -> None:
    body = json.loads(await exchange.body())
    lower = {**body, "add": sorted({tag.casefold() for tag in body.get("add", [])})}
    exchange.replace_body(json.dumps(lower).encode())
    await exchange.answer(await exchange.passed_on())


def _page(status: int) -> Answer:
    text = f"<html><body><h1>{status} Bad Gateway</h1></body></html>"
    return Answer(status, ((b"content-type", b"text/html; charset=utf-8"),), text.encode())


def _truncated(answer: Answer, random: Random) -> Answer:
    return replace(answer, body=answer.body[: random.randrange(1, len(answer.body))])


def _not_json(answer: Answer, random: Random) -> Answer:
    return replace(answer, body=answer.body.replace(b":", b"=>", 1))


def _wrong_type(answer: Answer, random: Random) -> Answer:
    return replace(answer, headers=((b"content-type", b"text/plain"),))


def _records(body: Json) -> Iterator[tuple[str, Json]]:
    """The objects that an answer holds, each with the word for it."""
    for name, value in body.items():
        if isinstance(value, dict):
            yield name, value
        elif isinstance(value, list):
            yield from ((name.removesuffix("s"), item) for item in value if isinstance(item, dict))


_REQUIRED = {
    "model": ("id", "type", "status", "updatedAt", "tags", "exampleAssetIds"),
    "asset": ("id", "metadata"),
    "upload": ("id",),
    "collection": ("id", "name"),
}


_TIMES = ("createdAt", "updatedAt")


def _now(random: Random) -> datetime:
    return datetime.now(UTC) + timedelta(hours=random.choice(_HOURS_OFF))


def _http_date(moment: datetime) -> bytes:
    return format_datetime(moment, usegmt=True).encode()


def _clock_off(answer: Answer, random: Random) -> Answer:
    body, off = answer.json, timedelta(hours=random.choice(_HOURS_OFF))
    for _, record in _records(body):
        for name in filter(record.__contains__, _TIMES):
            told = datetime.fromisoformat(record[name]) + off
            record[name] = told.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    date = (b"date", _http_date(datetime.now(UTC) + off))
    others = (header for header in answer.headers if header[0] != b"date")
    return replace(answer.saying(body), headers=(*others, date))


def _missing_fields(answer: Answer, random: Random) -> Answer:
    body = answer.json
    held = [(kind, record) for kind, record in _records(body) if kind in _REQUIRED]
    if held:
        kind, record = random.choice(held)
        record.pop(random.choice(_REQUIRED[kind]), None)
    else:
        body = {}
    return answer.saying(body)


_UNKNOWN: dict[str, Json] = {
    "model": {"privacy": "shared", "source": "quantum", "capabilities": ["telepathy"]},
    "asset": {"kind": "hologram", "source": "dreamt", "privacy": "shared"},
    "upload": {"provider": "carrier-pigeon"},
}


def _unknown_values(answer: Answer, random: Random) -> Answer:
    body = answer.json
    for kind, record in _records(body):
        record.update(_UNKNOWN.get(kind, {}), notInAnyDocument={"deep": [1, None, "x"]})
    return answer.saying({**body, "notInAnyDocument": True})


def _no_progress(answer: Answer, random: Random) -> Answer:
    body = answer.json
    for kind, record in _records(body):
        if kind == "model":
            record["trainingProgress"] = {}
    return answer.saying(body)


_ORDERED = ("tags", "exampleAssetIds", "models", "assets", "collections")


def _order_changed(answer: Answer, random: Random) -> Answer:
    body = answer.json
    for record in (body, *(record for _, record in _records(body))):
        for name in _ORDERED:
            if isinstance(record.get(name), list):
                random.shuffle(record[name])
    return answer.saying(body)


def _status(status: int) -> Callable[[float], Answer]:
    return lambda wait: said(status, {"reason": "a fault on purpose"})


def _too_many(wait: float) -> Answer:
    return said(429, {"message": "Too many requests"}, (b"retry-after", f"{wait:g}".encode()))


def _cooldown(wait: float) -> Answer:
    return said(429, {**cooldown(0).body, "remainingSeconds": wait})


def _ceiling(wait: float) -> Answer:
    return said(429, dict(ceiling("a fault on purpose", 3).body))


def _replaced(how: str, make: Callable[[float], Answer], at: frozenset[str] = LABELS) -> Fault:
    return Fault(how, partial(_instead, make), at)


def _changed(
    how: str, alter: Callable[[Answer, Random], Answer], at: frozenset[str], *, loses: bool = False
) -> Fault:
    return Fault(how, partial(_altered, alter), at, loses)


FAULTS: dict[str, Fault] = {
    "reset-before": Fault("a TCP reset before the request is looked at", _reset_before, LABELS),
    "refused": Fault("a TCP reset, and for a while new connections are refused", _refused, LABELS),
    "reset-during": Fault("a TCP reset while the request is read", _reset_during, LABELS),
    "reset-after": Fault("done, then a TCP reset instead of an answer", _reset_after, LABELS, True),
    "cut-off": Fault("done, then a TCP reset in the middle of the answer", _cut_off, LABELS, True),
    "lost": Fault("done, and never answered", _lost, LABELS, True),
    "drip": Fault("done, answered in small pieces over a long time", _drip, LABELS, True),
    "too-many-requests": _replaced("429 with Retry-After", _too_many),
    "retry-date": Fault(
        "429 with Retry-After as a date, by a clock that is hours off", _until_a_date, LABELS
    ),
    "cooldown": _replaced("429 with remainingSeconds", _cooldown, _API),
    "ceiling": _replaced("429 with details.actionLimit, which waiting cannot cure", _ceiling, _API),
    "401": _replaced(
        "the credentials are refused", lambda wait: said(401, dict(unauthorized().body)), _API
    ),
    "408": _replaced("408 instead of an answer; nothing is done", _status(408)),
    "409": _replaced("409 instead of an answer; nothing is done", _status(409), _WRITES),
    "500": _replaced("500 instead of an answer; nothing is done", _status(500)),
    "502": _replaced("502 with an HTML page; nothing is done", lambda wait: _page(502)),
    "503": _replaced("503 instead of an answer; nothing is done", _status(503)),
    "504": _replaced("504 instead of an answer; nothing is done", _status(504)),
    "truncated": _changed("done, answered with JSON that ends early", _truncated, _API, loses=True),
    "not-json": _changed("done, answered with broken JSON", _not_json, _API, loses=True),
    "wrong-type": _changed("done, answered as text/plain", _wrong_type, _API, loses=True),
    "missing-fields": _changed(
        "done, answered without a field that is always there", _missing_fields, _RECORDS, loses=True
    ),
    "unknown-values": _changed("words and keys that no document names", _unknown_values, _RECORDS),
    "clock-off": _changed("Date, createdAt and updatedAt hours off", _clock_off, _RECORDS),
    "no-progress": _changed("models with `trainingProgress: {}`", _no_progress, _MODELS),
    "order-changed": _changed("lists in another order", _order_changed, _MODELS | _LISTINGS),
    "empty-page": Fault("an empty page that is not the last", _empty_page, _LISTINGS),
    "repeated-token": Fault("a page whose token leads to itself", _endless, _LISTINGS),
    "listing-changes": Fault(
        "pages of two, the next one begins with what ended the last", _listing_changes, _LISTINGS
    ),
    "upload-failed": Fault("an upload ends as failed", _upload_failed, frozenset({_COMPLETE})),
    "stuck-validating": Fault(
        f"an upload stays validating for {_LOOKS} looks", _stuck, frozenset({_COMPLETE})
    ),
    "renamed-file": Fault("a file loses its name", _renamed, frozenset(_NAMES)),
    "tags-normalised": Fault(
        "tags are kept in lower case", _tags_normalised, frozenset({"PUT /models/{}/tags"})
    ),
}
