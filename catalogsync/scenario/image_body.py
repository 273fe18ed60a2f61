"""The body of POST /assets: an image in base64, read and encoded while it is sent."""

import base64
import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
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
    read = _checked(asset, file)

    def pieces() -> Iterator[bytes]:
        tally.take_back()
        opening = head
        for piece in read():
            yield opening + base64.b64encode(piece)
            opening = b""
            tally.add(len(piece))
        yield opening + _TAIL

    encoded = 4 * -(-asset.size // 3)
    return StreamedJson(len(head) + encoded + len(_TAIL), pieces)


def _checked(asset: AssetRef, file: BinaryIO) -> Callable[[], Iterable[bytes]]:
    """What gives the pieces of the planned file, as often as it is asked; a small one is held."""
    read = partial(_planned, asset, file)
    if asset.size <= _STEP:
        held = tuple(read())
        return lambda: held
    deque(read(), maxlen=0)
    return read


def _planned(asset: AssetRef, file: BinaryIO) -> Iterator[bytes]:
    """Yield a file from its beginning; raise `FileChanged` once it is certainly another one."""
    digest = hashlib.sha256()
    left = asset.size
    file.seek(0)
    while piece := file.read(_STEP):
        left -= len(piece)
        if left < 0:
            raise changed(asset)
        digest.update(piece)
        yield piece
    if left or digest.hexdigest() != asset.sha256:
        raise changed(asset)
