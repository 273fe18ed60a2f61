"""Large files from signed addresses: from anywhere in them, within bounds, without credentials."""

from typing import Any

import pytest

from catalogsync.errors import AddressExpired, BadResponse, Rejected, Unreachable
from catalogsync.events import Event
from catalogsync.ports import Stream
from catalogsync.scenario import RangeBounds, RangeReader
from tests.scenario.server import Server, Step, close, drip, hang, raw, reply, truncated

QUICK = RangeBounds(idle=2.0)
TAG = '"abc"'


def part(content: bytes, start: int, total: int) -> Step:
    said = f"bytes {start}-{start + len(content) - 1}/{total}"
    return reply(206, content, content_range=said, etag=TAG)


def read(
    url: str, start: int = 0, tag: str = "", bounds: RangeBounds = QUICK
) -> tuple[Stream, bytes]:
    with RangeReader(bounds).open(url, start, tag) as stream:
        return stream, b"".join(stream.chunks())


def test_a_file_is_read_whole_with_its_size_tag_and_name(server: Server) -> None:
    named = 'attachment; filename="w.safetensors"'
    server.script(reply(200, b"weights", etag=TAG, content_disposition=named))
    stream, content = read(f"{server.url}/x?Signature=s")
    assert content == b"weights"
    assert (stream.start, stream.size, stream.tag, stream.name) == (0, 7, TAG, "w.safetensors")
    (request,) = server.requests
    assert request.target == "/v1/x?Signature=s"
    assert request.headers["accept-encoding"] == "identity"
    assert {"authorization", "range", "if-range", "cookie"}.isdisjoint(request.headers)


def test_a_file_is_read_from_where_it_broke_off(server: Server) -> None:
    server.script(part(b"ghts", 3, 7))
    stream, content = read(f"{server.url}/w.safetensors", 3, TAG)
    assert (content, stream.start, stream.size) == (b"ghts", 3, 7)
    (request,) = server.requests
    assert (request.headers["range"], request.headers["if-range"]) == ("bytes=3-", TAG)


def test_a_server_that_ignores_ranges_says_that_it_begins_anew(server: Server) -> None:
    server.script(reply(200, b"weights"))
    stream, content = read(f"{server.url}/w", 3)
    assert (stream.start, content) == (0, b"weights")


def test_a_file_that_is_there_whole_sends_nothing_more(server: Server) -> None:
    server.script(reply(416, b"", content_range="bytes */7"))
    stream, content = read(f"{server.url}/w", 7, TAG)
    assert (stream.start, stream.size, stream.tag, content) == (7, 7, TAG, b"")


@pytest.mark.parametrize("said", ["bytes */5", "bytes */*", "", "nonsense"])
def test_a_part_that_the_file_does_not_have_is_asked_for_from_the_beginning(
    server: Server, said: str
) -> None:
    server.script(reply(416, b"", content_range=said), reply(200, b"other"))
    stream, content = read(f"{server.url}/w", 7, TAG)
    assert (stream.start, content) == (0, b"other")
    assert "range" not in server.requests[1].headers


@pytest.mark.parametrize("said", ["", "bytes x-y/z", "items 0-1/2", "bytes */7"])
def test_a_part_of_which_nothing_is_said_is_refused(server: Server, said: str) -> None:
    server.script(reply(206, b"ghts", content_range=said))
    with pytest.raises(BadResponse, match="which part"):
        read(f"{server.url}/w", 3)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_address_that_is_not_accepted_may_be_replaced_by_a_fresh_one(
    server: Server, status: int
) -> None:
    server.script(reply(status, b"<Error>Signature=canary</Error>"))
    with pytest.raises(AddressExpired) as raised:
        read(f"{server.url}/w?Signature=canary")
    assert "canary" not in str(raised.value) + raised.value.hint


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(503, b"busy"), Unreachable),
        (reply(429, b"busy"), Unreachable),
        (close, Unreachable),
        (truncated(), Unreachable),
        (reply(400, b"no"), Rejected),
        (reply(302, b"", location="http://127.0.0.1:1/elsewhere"), Rejected),
        (reply(200, b"packed", content_encoding="gzip"), BadResponse),
    ],
    ids=["503", "429", "closed", "cut off", "400", "redirect", "packed"],
)
def test_what_goes_wrong_is_told_by_its_kind(
    server: Server, answer: Step, error: type[Exception]
) -> None:
    server.script(answer)
    with pytest.raises(error):
        read(f"{server.url}/w")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        hang,
        drip(b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n", b"x", every=0.05),
    ],
    ids=["silent", "dripping"],
)
def test_a_server_that_keeps_us_waiting_is_left(server: Server, answer: Step) -> None:
    server.script(answer)
    with pytest.raises(Unreachable):
        read(f"{server.url}/w", bounds=RangeBounds(idle=0.4))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/w",
        "http://127.0.0.1@example.com/w",
        "https://key:secret@files.example/w",
        "file:///etc/passwd",
        "ftp://127.0.0.1/w",
        "//",
        "\x00",
    ],
)
def test_only_private_addresses_without_credentials_are_asked(url: str) -> None:
    with pytest.raises(BadResponse) as raised:
        read(url)
    assert "example" not in str(raised.value)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="w.safetensors"', "w.safetensors"),
        ("attachment; filename*=UTF-8''%2e%2e%2fw.zip", "../w.zip"),
        ("attachment; filename*=nonsense''w.zip", "w.zip"),
        ("attachment", "a b.ckpt"),
        ("", "a b.ckpt"),
    ],
)
def test_a_name_comes_from_the_header_or_the_path(server: Server, header: str, name: str) -> None:
    server.script(reply(200, b"x", content_disposition=header))
    stream, _ = read(f"{server.url}/folder/a%20b.ckpt?x=y.exe")
    assert stream.name == name


@pytest.mark.parametrize(
    ("headers", "tag"),
    [
        ({"etag": TAG}, TAG),
        ({"etag": 'W/"weak"', "last_modified": "Mon, 01 Jan 2026"}, "Mon, 01 Jan 2026"),
        ({"etag": "bare"}, ""),
        ({}, ""),
    ],
)
def test_only_a_strong_tag_or_a_date_tells_bytes_apart(
    server: Server, headers: dict[str, Any], tag: str
) -> None:
    server.script(reply(200, b"x", **headers))
    assert read(f"{server.url}/w")[0].tag == tag


def test_a_size_that_is_no_number_is_not_told(server: Server) -> None:
    body = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
    server.script(raw(body))
    stream, content = read(f"{server.url}/w")
    assert (stream.size, content) == (None, b"x")


def test_no_event_tells_the_address(server: Server) -> None:
    told: list[Event] = []
    server.script(reply(200, b"x"), close)
    reader = RangeReader(QUICK, told.append)
    with reader.open(f"{server.url}/secret?Signature=canary", 0, ""):
        pass
    with pytest.raises(Unreachable), reader.open(f"{server.url}/secret?Signature=canary", 0, ""):
        pass
    assert len(told) == 2
    assert "canary" not in repr(told)
    assert "secret" not in repr(told)
