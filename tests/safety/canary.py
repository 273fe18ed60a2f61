"""A mark for what must not be seen, and where it is looked for."""

import base64
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.manifest.support import chunk, png

CANARY = "canary-of-another-file-4e1d"
PICTURE = png(mark=CANARY)
CONTENTS = {".png": PICTURE, ".md": f"{CANARY}\n".encode()}
"""What would be sent without complaint if a path led there."""


class Recorder:
    """A middleware that keeps all that a sandbox is sent."""

    def __init__(self) -> None:
        self.received = bytearray()

    def __call__(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            async def heard() -> Any:
                message = await receive()
                self.received += message.get("body", b"")
                return message

            self.received += scope["path"].encode() + scope["query_string"]
            for name, value in scope["headers"]:
                self.received += name + value
            await app(scope, heard, send)

        return serve

    def taken(self) -> bytes:
        """What was sent since this was asked before."""
        received = bytes(self.received)
        self.received.clear()
        return received


def painted(shade: int, mark: str) -> bytes:
    """A picture of one shade; any two with marks of one length have one size."""
    head = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes([shade]) * 8) * 8, 0)
    parts = (chunk(b"IHDR", head), chunk(b"tEXt", b"mark\0" + mark.encode()), chunk(b"IDAT", rows))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def forms(text: str) -> Iterator[bytes]:
    """A text as it is, and as base64 writes it wherever it begins."""
    data = text.encode()
    yield data
    for before in range(3):
        written = base64.b64encode(bytes(before) + data)
        yield written[4 if before else 0 : -4]


def seen(where: bytes | str, canary: str = CANARY) -> bool:
    """Whether any of it shows the canary."""
    data = where.encode() if isinstance(where, str) else where
    return any(form in data for form in forms(canary))


def left_in(folder: Path) -> bytes:
    """Every byte of every file below a folder, with the names."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return b"\n".join(part for path in files for part in (str(path).encode(), path.read_bytes()))
