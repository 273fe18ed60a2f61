"""Limits, redirects and listings of a forge's API, over real HTTP."""

from collections.abc import Callable

import pytest

from catalogsync.errors import BadResponse, CatalogSyncError, Throttled, Unreachable, UsageError
from catalogsync.forge.api import Api, Bounds
from tests.scenario.server import Server, close, drip, hang, html, reply

NOW = 1_800_000_000.0


def call(server: Server, ask: Callable[[Api], object], **bounds: float) -> list[float]:
    """Ask, and return the waits in between; the API is under the server's /v1."""
    waits: list[float] = []
    with Api(
        server.url,
        "canary-token",
        {"Authorization": "Bearer canary-token"},
        bounds=Bounds(**bounds),  # type: ignore[arg-type]  # only numbers are given
        pause=waits.append,
        clock=lambda: NOW,
    ) as api:
        ask(api)
    return waits


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (403, {"retry_after": "7"}, 7.0),
        (429, {"retry_after": "7"}, 7.0),
        (403, {"x_ratelimit_remaining": "0", "x_ratelimit_reset": f"{NOW + 30:.0f}"}, 31.0),
        (429, {"ratelimit_reset": f"{NOW - 5:.0f}"}, 1.0),
        (429, {}, 60.0),
    ],
)
def test_a_limit_is_waited_for_as_long_as_the_server_asks(
    status: int, headers: dict[str, str], wait: float
) -> None:
    with Server() as server:
        limited = reply(status, {"message": "slow down"}, close=False, **headers)
        server.script(limited, reply(200, {}))
        assert call(server, lambda api: api.create("/x", {})) == [wait]
        assert server.seen == ["POST /x", "POST /x"]


def test_a_secondary_limit_without_a_time_takes_a_minute() -> None:
    said = {"message": "You have exceeded a secondary rate limit."}
    with Server() as server:
        server.script(reply(403, said), reply(200, {}))
        assert call(server, lambda api: api.get("/x")) == [60.0]


def test_waiting_has_an_end() -> None:
    with Server() as server:
        server.script(*[reply(429, {}, retry_after="1")] * 5)
        with pytest.raises(Throttled):
            call(server, lambda api: api.get("/x"))
        assert len(server.requests) == 3


def test_a_read_is_repeated_and_a_create_is_not() -> None:
    with Server() as server:
        server.script(close, html(502), reply(200, []))
        call(server, lambda api: api.get("/x"))
        server.script(close)
        with pytest.raises(Unreachable):
            call(server, lambda api: api.create("/x", {}))
        assert server.seen.count("POST /x") == 1


def test_a_redirect_is_not_followed() -> None:
    with Server() as server, Server() as elsewhere:
        server.script(reply(301, {}, location=elsewhere.url))
        with pytest.raises(BadResponse, match="301"):
            call(server, lambda api: api.get("/x"))
        assert elsewhere.requests == []


@pytest.mark.parametrize("start", ["http://127.0.0.1:1/", "//", "http://127.0.0.1", "ftp://x/"])
def test_the_next_page_is_at_the_same_address_or_nowhere(start: str) -> None:
    with Server() as server:
        server.script(reply(200, [], link=f'<{start}v1/x?page=2>; rel="next"'))
        with pytest.raises(BadResponse, match="another address"):
            call(server, lambda api: list(api.pages("/x")))
        assert len(server.requests) == 1


def test_a_host_that_only_begins_like_ours_is_another_one() -> None:
    with Server() as server:
        server.script(reply(200, [], link=f'<{server.url}.evil.example/x>; rel="next"'))
        with pytest.raises(BadResponse, match="another address"):
            call(server, lambda api: list(api.pages("/x")))


def test_a_listing_without_end_is_an_error() -> None:
    with Server() as server:
        again = reply(200, [{}], link=f'<{server.url}/x>; rel="next"')
        server.script(again, again, again)
        with pytest.raises(BadResponse, match="no end"):
            call(server, lambda api: list(api.pages("/x")))


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, b"no json"),
        reply(200, b"[" * 100_000),
        reply(200, b"\xff"),
        reply(200, b"[" + b" " * 5000),
        drip(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b" "),
        hang,
    ],
    ids=["text", "deep", "bytes", "large", "slow", "hanging"],
)
def test_a_broken_answer_is_an_error_within_bounds(answer: Callable[..., None]) -> None:
    with Server() as server:
        server.script(answer, answer)
        with pytest.raises(CatalogSyncError):
            call(server, lambda api: api.get("/x"), attempt=0.3, answer_bytes=200_000, attempts=2)


def test_an_answer_larger_than_the_bound_is_not_read_to_its_end() -> None:
    with Server() as server:
        server.script(reply(200, b" " * 5000))
        with pytest.raises(BadResponse, match="no end"):
            call(server, lambda api: api.get("/x"), answer_bytes=1000)


@pytest.mark.parametrize("answer", [reply(400, {"message": "canary-token"}), close, html(500)])
def test_the_token_is_in_no_error(answer: Callable[..., None]) -> None:
    with Server() as server:
        server.script(answer, answer, answer)
        with pytest.raises(CatalogSyncError) as caught:
            call(server, lambda api: api.get("/x"))
        assert "canary" not in f"{caught.value!r} {caught.value.hint} {caught.value.__context__!r}"
        assert server.requests[0].headers["authorization"] == "Bearer canary-token"


@pytest.mark.parametrize("url", ["http://example.com", "https://user@h/", "file:///x", "x"])
def test_the_token_goes_to_a_private_address_only(url: str) -> None:
    with pytest.raises(UsageError):
        Api(url, "t", {})
