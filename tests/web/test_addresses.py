"""Plain addresses: nobody who reads one can take it for that of another server."""

from urllib.parse import quote

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalogsync.web import can_be_asked, plain_address

_PIECES = st.sampled_from(
    [
        *("http", "https", "HTTPS", "ftp", ":", "//", "/", "\\", "@", "?", "#", "%", "%2F", "%40"),
        *(
            ".",
            "..",
            "[",
            "]",
            "::1",
            "localhost",
            "127.0.0.1",
            "example.com",
            "a",
            "Z",
            "_",
            "-",
            "0",
        ),
        *(":80", ":443", ":8080", ":65536", "user", "\t", "\n", "\r", "\0", " "),
        *(
            "\u2025",
            "\uff20",
            "\u00df",
            "\u3002",
            "\uff0f",
            "&",
            ";",
            "+",
            "=",
            "~",
            "'",
            '"',
            "<",
            "|",
            "^",
            "\ud800",
        ),
    ]
)
_URLS = st.one_of(
    st.lists(_PIECES, max_size=8).map("".join),
    st.tuples(
        st.sampled_from(["http://", "https://", "https:"]), st.lists(_PIECES, max_size=6)
    ).map(lambda two: two[0] + "".join(two[1])),
    st.text(max_size=30).map("https://example.com".__add__),
)


@given(_URLS)
@example("https://example.com/a b?c=d e#f")
@example("https://[::1]:8443/v1")
@example("http://LOCALHOST:80")
@example("https://xn--bcher-kva.example")
@example("https://xn--fa-hia.de")
@example("http\u017f://127.0.0.1:9/v1")
@example("https://\u017fcenario.com")
@example("https://\u212adf.com")
@example("https://0x7f.1")
@example("https://example.com:/a")
@example("https://example.com/\u00e4%2f%zz?x='\"<>")
def test_whoever_reads_an_address_finds_the_same_server_in_it(url: str) -> None:
    address = plain_address(url)
    if address is None:
        return
    other = httpx.URL(url)
    ours = address.origin
    assert (other.scheme, other.raw_host.decode(), other.userinfo) == (ours.scheme, ours.host, b"")
    assert (other.port or {"http": 80, "https": 443}[other.scheme]) == ours.port
    assert other.netloc.decode() == ours.named


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40))
@example("/a%2Fb+c?d=%20&e=f%3Dg")
def test_what_was_signed_is_sent_as_it_was_signed(tail: str) -> None:
    """A URL that is quoted already is not quoted again."""
    path, _, query = tail.partition("?")
    target = "/" + quote(path, safe="%/:@!$&'()*+,;=~")
    target += f"?{quote(query, safe='%/:@!$&()*+,;=~?')}" if query else ""
    address = plain_address(f"https://example.com{target}")
    assert address
    assert address.target == target


OTHERS = [
    "http://example.com/a",
    "http://127.0.0.1.example.com",
    "https://user@example.com",
    "https://user:word@example.com",
    "https://example.com\\@127.0.0.1/",
    "https://example.com%2f@127.0.0.1/",
    "https://exa mple.com",
    "https://0127.0.0.1",
    "https://1.2.3",
    "https://[:::]",
    "https://xn--a",
    "https://xn--e28h.ws/a",
    "http\u017f://127.0.0.1",
    "https://\u017fcenario.com",
    "https://example.\u212aom",
    "https://0x7f.1",
    "https://0x7f000001",
    "https://127.0.0.0x1.",
    "https://2130706433",
    "https://example.com/" + "a" * 65_536,
    "https://example.com:0x50",
    "https://example.com:65536",
    "https://b\u00fccher.example",
    "https://example.com\uff0fa",
    "file:///etc/passwd",
    "//example.com",
    "https://",
    "",
]


@pytest.mark.parametrize("url", OTHERS)
def test_what_is_not_plain_or_not_private_is_not_asked(url: str) -> None:
    assert not can_be_asked(url)


@pytest.mark.parametrize(
    "url", ["https://a.de?b=c", "http://127.0.0.1:1", "http://[::1]", "https://xn--fa-hia.de"]
)
def test_https_and_this_machine_may_be_asked(url: str) -> None:
    assert can_be_asked(url)
