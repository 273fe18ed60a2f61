"""What each answer becomes, and that no answer becomes anything but an `ApiError`."""

import gzip

import pytest

from catalogsync.errors import AccessDenied, ApiError, BadResponse, NotFound, Rejected
from catalogsync.scenario import Transport
from tests.scenario.conftest import Connect
from tests.scenario.server import Server, Step, html, raw, reply


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_credentials_and_missing_permission_end_with_exit_code_3_and_a_hint(
    server: Server, transport: Transport, status: int
) -> None:
    server.script(reply(status, {"message": "API Keys cannot access protected resources"}))
    with pytest.raises(AccessDenied, match="cannot access protected") as caught:
        transport.get("/me")
    assert caught.value.exit_code == 3
    assert caught.value.hint


def test_what_is_not_there_is_not_found(server: Server, transport: Transport) -> None:
    server.script(reply(404, {"reason": "no such model", "traceId": "t-2"}))
    with pytest.raises(NotFound, match=r"GET /models/m: no such model \(404\)") as caught:
        transport.get("/models/m")
    assert caught.value.trace_id == "t-2"


@pytest.mark.parametrize("status", [400, 409, 410, 413, 422])
@pytest.mark.parametrize("name", ["reason", "message", "error", "detail"])
def test_a_refusal_keeps_the_servers_reason_and_the_trace(
    server: Server, transport: Transport, status: int, name: str
) -> None:
    server.script(reply(status, {"reason": " ", name: "Tags may not differ", "trace_id": "t-3"}))
    with pytest.raises(Rejected) as caught:
        transport.put("/models/m", {})
    assert caught.value.message == f"PUT /models/m: Tags may not differ ({status})"
    assert (caught.value.status, caught.value.trace_id) == (status, "t-3")
    assert not caught.value.may_have_been_applied


def test_a_refusal_without_a_reason_says_so(server: Server, transport: Transport) -> None:
    server.script(reply(400))
    with pytest.raises(Rejected, match="no reason given"):
        transport.get("/models")


def test_an_error_page_for_people_is_told_without_its_tags(
    server: Server, transport: Transport
) -> None:
    server.script(html(501, b"<html><body>\n<h1>Not</h1>\n  <p class='x'>today</p>"))
    with pytest.raises(BadResponse, match=r"GET /models: Not today \(501\)"):
        transport.get("/models")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_credentials_stay(
    server: Server, transport: Transport, status: int
) -> None:
    with Server() as other:
        server.script(reply(status, location=f"{other.url}/models?sig=canary"))
        with pytest.raises(BadResponse, match="redirects") as caught:
            transport.get("/models")
        assert other.connections == 0
    assert "canary" not in caught.value.message
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (html(200, b"<h1>Log in</h1>"), "not JSON but text/html"),
        (reply(200, b"hello", content_type=""), "not JSON but nothing named"),
        (reply(200, ["a list"]), "not a JSON object"),
        (reply(200, b"null"), "not a JSON object"),
        (reply(304), "redirects"),
    ],
)
def test_an_answer_of_another_kind_is_a_bad_response(
    server: Server, transport: Transport, answer: Step, told: str
) -> None:
    server.script(answer)
    with pytest.raises(BadResponse, match=told) as caught:
        transport.get("/models")
    assert caught.value.may_have_been_applied
    assert len(server.requests) == 1


DEEP = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"

HOSTILE: dict[str, bytes] = {
    "control characters": b'{"reason": "a\\u0000\\u001b[31mred\\u0007 \\u202e \\u009b2J"}',
    "raw ANSI escapes": b"\x1b]0;title\x07\x1b[2J\x9b2J",
    "10 MB page": b"<p>Error " * 1_200_000,
    "10 MB of open tags": b"<" * 10_000_000,
    "10 MB of addresses": b'{"reason": "' + b"http://" * 1_400_000 + b'"}',
    "10 MB reason": b'{"reason": "' + b"x" * 10_000_000 + b'"}',
    "invalid UTF-8": b'{"reason": "\xff\xfe\xed\xa0\x80"}',
    "nested 100k deep": DEEP,
    "nested 100k objects": b'{"a":' * 100_000,
    "huge number": b'{"reason": 1e999999, "details": {"actionLimit": 1e999999}}',
    "huge integer": b'{"reason": ' + b"9" * 100_000 + b"}",
    "large integers": b'{"details": {"actionLimit": ' + b"9" * 4000 + b"}}",
    "not a number": b'{"remainingSeconds": NaN, "details": {"actionLimit": NaN}}',
    "negative": b'{"remainingSeconds": -1e400}',
    "half a character": b'{"reason": "\\ud800", "trace_id": "\\udfff"}',
    "half a character as a key": b'{"\\ud800": 1, "reason": "odd"}',
    "strange types": b'{"reason": [], "trace_id": {"a": 1}, "details": {"actionLimit": [[]]}}',
    "an array": b"[1, 2]",
    "nothing": b"",
    "white space": b" \n ",
    "zeros": b"\x00" * 1000,
    "byte order mark": b'\xef\xbb\xbf{"reason": "x"}',
}


def failure_of(transport: Transport) -> ApiError | None:
    """The `ApiError` of a read, None for a success; any other exception fails the test."""
    try:
        transport.get("/models")
    except ApiError as error:
        return error
    return None


@pytest.mark.parametrize("status", [200, 400, 429, 500])
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_body_becomes_nothing_but_an_api_error_that_can_be_printed(
    server: Server, connect: Connect, status: int, body: bytes
) -> None:
    server.script(reply(status, body))
    error = failure_of(connect(attempts=1))
    assert (error is None) == (status == 200 and body.strip() in FINE)
    if error:
        assert len(str(error)) < 1500
        assert (error.message + error.trace_id).isprintable()
        error.message.encode()


FINE = [
    body.strip()
    for name, body in HOSTILE.items()
    if name
    in {
        "control characters",
        "10 MB of addresses",
        "10 MB reason",
        "huge number",
        "large integers",
        "not a number",
        "negative",
        "half a character",
        "half a character as a key",
        "strange types",
        "nothing",
        "white space",
        "byte order mark",
    }
]
"""What is a good answer if it comes with a 200, odd as it is."""

RAW: dict[str, bytes] = {
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\n\r\nhello",
    "endless header": b"HTTP/1.1 200 OK\r\nx: " + b"y" * 300_000,
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 50_000,
    "huge length": b"HTTP/1.1 200 OK\r\ncontent-length: " + b"9" * 5000 + b"\r\n\r\n{}",
    "negative length": b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    "bad chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    "huge chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"f" * 30 + b"\r\n",
    "unknown transfer": b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n{}",
    "bad status": b"HTTP/1.1 999999 OK\r\n\r\n",
    "status 999": b"HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n",
    "odd header bytes": b"HTTP/1.1 400 \xff\r\ncontent-type: \x9b\xff\r\ncontent-length: 0\r\n\r\n",
    "escape in the type": b"HTTP/1.1 200 \xff\r\ncontent-type: \xc2\x9b2J\r\n\r\n{}",
    "strange charset": b"HTTP/1.1 400 X\r\ncontent-type: text/html; charset=zlib\r\n\r\nhello",
    "wrong address": b"HTTP/1.1 302 X\r\nlocation: http://[::1:x/\r\ncontent-length: 0\r\n\r\n",
    "wrong port": b"HTTP/1.1 302 X\r\nlocation: http://h:port/\r\ncontent-length: 0\r\n\r\n",
    "wrong host": b"HTTP/1.1 302 X\r\nlocation: http://xn--\xff/\r\ncontent-length: 0\r\n\r\n",
    "wrong cookies": b"HTTP/1.1 200 X\r\nset-cookie: a=b; expires=\xff; max-age=9e9\r\n\r\n",
    "TLS": b"\x15\x03\x01\x00\x02\x02\x28",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.mark.parametrize("data", RAW.values(), ids=RAW)
def test_hostile_bytes_become_nothing_but_an_api_error(
    server: Server, connect: Connect, data: bytes
) -> None:
    server.script(raw(data))
    error = failure_of(connect(attempts=1))
    assert error is None or (len(str(error)) < 1500 and error.message.isprintable())


def test_half_a_character_in_an_answer_is_replaced(server: Server, transport: Transport) -> None:
    server.script(reply(200, b'{"name": "a\\ud800b \\ud83d\\ude00"}'))
    assert transport.get("/models") == {"name": "a?b \N{GRINNING FACE}"}


@pytest.mark.parametrize("name", ["gzip", "GZip", " gzip "])
def test_a_packed_answer_is_unpacked(server: Server, transport: Transport, name: str) -> None:
    server.script(reply(200, gzip.compress(b'{"a": 1}'), content_encoding=name))
    assert transport.get("/models") == {"a": 1}


@pytest.mark.parametrize("name", ["identity", "Identity", ""])
def test_what_is_not_packed_is_taken_as_it_is(
    server: Server, transport: Transport, name: str
) -> None:
    server.script(reply(200, b'{"a": 1}', content_encoding=name))
    assert transport.get("/models") == {"a": 1}


def test_nothing_is_nothing_however_it_is_packed(server: Server, transport: Transport) -> None:
    server.script(reply(200, b"", content_encoding="gzip"))
    assert transport.get("/models") == {}


_PACKED = gzip.compress(b'{"a": 1}', mtime=0)
_NOT_WHOLE = {str(length): _PACKED[:length] for length in range(1, len(_PACKED))}
_TOO_MUCH = {"more": _PACKED + b"{", "twice": _PACKED * 2}


@pytest.mark.parametrize(
    "body", (_NOT_WHOLE | _TOO_MUCH).values(), ids=(_NOT_WHOLE | _TOO_MUCH).keys()
)
def test_what_is_packed_and_not_whole_is_asked_again(
    server: Server, transport: Transport, body: bytes
) -> None:
    """Half of it would pass for a text that is not there."""
    server.script(reply(200, body, content_encoding="gzip"), reply(200, {"b": 2}))
    assert transport.get("/models") == {"b": 2}
