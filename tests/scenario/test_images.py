"""Images come from signed URLs: without credentials, within bounds, or not at all."""

from collections.abc import Iterator

import pytest

from catalogsync.scenario.asset_urls import image_urls
from catalogsync.scenario.images import MAX_IMAGE, ImageReader
from tests.scenario.server import Server, Step, close, drip, reply, truncated

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: image/webp\r\n\r\n"


@pytest.fixture
def reader() -> Iterator[ImageReader]:
    found = ImageReader()
    yield found
    found.close()


def test_an_image_is_read_without_credentials(server: Server, reader: ImageReader) -> None:
    server.script(reply(200, b"image", content_type="image/webp"))
    assert reader.read(f"{server.url}/a.webp?signature=s") == b"image"
    (request,) = server.requests
    assert (request.method, request.target) == ("GET", "/v1/a.webp?signature=s")
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    "answer",
    [
        reply(403, b"expired"),
        reply(302, b"", location="http://127.0.0.1:1/elsewhere"),
        truncated(),
        close,
        drip(HEAD, b"x" * (MAX_IMAGE // 8), every=0.0),
    ],
    ids=["refused", "redirect", "cut off", "closed", "endless"],
)
def test_what_cannot_be_had_is_not_there(server: Server, reader: ImageReader, answer: Step) -> None:
    server.script(answer)
    assert reader.read(f"{server.url}/a.webp") is None
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    ["http://example.com/a.webp", "file:///etc/passwd", "ftp://x/y", "//", "https://[", "\x00"],
)
def test_only_private_addresses_are_asked(reader: ImageReader, url: str) -> None:
    assert reader.read(url) is None


def test_the_smallest_image_that_the_server_has_is_asked_for() -> None:
    items: list[dict[str, object]] = [
        {"id": "a", "kind": "image", "url": "whole", "thumbnail": {"url": "small"}},
        {"id": "b", "kind": "image", "url": "whole", "preview": {"url": "middle"}},
        {"id": "c", "kind": "image", "url": "whole", "thumbnail": None},
        {"id": "d", "kind": "video", "url": "film"},
        {"id": "e", "kind": "image", "url": 7},
    ]
    assert image_urls(items) == {"a": "small", "b": "middle", "c": "whole"}
