"""What is sent again after a failure, and what never is."""

import socket
import time
from collections.abc import Callable

import pytest

from catalogsync.errors import ApiError, BadResponse, Throttled, Unreachable
from catalogsync.scenario import Transport
from tests.scenario.conftest import Connect
from tests.scenario.server import (
    Exchange,
    Server,
    Step,
    close,
    hang,
    html,
    raw,
    reply,
    reset,
    truncated,
)

Call = Callable[[Transport], object]

REPEATABLE: dict[str, Call] = {
    "GET": lambda transport: transport.get("/models"),
    "whole PUT": lambda transport: transport.put("/models/m", {"name": "x"}),
    "DELETE": lambda transport: transport.delete("/models/m"),
    "POST that reads": lambda transport: transport.read_by_post("/assets/get-bulk", {}),
}

LOST: dict[str, Step] = {
    "reset after reading": reset,
    "closed after reading": close,
    "500": reply(500, {"reason": "boom"}),
    "502 HTML": html(502),
    "503": reply(503),
    "504": reply(504),
    "408": reply(408),
    "truncated": truncated(),
    "truncated chunks": raw(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        b'transfer-encoding: chunked\r\n\r\n5\r\n{"a":'
    ),
    "broken JSON": reply(200, b'{"a": '),
    "invalid UTF-8": reply(200, b'{"a": "\xff"}'),
    "broken gzip": reply(200, b"no gzip", content_encoding="gzip"),
    "no HTTP": raw(b"220 mail.example ESMTP\r\n\r\n"),
}


@pytest.mark.parametrize("call", REPEATABLE.values(), ids=REPEATABLE)
@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
def test_what_leads_to_the_same_value_is_sent_again_when_the_answer_is_lost(
    server: Server, transport: Transport, call: Call, lost: Step
) -> None:
    server.script(lost, lost, reply(200, {"fine": True}))
    assert call(transport) == {"fine": True}
    assert len(server.requests) == 3
    assert len({(r.method, r.target, r.body) for r in server.requests}) == 1


@pytest.mark.parametrize("call", REPEATABLE.values(), ids=REPEATABLE)
def test_what_leads_to_the_same_value_is_sent_again_after_a_timeout(
    server: Server, connect: Connect, call: Call
) -> None:
    server.script(hang, reply(200, {"fine": True}))
    assert call(connect(read=0.1)) == {"fine": True}
    assert len(server.requests) == 2


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
def test_nothing_is_attempted_more_often_than_the_bounds_say(
    server: Server, connect: Connect, lost: Step
) -> None:
    server.script(*[lost] * 6)
    with pytest.raises(ApiError):
        connect(attempts=4).get("/models")
    assert len(server.requests) == 4


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
def test_what_may_have_been_created_is_never_sent_again(
    server: Server, transport: Transport, lost: Step
) -> None:
    server.script(lost)
    with pytest.raises(ApiError) as caught:
        transport.once("POST", "/models", {"name": "x"})
    assert caught.value.may_have_been_applied
    assert server.seen == ["POST /models"]


def test_a_create_that_gets_no_answer_in_time_is_not_sent_again(
    server: Server, connect: Connect
) -> None:
    server.script(hang)
    with pytest.raises(Unreachable, match="no answer in time") as caught:
        connect(read=0.1).once("POST", "/models", {})
    assert caught.value.may_have_been_applied
    assert len(server.requests) == 1


def test_a_create_that_the_connection_dies_under_is_not_sent_again(
    server: Server, transport: Transport
) -> None:
    def read_a_part(exchange: Exchange) -> None:
        exchange.socket.recv(10)
        exchange.reset()

    server.on_connect = read_a_part
    with pytest.raises(Unreachable) as caught:
        transport.once("POST", "/models", {"name": "x" * 100_000})
    assert caught.value.may_have_been_applied
    assert server.connections == 1


def test_a_create_that_was_refused_a_connection_is_sent_again(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    transport = connect(url=f"http://127.0.0.1:{port}", attempts=3)
    waits: list[float] = []
    monkeypatch.setattr(transport, "_wait", waits.append)
    with pytest.raises(Unreachable, match="refused") as caught:
        transport.once("POST", "/models", {})
    assert not caught.value.may_have_been_applied
    assert len([wait for wait in waits if wait > 0]) == 2


def test_what_was_lost_once_and_then_refused_a_connection_may_have_been_done(
    server: Server, connect: Connect
) -> None:
    def close_for_good(exchange: Exchange) -> None:
        # Once something of the request is there, its connection was made without a doubt.
        exchange.socket.recv(1)
        server.refuse()
        exchange.reset()

    server.on_connect = close_for_good
    with pytest.raises(Unreachable, match="refused") as caught:
        connect(attempts=3, first_wait=0.001).put("/models/1", {"name": "x"})
    assert caught.value.may_have_been_applied


def test_a_create_that_was_throttled_is_sent_again(server: Server, transport: Transport) -> None:
    server.script(reply(429), reply(429), reply(200, {"fine": True}))
    assert transport.once("POST", "/models", {}) == {"fine": True}
    assert len(server.requests) == 3


def test_a_create_that_stays_throttled_ends_after_the_attempts(
    server: Server, transport: Transport
) -> None:
    server.script(*[reply(429)] * 5)
    with pytest.raises(Throttled) as caught:
        transport.once("POST", "/models", {})
    assert not caught.value.may_have_been_applied
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413, 418, 422, 501, 505])
def test_a_refusal_is_not_asked_again(server: Server, transport: Transport, status: int) -> None:
    server.script(reply(status))
    with pytest.raises(ApiError) as caught:
        transport.get("/models")
    assert caught.value.status == status
    assert len(server.requests) == 1


def test_an_unavailable_server_is_given_the_time_it_asks_for(
    server: Server, transport: Transport
) -> None:
    server.script(reply(503, retry_after="0.15"), reply(200, {"fine": True}))
    started = time.monotonic()
    assert transport.get("/models") == {"fine": True}
    assert time.monotonic() - started >= 0.15


def test_attempts_end_when_the_whole_time_is_used_up(server: Server, connect: Connect) -> None:
    server.script(*[reply(503)] * 50)
    transport = connect(attempts=50, whole=0.3, first_wait=0.2)
    # On a busy machine the time is over before the first answer is there.
    with pytest.raises((BadResponse, Unreachable)):
        transport.get("/models")
    assert len(server.requests) < 50


def test_a_success_without_a_body_is_an_empty_object(server: Server, transport: Transport) -> None:
    server.script(raw(b"HTTP/1.1 204 No Content\r\n\r\n", close=False))
    assert transport.delete("/models/m") == {}
