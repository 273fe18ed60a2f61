"""Promise 13: answers that are huge, packed or endless end with an error, in bounded memory."""

import gzip
import os
import resource
import subprocess
import zlib
from pathlib import Path

import pytest

from catalogsync.errors import BadResponse
from tests.cli.test_errors import program
from tests.scenario.conftest import Connect, connect, server
from tests.scenario.server import Server, Step, raw, reply

__all__ = ["connect", "server"]

MIB = 1024 * 1024


def packed(size: int) -> bytes:
    """Spaces and an empty object, a thousandth of the size."""
    packer = zlib.compressobj(9, wbits=31)
    piece = b" " * MIB
    pieces = [packer.compress(piece) for _ in range(size // MIB)]
    return b"".join([*pieces, packer.compress(b"{}"), packer.flush()])


def deep(left: str, right: str) -> bytes:
    """A page of a listing that nests in its first field."""
    return f'{{"models": {left * 10**6}{right * 10**6}}}'.encode()


BOMBS: dict[str, Step] = {
    "a gzip bomb of 2 GB": reply(200, packed(2048 * MIB), content_encoding="gzip"),
    "a header of 100 MB": raw(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100 * MIB + b"\r\n\r\n{}"),
    "a million headers": raw(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 10**6 + b"\r\n{}"),
    "a body of 100 MB": reply(200, b" " * 100 * MIB + b"{}"),
    "lists in lists": reply(200, deep("[", "]")),
    "objects in objects": reply(200, deep('{"a":', "}")),
    "a number of a million digits": reply(200, b'{"models": ' + b"9" * 10**6 + b"}"),
    "a long token": reply(200, {"models": [], "nextPaginationToken": "x" * 10**6}),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_ends_a_real_process_with_an_error_and_not_with_its_memory(
    catalog: Path, bomb: Step
) -> None:
    limits = (1 << 30, 1 << 30)
    with Server() as server:
        server.script(*[bomb] * 5)
        done = subprocess.run(
            program("plan", catalog, "--base-url", server.url, "--timeout", 5),
            env={**os.environ, "SCENARIO_SDK_API_KEY": "k", "SCENARIO_SDK_API_SECRET": "s"},
            capture_output=True,
            text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limits),
        )
    assert done.returncode == 1
    assert "catalog-sync: GET /models: " in done.stderr
    assert "defect" not in done.stderr
    assert len(done.stderr) < 2000


@pytest.mark.parametrize("name", ["br", "zstd", "compress", "x-gzip", "BR", "unknown"])
def test_what_nobody_asked_for_is_not_unpacked(server: Server, connect: Connect, name: str) -> None:
    server.script(reply(200, gzip.compress(b'{"a": 1}'), content_encoding=name))
    with pytest.raises(BadResponse, match="packed as nobody asked for"):
        connect(attempts=1).get("/models")
    assert server.requests[0].headers["accept-encoding"] == "gzip"
