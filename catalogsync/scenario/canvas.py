"""The body of POST /assets for a canvas: its document as text, its thumbnail in base64."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import BinaryIO

from catalogsync.model import AssetRef
from catalogsync.scenario.planned_file import changed


def canvas_body(
    fields: Mapping[str, object], files: Mapping[AssetRef, BinaryIO]
) -> dict[str, object]:
    """The fields with the canvas, which is the first of the `files`, and its thumbnail.

    Both are small enough to be in memory. Raises `FileChanged` unless they are the planned ones.
    """
    scene, *thumbnails = (_planned(ref, file) for ref, file in files.items())
    body = {**fields, "canvas": scene.decode()}
    return body | {"thumbnail": b64encode(thumbnails[0]).decode("ascii")} if thumbnails else body


def _planned(ref: AssetRef, file: BinaryIO) -> bytes:
    data = file.read(ref.size + 1)
    if sha256(data).hexdigest() != ref.sha256:
        raise changed(ref)
    return data
