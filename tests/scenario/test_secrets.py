"""No failure tells the credentials or a signed URL, to nobody and by no way."""

import base64
import socket
import traceback
from collections.abc import Callable, Iterator

import pytest

from catalogsync.errors import CatalogSyncError
from catalogsync.scenario import Connection, ScenarioClient, Transport
from catalogsync.scenario.exchanges import Bounds
from tests.scenario.conftest import KEY, SECRET, Connect
from tests.scenario.server import Server, Step, close, hang, html, raw, reply, reset, truncated

AUTHORIZATION = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
SIGNATURE = "canarysignature"
SIGNED = f"https://bucket.example/a.png?X-Amz-Credential={SIGNATURE}&X-Amz-Signature={SIGNATURE}"
CANARIES = (KEY, SECRET, AUTHORIZATION, SIGNATURE)

ECHO = f"you sent Basic {AUTHORIZATION}, that is {KEY} and {SECRET}, see {SIGNED}."
ESCAPED = SIGNED.replace("/", "\\/")
QUOTED = SIGNED.replace(":", "%3A").replace("?", "%3F").replace("&", "%26").replace("=", "%3D")
WITH_QUOTES = f'https://b.example/a?name="a b.png"&Signature={SIGNATURE}'
PADDING = b"<br>" * 2000

FAILURES: dict[str, Step] = {
    "400 reason": reply(400, {"reason": ECHO, "trace_id": ECHO}),
    "400 upper case": reply(400, {"reason": SIGNED.replace("https", "HTTPS")}),
    "400 quotes inside": reply(400, {"reason": WITH_QUOTES}),
    "400 quoted URL": reply(400, {"reason": QUOTED}),
    "400 many": reply(400, {"reason": f"{SIGNED} " * 50}),
    "400 no reason": reply(400, {"url": SIGNED, "headers": {"authorization": AUTHORIZATION}}),
    "400 escaped": reply(400, ('{"url": "' + ESCAPED + '"}').encode()),
    "400 text": reply(400, ECHO.encode(), content_type="text/plain"),
    "400 page": html(400, f'<a href="{SIGNED}">{SIGNED}</a>{ECHO}'.encode()),
    "400 long page": html(400, PADDING[: 4 * 495] + ECHO.encode() * 3),
    "401": reply(401, {"message": ECHO}),
    "403": reply(403, {"message": ECHO}),
    "404": reply(404, {"detail": ECHO}),
    "418": reply(418, {"error": ECHO}),
    "413 broken JSON": reply(413, ('{"reason": "' + ECHO).encode()),
    "429": reply(429, {"reason": ECHO, "remainingSeconds": 1e6}),
    "429 ceiling": reply(
        429, {"reason": ECHO, "details": {"actionName": ECHO, "actionLimit": ECHO}}
    ),
    "500": reply(500, {"reason": ECHO}),
    "502 page": html(502, ECHO.encode()),
    "redirect": reply(307, location=SIGNED),
    "redirect nowhere": reply(307, location=f"http://[{SIGNATURE}"),
    "200 page": html(200, ECHO.encode()),
    "200 odd type": reply(200, b"x", content_type=f"x/{AUTHORIZATION}"),
    "200 broken JSON": reply(200, ('{"url": "' + SIGNED).encode()),
    "200 list": reply(200, [SIGNED]),
    "200 number": reply(200, b"9" * 5000),
    "200 not a model": reply(200, {"url": SIGNED, "model": {"id": 1, "url": SIGNED}}),
    "truncated": truncated(ECHO.encode()),
    "no HTTP": raw(ECHO.encode() + b"\r\n\r\n"),
    "broken header": raw(f"HTTP/1.1 200 OK\r\n{SIGNED} {AUTHORIZATION}\r\n\r\n".encode()),
    "broken length": raw(f"HTTP/1.1 200 OK\r\ncontent-length: {SECRET}\r\n\r\n".encode()),
    "reset": reset,
    "closed": close,
    "hang": hang,
}


def everything(error: BaseException) -> str:
    """All that a handler, a logger or a debugger would print of an exception and its chain."""
    told = ["".join(traceback.format_exception(error))]
    chain: list[BaseException] = [error]
    for link in chain:
        chain += [link for link in (link.__cause__, link.__context__) if link is not None]
        told += [str(link), repr(link), repr(link.args), repr(vars(link))]
        told += traceback.TracebackException.from_exception(link).format()
    return "\n".join(told)


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_no_failure_tells_a_secret(server: Server, connect: Connect, failure: Step) -> None:
    server.script(failure, failure)
    client = ScenarioClient(connect(attempts=1, read=0.1))
    calls: list[Callable[[], object]] = [
        lambda: client.get_model("m"),
        lambda: client.create_model({"name": "x"}),
    ]
    for call in calls:
        with pytest.raises(CatalogSyncError) as caught:
            call()
        told = everything(caught.value)
        assert [canary for canary in CANARIES if canary in told] == []
        assert caught.value.__cause__ is None


def refused(_: Server) -> Transport:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return Transport(Connection(f"http://127.0.0.1:{port}", KEY, SECRET), read_only=False)


def too_large(server: Server) -> Transport:
    server.script(reply(200, {"a": ECHO}))
    return Transport(
        Connection(server.url, KEY, SECRET), read_only=False, bounds=Bounds(answer_bytes=10)
    )


def forbidden(server: Server) -> Transport:
    return Transport(Connection(server.url, KEY, SECRET), read_only=True)


@pytest.fixture(params=[refused, too_large, forbidden], ids=lambda make: str(make.__name__))
def failing(request: pytest.FixtureRequest, server: Server) -> Iterator[Transport]:
    transport: Transport = request.param(server)
    transport._bounds = Bounds(attempts=1, answer_bytes=10)
    yield transport
    transport.close()


def test_no_failure_of_our_own_tells_a_secret(failing: Transport) -> None:
    with pytest.raises(CatalogSyncError) as caught:
        failing.once("POST", "/models", {})
    told = everything(caught.value)
    assert [canary for canary in CANARIES if canary in told] == []


def test_neither_a_connection_nor_a_transport_shows_its_secrets(connect: Connect) -> None:
    transport = connect(project="proj_1")
    transport.get("/models")
    shown = repr(Connection("https://h/v1", KEY, SECRET, "p")) + repr(transport)
    shown += repr(vars(transport)) + repr(ScenarioClient(transport))
    assert [canary for canary in CANARIES if canary in shown] == []


def test_what_is_no_secret_is_told_as_it_is(server: Server, transport: Transport) -> None:
    reason = "The signature style 'a=b' is unknown, see https://docs.example/a (5 of 7)"
    server.script(reply(400, {"reason": reason}))
    with pytest.raises(
        CatalogSyncError, match=r"GET /models: The signature style 'a=b' is unknown"
    ):
        transport.get("/models")
