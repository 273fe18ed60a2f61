"""The HTTP application: from a request to the function that answers it."""

import asyncio
import json
import logging
import math
import re
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from catalogsync.sandbox import downloads, files, gallery, model_changes, openapi, routes
from catalogsync.sandbox.access import Bucket, Door
from catalogsync.sandbox.errors import ApiError, bad_request, not_found, too_large
from catalogsync.sandbox.settings import Asgi, Receive, Scope, Send
from catalogsync.sandbox.world import Call, Json, Reply, World

_BODY_CAP = 10_000_000
_DRAINED = 128 * 1024 * 1024
_DEFAULT_PROJECT = "proj_default"
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?\Z")
_logger = logging.getLogger(__name__)


def build(world: World) -> Asgi:
    """The application for one server: host check, injected middleware, latency, answer."""
    app: Asgi = _Sandbox(world)
    if world.settings.latency_ms:
        app = _delayed(app, world.settings.latency_ms / 1000)
    for middleware in reversed(world.settings.middleware):
        app = middleware(app)
    return _local_only(app)


def _local_only(app: Asgi) -> Asgi:
    """Refuse a `Host` that is not this machine: a page elsewhere may resolve its name to us."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if _LOOPBACK.match(_headers(scope).get(b"host", "")):
            await app(scope, receive, send)
        else:
            await PlainTextResponse("Unknown host", 403)(scope, receive, send)

    return checked


def _delayed(app: Asgi, seconds: float) -> Asgi:
    async def delayed(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(seconds)
        await app(scope, receive, send)

    return delayed


class _Sandbox:
    """Sorts requests: the API, asset contents, upload parts, the gallery."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._door = Door(world.settings, world.signer)
        self._bucket = Bucket(world.settings.rate, world.settings.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        segments = scope["path"].split("/")[1:]
        if segments[0] == "v1":
            status, body = await self._answer(scope, receive, segments[1:])
            await _send_json(send, status, body, self._world.clock.now())
        else:
            response = await self._page(Request(scope, receive), segments)
            await response(scope, receive, send)

    async def _answer(
        self, scope: Scope, receive: Receive, segments: list[str]
    ) -> tuple[int, Mapping[str, Any]]:
        try:
            reply = await self._call(scope, receive, segments)
        except ApiError as error:
            return error.status, error.body
        except Exception:
            _logger.exception("%s %s", scope["method"], scope["path"])
            return 500, {"message": "Internal Server Error"}
        return (reply.status, reply.body) if isinstance(reply, Reply) else (200, reply)

    async def _call(self, scope: Scope, receive: Receive, segments: list[str]) -> Json | Reply:
        headers = _headers(scope)
        raw = await _read_body(receive)
        self._bucket.take()
        caller = self._door.admit(headers.get(b"authorization", ""))
        route, ids = routes.find(scope["method"], segments)
        if route is None:
            raise not_found("Route", f"{scope['method']} /{'/'.join(segments)}")
        self._world.requests[route.label] += 1
        if route.writes:
            caller.must_write()
        sent = scope["query_string"].decode("ascii", "replace")
        query = dict(parse_qsl(sent, keep_blank_values=True))
        body = _parsed(raw, route.takes_list)
        route.check(query, body)
        model_changes.settle(self._world)
        call = Call(
            world=self._world,
            project=query.get("projectId", _DEFAULT_PROJECT),
            author=caller.author,
            origin=f"http://{headers[b'host']}",
            ids=ids,
            query=query,
            body=body,
        )
        if not route.threaded:
            # A query takes less time than the hop to a thread and back.
            return route.handler(call)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._world.workers, route.handler, call)

    async def _page(self, request: Request, segments: list[str]) -> Response:
        model_changes.settle(self._world)
        match request.method, segments:
            case "GET" | "HEAD", ["files", asset_id]:
                return files.read_file(self._world, request, asset_id)
            case "GET" | "HEAD", ["weights", job_id]:
                return downloads.read_weights(self._world, request, job_id)
            case "PUT", ["parts", upload_id, number]:
                self._world.requests["PUT part"] += 1
                return await files.receive_part(self._world, request, upload_id, number)
            case "GET" | "HEAD", [""]:
                return gallery.index(self._world, request)
            case "GET" | "HEAD", ["models", model_id]:
                return gallery.model(self._world, request, model_id)
            case "GET" | "HEAD", ["openapi.json"]:
                return JSONResponse(openapi.document(str(request.base_url)))
        return PlainTextResponse("Not Found", 404)


def _headers(scope: Scope) -> dict[bytes, str]:
    return {name: value.decode("latin-1") for name, value in scope["headers"]}


async def _read_body(receive: Receive) -> bytes:
    """The whole body; one above the cap is read to its end first, so that its sender listens."""
    chunks, size, more = [], 0, True
    while more and size <= _DRAINED:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise bad_request("The body ended early")  # half a body must not count as none
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= _BODY_CAP:
            chunks.append(chunk)
        more = message.get("more_body", False)
    if size > _BODY_CAP:
        raise too_large()
    return b"".join(chunks)


def _parsed(raw: bytes, as_list: bool) -> Json:
    """The body; one that must be a list is called `items`."""
    if not raw and not as_list:
        return {}
    try:
        body = json.loads(raw, parse_constant=_no_constant, parse_float=_finite)
        if b"\\u" in raw:
            json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        raise bad_request("The body is not valid JSON") from None
    if as_list and isinstance(body, list):
        return {"items": body}
    if as_list or not isinstance(body, dict):
        raise bad_request(f"The body must be a JSON {'array' if as_list else 'object'}")
    return body


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is too large")
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


async def _send_json(send: Send, status: int, body: Mapping[str, Any], now: float) -> None:
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"date", formatdate(now, usegmt=True).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
