"""The body of POST /assets: an image in base64, encoded while it is sent."""

import base64
import json
from collections.abc import Iterator

from catalogsync.scenario.tally import Tally
from catalogsync.scenario.transport import StreamedJson

_STEP = 192 * 1024
"""How much is encoded at a time, in bytes; pieces of a multiple of three can be joined."""


def image_body(name: str, content: bytes, tally: Tally) -> StreamedJson:
    """The JSON object with an image's name and content, without a second copy of the content."""
    head = json.dumps({"name": name}).encode().removesuffix(b"}") + b', "image": "'
    tail = b'"}'

    def pieces() -> Iterator[bytes]:
        tally.take_back()
        for start in range(0, len(content) or 1, _STEP):
            piece = content[start : start + _STEP]
            opening = b"" if start else head
            closing = tail if start + _STEP >= len(content) else b""
            yield opening + base64.b64encode(piece) + closing
            tally.add(len(piece))

    encoded = 4 * -(-len(content) // 3)
    return StreamedJson(len(head) + encoded + len(tail), pieces)
