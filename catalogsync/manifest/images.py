"""Images: that a file is whole and what its extension says, and how large the picture is.

Only headers and ends are read, so that a catalog of 80,000 images is checked in seconds and no
picture can make us unpack more than it shows.
"""

import re
import struct
from zlib import crc32

from catalogsync.manifest.content import BadContent, Content, begins, boxes, cut_off

MAX_PIXELS = 1 << 28

_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"


def png(content: Content) -> tuple[int, int]:
    """PNG: signature, an intact header, and the end chunk at the very end."""
    head = content.at(0, 33)
    if head[:8] != b"\x89PNG\r\n\x1a\n" or head[8:16] != b"\0\0\0\rIHDR":
        raise BadContent("holds something else")
    if len(head) < 33 or content.tail(12) != _PNG_END:
        raise cut_off()
    if crc32(head[12:29]) != int.from_bytes(head[29:33], "big"):
        raise BadContent("has a damaged header")
    return struct.unpack(">II", head[16:24])


def gif(content: Content) -> tuple[int, int]:
    """GIF: signature and trailer."""
    head = content.at(0, 10)
    if head[:6] not in (b"GIF87a", b"GIF89a"):
        raise BadContent("holds something else")
    if len(head) < 10 or content.tail(1) != b";":
        raise cut_off()
    return struct.unpack("<HH", head[6:10])


def webp(content: Content) -> tuple[int, int]:
    """WebP: the container's size is the file's, and the first chunk tells the dimensions."""
    head = content.at(0, 30)
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        raise BadContent("holds something else")
    if len(head) < 30 or content.size - int.from_bytes(head[4:8], "little") not in (8, 9):
        raise cut_off()
    chunk = head[12:16]
    if chunk == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if chunk == b"VP8L" and head[20] == 0x2F:
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    raise BadContent("has a damaged header")


_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_TAIL = 1 << 16


def jpeg(content: Content) -> tuple[int, int]:
    """JPEG: segments up to the scan, which end with an end-of-image marker."""
    begins(content, b"\xff\xd8\xff")
    at, size = 2, (0, 0)
    for _ in range(10_000):
        marker = content.number(at, 2)
        if marker == 0xFFFF:
            at += 1
            continue
        if marker < 0xFFC0:
            raise BadContent("has a damaged header")
        length = content.number(at + 2, 2)
        if marker & 0xFF in _JPEG_FRAMES:
            size = content.number(at + 7, 2), content.number(at + 5, 2)
        at += 2 + length
        if marker == 0xFFDA:
            _jpeg_ends(content, at)
            return size
    raise BadContent("has too many parts")


def _jpeg_ends(content: Content, scan: int) -> None:
    start = max(scan, content.size - _JPEG_TAIL)
    if b"\xff\xd9" not in content.at(start, _JPEG_TAIL):
        raise cut_off()


_AVIF_BRANDS = frozenset((b"avif", b"avis"))
_HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))
_LONGEST_META = 1 << 20


def avif(content: Content) -> tuple[int, int]:
    """AVIF: whole boxes, its brand, and the largest of its spatial extents."""
    return _heif(content, _AVIF_BRANDS)


def heic(content: Content) -> tuple[int, int]:
    """HEIC: whole boxes, its brand, and the largest of its spatial extents."""
    # An AVIF may say that it can be read as any picture of the family.
    if content.at(8, 4) in _AVIF_BRANDS:
        raise BadContent("holds something else")
    return _heif(content, _HEIC_BRANDS)


def _heif(content: Content, brands: frozenset[bytes]) -> tuple[int, int]:
    begins(content, b"ftyp", 4)
    names = content.at(8, min(content.number(0, 4), 256) - 8)
    if brands.isdisjoint({names[:4], *(names[at : at + 4] for at in range(8, len(names), 4))}):
        raise BadContent("holds something else")
    found = boxes(content, 0, content.size)
    if b"meta" not in found:
        raise BadContent("holds no picture")
    start, end = found[b"meta"]
    meta = content.at(start, min(end - start, _LONGEST_META))
    sizes = [struct.unpack(">II", size) for size in re.findall(rb"(?s)ispe.{4}(.{8})", meta)]
    if not sizes:
        raise BadContent("has a damaged header")
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return width, height


_WIDTH, _HEIGHT = 256, 257
_OFFSETS, _COUNTS = (273, 324), (279, 325)  # of strips, of tiles


def tiff(content: Content) -> tuple[int, int]:
    """TIFF: its first directory, and every strip or tile inside the file."""
    orders = {b"II*\0": "<", b"MM\0*": ">"}
    order = orders.get(content.at(0, 4))
    if order is None:
        raise BadContent("holds something else")
    directory = _directory(content, order)
    sizes = [_values(content, order, directory.get(tag)) for tag in (_WIDTH, _HEIGHT)]
    offsets, counts = (
        [value for tag in tags for value in _values(content, order, directory.get(tag))]
        for tags in (_OFFSETS, _COUNTS)
    )
    if not all((*sizes, offsets)) or len(offsets) != len(counts):
        raise BadContent("has a damaged header")
    if any(offset + count > content.size for offset, count in zip(offsets, counts, strict=True)):
        raise cut_off()
    return sizes[0][0], sizes[1][0]


def _directory(content: Content, order: str) -> dict[int, bytes]:
    (at,) = _unpack(order + "I", content.at(4, 4))
    (count,) = _unpack(order + "H", content.at(at, 2))
    entries = content.at(at + 2, 12 * count)
    if len(entries) < 12 * count:
        raise cut_off()
    wanted = (_WIDTH, _HEIGHT, *_OFFSETS, *_COUNTS)
    found = (entries[start : start + 12] for start in range(0, len(entries), 12))
    tags = ((_unpack(order + "H", entry[:2])[0], entry) for entry in found)
    return {tag: entry for tag, entry in tags if tag in wanted}


def _values(content: Content, order: str, entry: bytes | None) -> list[int]:
    if entry is None:
        return []
    kind, count = _unpack(order + "HI", entry[2:8])
    letter, size = {3: ("H", 2), 4: ("I", 4)}.get(kind, ("", 0))
    if not letter or count > content.size:
        raise BadContent("has a damaged header")
    if count * size <= 4:
        data = entry[8 : 8 + count * size]
    else:
        data = content.at(_unpack(order + "I", entry[8:12])[0], count * size)
    return list(_unpack(f"{order}{count}{letter}", data))


def _unpack(form: str, data: bytes) -> tuple[int, ...]:
    try:
        return struct.unpack(form, data)
    except struct.error:
        raise cut_off() from None


_SVG = (
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--(?:(?!-->)[\s\S])*-->\s*|<!DOCTYPE[^>\[]*>\s*)*"
    rb"<svg[\s/>]"
)
_SVG_END = rb"</svg\s*>\s*(?:<!--(?:(?!-->)[\s\S])*-->\s*)*\Z|/>\s*\Z"
_WINDOW = 1 << 16


def svg(content: Content) -> tuple[int, int]:
    """SVG: the outermost element is `svg`; the picture is never rendered here."""
    if not re.match(_SVG, content.at(0, _WINDOW)):
        raise BadContent("holds something else")
    if not re.search(_SVG_END, content.tail(1024)):
        raise cut_off()
    return 0, 0
