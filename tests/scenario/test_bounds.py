"""No answer, however slow, large or endless, keeps a run from ending."""

import gzip
import time

import pytest

from catalogsync.errors import ApiError, BadResponse, Unreachable
from catalogsync.scenario import Transport
from tests.scenario.conftest import Connect
from tests.scenario.server import Server, Step, drip, hang, reply

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n"


def page(items: list[object], **more: object) -> Step:
    return reply(200, {"models": items, **more})


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, b'{"a": "' + b"x" * 5000 + b'"}'),
        reply(500, b"x" * 5000),
        drip(HEAD + b"\r\n", b"x" * 1000, every=0.001),
        reply(200, gzip.compress(b"x" * 1_000_000), content_encoding="gzip"),
    ],
    ids=["whole", "error", "endless", "packed"],
)
def test_an_answer_that_is_too_large_is_not_read_to_its_end(
    server: Server, connect: Connect, answer: Step
) -> None:
    server.script(answer)
    with pytest.raises(BadResponse, match="has no end"):
        connect(answer_bytes=4000).get("/models")
    assert len(server.requests) == 1


def test_an_answer_that_is_packed_more_than_once_is_not_unpacked(
    server: Server, transport: Transport
) -> None:
    body = gzip.compress(gzip.compress(b"x" * 10_000_000))
    server.script(reply(200, body, content_encoding="gzip, gzip"))
    with pytest.raises(BadResponse, match="packed more than once"):
        transport.get("/models")


@pytest.mark.parametrize(
    "slow",
    [
        drip(HEAD + b"content-length: 99999\r\n\r\n", b" "),
        drip(HEAD + b"x-", b"y"),
        drip(CHUNKED + b"\r\n5;", b"x"),
        drip(CHUNKED + b"content-encoding: gzip\r\n\r\n", b"1\r\n\x1f\r\n"),
        drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(b"", b"H"),
    ],
    ids=["body", "header", "chunk extension", "packed", "endless 100", "status line"],
)
def test_a_slow_drip_ends_by_the_deadline_of_the_whole(
    server: Server, connect: Connect, slow: Step
) -> None:
    server.script(slow, slow, slow)
    started = time.monotonic()
    with pytest.raises(ApiError) as caught:
        connect(read=0.2, whole=0.4).get("/models")
    assert time.monotonic() - started < 2
    assert caught.value.may_have_been_applied


def test_a_hang_ends_by_the_time_of_a_read(server: Server, connect: Connect) -> None:
    server.script(hang)
    started = time.monotonic()
    with pytest.raises(Unreachable, match="no answer in time"):
        connect(read=0.2, attempts=1).get("/models")
    assert 0.2 <= time.monotonic() - started < 2


def test_a_server_that_never_reads_a_large_body_is_given_up(
    server: Server, connect: Connect
) -> None:
    server.on_connect = hang
    started = time.monotonic()
    with pytest.raises(Unreachable, match="no answer in time"):
        connect(read=0.2, attempts=1).once("POST", "/assets", {"image": "x" * 10_000_000})
    assert time.monotonic() - started < 2


def test_a_repeated_page_token_is_an_error(server: Server, transport: Transport) -> None:
    server.script(
        page([{"id": "1"}], nextPaginationToken="a"),
        page([{"id": "2"}], nextPaginationToken="b"),
        page([{"id": "3"}], nextPaginationToken="a"),
    )
    pages = transport.pages("/models", "models", {"pageSize": "1"})
    with pytest.raises(BadResponse, match="has no end"):
        list(pages)
    assert [r.query.get("paginationToken") for r in server.requests] == [None, "a", "b"]


def test_a_listing_of_endless_new_tokens_is_an_error(
    server: Server, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogsync.scenario.paging._MOST_PAGES", 5)
    server.script(*[page([], nextPaginationToken=str(number)) for number in range(50)])
    with pytest.raises(BadResponse, match="has no end"):
        list(transport.pages("/models", "models", {}))
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "following", [{"nextPaginationToken": None}, {"nextPaginationToken": ""}, {}]
)
def test_an_empty_page_with_a_token_goes_on_and_no_token_ends_the_listing(
    server: Server, transport: Transport, following: dict[str, object]
) -> None:
    server.script(page([], nextPaginationToken="a&b=/é"), page([{"id": "1"}], **following))
    assert list(transport.pages("/models", "models", {"x": "y"})) == [[], [{"id": "1"}]]
    assert [r.query for r in server.requests] == [
        {"x": "y"},
        {"x": "y", "paginationToken": "a&b=/é"},
    ]


@pytest.mark.parametrize(
    "body", [{}, {"models": None}, {"models": {}}, {"models": [1]}, {"models": [None]}, {"m": []}]
)
def test_a_listing_without_its_list_is_an_error(
    server: Server, transport: Transport, body: dict[str, object]
) -> None:
    server.script(reply(200, body))
    with pytest.raises(BadResponse, match="no list of models"):
        list(transport.pages("/models", "models", {}))


@pytest.mark.parametrize("token", [7, True, ["a"], {"a": 1}, "x" * 100_000, float("nan")])
def test_a_page_token_that_cannot_be_asked_for_is_an_error(
    server: Server, transport: Transport, token: object
) -> None:
    server.script(page([], nextPaginationToken=token))
    with pytest.raises(BadResponse, match="cannot be asked"):
        list(transport.pages("/models", "models", {}))


def test_a_page_token_of_odd_characters_is_quoted(server: Server, transport: Transport) -> None:
    server.script(
        reply(200, b'{"models": [], "nextPaginationToken": "\\ud800\\n\\u0000#"}'), page([])
    )
    assert list(transport.pages("/models", "models", {})) == [[], []]
    assert server.requests[1].query == {"paginationToken": "?\n\x00#"}
