"""Sounds and films: that a file is what its extension says, and that there is something to play.

How long it plays is taken from its headers alone; where those do not tell, it is not refused.
"""

import struct
from collections.abc import Iterator

from catalogsync.manifest.content import BadContent, Content, begins, boxes, cut_off, each_box


def wav(content: Content) -> tuple[int, int]:
    """WAV: a whole RIFF container, with samples in it."""
    begins(content, b"RIFF")
    begins(content, b"WAVE", 8)
    told = int.from_bytes(content.at(4, 4), "little")
    if content.size < told:
        raise cut_off()
    at = 12
    for _ in range(10_000):
        head = content.at(at, 8)
        if len(head) < 8:
            raise _silent()
        length = int.from_bytes(head[4:], "little")
        # What writes to a pipe cannot tell any length, and may say 0.
        if head[:4] == b"data" and (length or (not told and content.size > at + 8)):
            return 0, 0
        at += 8 + length + length % 2
    raise BadContent("has too many parts")


def mp3(content: Content) -> tuple[int, int]:
    """MP3: a frame, or a tag with something behind it."""
    head = content.at(0, 10)
    # Without a tag, a frame: eleven bits of sync, then neither version 01 nor layer 00.
    is_frame = len(head) > 2 and head[0] == 0xFF and head[1] >= 0xE0 and head[1] & 6
    if not is_frame and head[:3] != b"ID3":
        raise BadContent("holds something else")
    if not is_frame and content.size <= len(head) + _seven_bits(head[6:]):
        raise _silent()
    return 0, 0


def ogg(content: Content) -> tuple[int, int]:
    """Ogg: pages, the last of which does not end at position 0."""
    begins(content, b"OggS\0")
    tail = content.tail(1 << 16)
    last = tail.rfind(b"OggS")
    if last >= 0 and not any(tail[last + 6 : last + 14]):
        raise _silent()
    return 0, 0


def flac(content: Content) -> tuple[int, int]:
    """FLAC: its signature; a total of 0 samples means that the total is not known."""
    begins(content, b"fLaC")
    return 0, 0


def mp4(content: Content) -> tuple[int, int]:
    """MP4: whole boxes, a length, and pictures unless its tracks are not told."""
    tracks = _tracks(content)
    if tracks and b"vide" not in tracks:
        raise BadContent("holds no film")
    return 0, 0


def m4a(content: Content) -> tuple[int, int]:
    """M4A: an MP4 without a film."""
    if b"vide" in _tracks(content):
        raise BadContent("holds a film")
    return 0, 0


def _tracks(content: Content) -> set[bytes]:
    """The kinds of the tracks of an MP4: `vide`, `soun` and others."""
    begins(content, b"ftyp", 4)
    found = boxes(content, 0, content.size)
    if b"moov" not in found:
        raise cut_off()
    movie = boxes(content, *found[b"moov"])
    # In fragments the length of the whole is nowhere.
    if b"mvhd" in movie and b"mvex" not in movie:
        start, _ = movie[b"mvhd"]
        at, count = (start + 24, 8) if content.number(start, 1) else (start + 16, 4)
        if not content.number(at, count):
            raise _silent()
    tracks = [where for kind, *where in each_box(content, *found[b"moov"]) if kind == b"trak"]
    return {kind for start, end in tracks for kind in _handlers(content, start, end)}


def _handlers(content: Content, start: int, end: int) -> Iterator[bytes]:
    media = boxes(content, start, end).get(b"mdia", (0, 0))
    if handler := boxes(content, *media).get(b"hdlr"):
        yield content.at(handler[0] + 8, 4)


_SEGMENT, _INFO, _CLUSTER, _DURATION = 0x18538067, 0x1549A966, 0x1F43B675, 0x4489


def webm(content: Content) -> tuple[int, int]:
    """WebM: its signature and document type, and no duration of 0."""
    begins(content, b"\x1aE\xdf\xa3")
    if b"webm" not in content.at(4, 64):
        raise BadContent("holds something else")
    for segment, start, end in _elements(content, 0, content.size):
        if segment == _SEGMENT and _duration(content, start, end) == 0:
            raise _silent()
    return 0, 0


def _duration(content: Content, start: int, end: int) -> float | None:
    """The duration that a segment tells, in units of its own; a live recording tells none."""
    for kind, at, until in _elements(content, start, end):
        if kind == _CLUSTER:
            return None
        if kind == _INFO:
            for field, first, last in _elements(content, at, until):
                form = {4: ">f", 8: ">d"}.get(last - first)
                if field == _DURATION and form:
                    return float(struct.unpack(form, content.at(first, last - first))[0])
    return None


def _elements(content: Content, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The EBML elements between two offsets, as far as they can be read: id, start, end."""
    for _ in range(10_000):
        head = content.at(at, 12)
        width = 9 - head[0].bit_length() if head and head[0] else 13
        if at >= end or len(head) <= width:
            return
        size_width = 9 - head[width].bit_length()
        size = head[width : width + size_width]
        if size_width > 8 or len(size) < size_width:
            return
        mask = (1 << 7 * size_width) - 1
        length = int.from_bytes(size, "big") & mask
        start = at + width + size_width
        # All ones: as long as what it is in.
        stop = end if length == mask else start + length
        if stop > end:
            return
        yield int.from_bytes(head[:width], "big"), start, stop
        at = stop


def _seven_bits(data: bytes) -> int:
    """A number of which every byte holds seven bits."""
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
    return number


def _silent() -> BadContent:
    return BadContent("plays for 0 seconds")
