"""What a file really is, judged by its bytes and never by its name.

Pillow verifies the raster formats it decodes. SVG, AVIF and HEIC are recognised by their
signatures. Audio, video, 3D and model files are recognised by their signatures where the format
has one; a content type without a known signature is accepted as long as there is something in it.
"""

import re
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image

_HEAD = 65536
_PILLOW = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/tiff": "TIFF",
}
_SVG = re.compile(
    # Atomic groups: a prolog made of thousands of comments must not be tried in all ways.
    rb"\A(?:\xef\xbb\xbf)?\s*+"
    rb"(?>(?><\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\])?\s*>)\s*+)*+"
    rb"(<svg(?=[\s>/:])[^>]*>)",
    re.DOTALL | re.IGNORECASE,
)
_PIXELS = rb"([0-9]{1,6}(?:\.[0-9]{0,9})?)"
_SVG_SIZE = re.compile(rb"""\s(width|height)\s*=\s*["']""" + _PIXELS + rb"""(?:px)?["']""")
_SVG_BOX = re.compile(
    rb"""\sviewBox\s*=\s*["']\s*[-0-9.]+[\s,]+[-0-9.]+[\s,]+""" + _PIXELS + rb"[\s,]+" + _PIXELS
)
_HEIF_BRANDS = {
    "image/avif": (b"avif", b"avis"),
    "image/heic": (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that was recognised: its type and its size in pixels."""

    mime: str
    width: int
    height: int


def recognise(data: bytes) -> Picture | None:
    """The image in these bytes, or None if there is none that the service handles."""
    return _recognise(data[:_HEAD], lambda: BytesIO(data))


def recognise_file(path: Path) -> Picture | None:
    """The image in this file, or None."""
    return _recognise(_head(path), lambda: path.open("rb"))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _recognise(head: bytes, reopen: Callable[[], BinaryIO]) -> Picture | None:
    mime = _image_type(head)
    if mime is None:
        return None
    if mime in _PILLOW:
        return _decoded(mime, reopen)
    size = _svg_size(head) if mime == "image/svg+xml" else _heif_size(head)
    return Picture(mime, *size) if size else None


def _image_type(head: bytes) -> str | None:
    for mime, signature in _IMAGE_SIGNATURES:
        if signature(head):
            return mime
    return None


def _decoded(mime: str, reopen: Callable[[], BinaryIO]) -> Picture | None:
    try:
        with warnings.catch_warnings(), reopen() as file:
            # An image large enough to be warned about is still an image: nothing is decoded here.
            warnings.simplefilter("ignore")
            image = Image.open(file, formats=[_PILLOW[mime]])
            width, height = image.size
            image.verify()
    except Exception:  # Pillow raises whatever its decoders raise on broken data
        return None
    return Picture(mime, width, height)


def _svg_size(head: bytes) -> tuple[int, int] | None:
    found = _SVG.match(head)
    if found is None:
        return None
    sizes = {name: float(value) for name, value in _SVG_SIZE.findall(found[1])}
    box = _SVG_BOX.search(found[1])
    width, height = (float(box[1]), float(box[2])) if box else (300.0, 150.0)  # as browsers do
    return int(sizes.get(b"width", width)), int(sizes.get(b"height", height))


def _heif_size(head: bytes) -> tuple[int, int] | None:
    """The largest size in the `ispe` boxes: the image itself, thumbnails are smaller."""
    found = [
        struct.unpack_from(">II", head, match.end() + 4)
        for match in re.finditer(b"ispe", head)
        if match.end() + 12 <= len(head)
    ]
    return max(found, default=None, key=lambda size: size[0] * size[1])


def _starts(*prefixes: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(prefixes)


def _riff(form: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == form


def _branded(*brands: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[4:8] == b"ftyp" and head[8:12] in brands


def _mp4(head: bytes) -> bool:
    images = [brand for brands in _HEIF_BRANDS.values() for brand in brands]
    return head[4:8] == b"ftyp" and head[8:12] not in images


def _mp3(head: bytes) -> bool:
    return head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0)


def _utf8(head: bytes) -> bool:
    # The last character may be cut in two.
    text = head.decode("utf-8", "ignore").encode()
    return b"\x00" not in head and len(head) - len(text) < 4 and head.startswith(text)


def _json(head: bytes) -> bool:
    return head.lstrip()[:1] == b"{"


def _safetensors_or_zip(head: bytes) -> bool:
    return head[8:9] == b"{" or head[:4] == b"PK\x03\x04"


_IMAGE_SIGNATURES: list[tuple[str, Callable[[bytes], bool]]] = [
    ("image/png", _starts(b"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", _starts(b"\xff\xd8\xff")),
    ("image/gif", _starts(b"GIF87a", b"GIF89a")),
    ("image/webp", _riff(b"WEBP")),
    ("image/tiff", _starts(b"II*\x00", b"MM\x00*")),
    *((mime, _branded(*brands)) for mime, brands in _HEIF_BRANDS.items()),
    ("image/svg+xml", lambda head: _SVG.match(head) is not None),
]

_SIGNATURES: dict[str, Callable[[bytes], bool]] = {
    "audio/mpeg": _mp3,
    "audio/mp3": _mp3,
    "audio/wav": _riff(b"WAVE"),
    "audio/ogg": _starts(b"OggS"),
    "audio/m4a": _mp4,
    "audio/mp4": _mp4,
    "video/mp4": _mp4,
    "video/webm": _starts(b"\x1a\x45\xdf\xa3"),
    "model/gltf-binary": _starts(b"glTF"),
    "model/gltf+json": _json,
    "text/plain": _utf8,
}

_KIND_PREFIXES = {
    "image": ("image/",),
    "avatar": ("image/",),
    "audio": ("audio/",),
    "video": ("video/",),
    "3d": ("model/", "application/"),
    "text": ("text/", "application/json"),
    "model": ("application/",),
    "asset": ("",),
}


def fits_kind(kind: str, content_type: str) -> bool:
    """Whether a content type may be uploaded as that kind."""
    return content_type.startswith(_KIND_PREFIXES[kind])


def holds(path: Path, kind: str, content_type: str) -> bool:
    """Whether a file that is not an image holds what its content type says."""
    head = _head(path)
    signature = _safetensors_or_zip if kind == "model" else _SIGNATURES.get(content_type, bool)
    return signature(head)
