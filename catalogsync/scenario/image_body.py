"""The body of POST /assets: an image in base64, read and encoded while it is sent."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from catalogsync.model import AssetRef
from catalogsync.scenario.planned_file import changed
from catalogsync.scenario.request import StreamedJson
from catalogsync.scenario.tally import Tally

_STEP = 192 * 1024
"""How much is in memory at a time, in bytes; what is encoded by threes can be joined."""

_TAIL = b'"}'


def image_body(
    asset: AssetRef, fields: Mapping[str, object], file: BinaryIO, tally: Tally
) -> StreamedJson:
    """The JSON object with fields and an image, which stays a fragment if the file changes.

    Raises `FileChanged` unless the file is the planned one, now and while it is sent.
    """
    head = json.dumps(dict(fields)).encode().removesuffix(b"}") + b', "image": "'
    size = sum(len(piece) for piece in _planned(asset, file))

    def pieces() -> Iterator[bytes]:
        tally.take_back()
        opening = head
        for piece in _planned(asset, file):
            yield opening + base64.b64encode(piece)
            opening = b""
            tally.add(len(piece))
        yield opening + _TAIL

    encoded = 4 * -(-size // 3)
    return StreamedJson(len(head) + encoded + len(_TAIL), pieces)


def _planned(asset: AssetRef, file: BinaryIO) -> Iterator[bytes]:
    """Yield a file from its beginning; raise `FileChanged` at its end if it is another one."""
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(_STEP):
        digest.update(piece)
        yield piece
    if digest.hexdigest() != asset.sha256:
        raise changed(asset)
