"""A small file of every format that an asset may have."""

import io
import json
import struct
import wave

from PIL import Image


def picture(form: str, size: tuple[int, int] = (7, 5), **options: object) -> bytes:
    """A picture of a format that Pillow writes."""
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(buffer, form, **options)
    return buffer.getvalue()


def box(kind: bytes, content: bytes) -> bytes:
    """One box of an ISO base media file."""
    return struct.pack(">I", 8 + len(content)) + kind + content


def heif(brand: bytes) -> bytes:
    """A picture of the family of HEIF, without its pixels."""
    extent = box(b"ispe", struct.pack(">III", 0, 7, 5))
    meta = box(b"meta", bytes(4) + box(b"iprp", box(b"ipco", extent)))
    return box(b"ftyp", brand + bytes(4) + b"mif1") + meta + box(b"mdat", b"picture")


def sound(samples: int = 50) -> bytes:
    """A WAV file of so many samples."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(8000)
        stream.writeframes(bytes(2 * samples))
    return buffer.getvalue()


def mp4(brand: bytes, tracks: tuple[bytes, ...], length: int = 900, version: int = 0) -> bytes:
    """An MP4 with tracks of some kinds, `length` thousandths of a second long."""
    times = struct.pack(">QQIQ" if version else ">IIII", 0, 0, 1000, length)
    header = box(b"mvhd", struct.pack(">I", version << 24) + times + bytes(80))
    traks = (
        box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + kind + bytes(12)))) for kind in tracks
    )
    moov = box(b"moov", header + b"".join(traks))
    return box(b"ftyp", brand + bytes(4)) + moov + box(b"mdat", bytes(20))


def webm(duration: bytes, cluster_first: bool = False) -> bytes:
    """A WebM whose information holds an element, the duration say."""
    info = b"\x15\x49\xa9\x66" + bytes([0x80 | len(duration)]) + duration
    cluster = b"\x1f\x43\xb6\x75\x84" + bytes(4)
    parts = cluster + info if cluster_first else info + cluster
    return b"\x1aE\xdf\xa3\x87B\x82\x84webm" + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + parts


MP4 = mp4(b"isom", (b"soun", b"vide"))
SVG = b'<?xml version="1.0"?>\n<!-- ink -->\n<svg xmlns="http://www.w3.org/2000/svg"></svg>\n'
GLTF = json.dumps({"asset": {"version": "2.0"}}).encode()
SOLID = b"solid cube\n facet normal 0 0 1\n endfacet\nendsolid cube\n"
MEDIA = {
    "png": picture("PNG"),
    "jpg": picture("JPEG"),
    "jpeg": picture("JPEG", progressive=True),
    "gif": picture("GIF"),
    "webp": picture("WEBP"),
    "avif": heif(b"avif"),
    "heic": heif(b"heic"),
    "heif": heif(b"mif1"),
    "tif": picture("TIFF"),
    "tiff": picture("TIFF", compression="tiff_lzw"),
    "svg": SVG,
    "mp3": b"ID3\x04" + bytes(100),
    "wav": sound(),
    "ogg": b"OggS\0\4" + (800).to_bytes(8, "little") + bytes(91),
    "m4a": mp4(b"M4A ", (b"soun",)),
    "flac": b"fLaC" + bytes(100),
    "mp4": MP4,
    "webm": b"\x1aE\xdf\xa3\x9fB\x82\x84webm" + bytes(100),
    "glb": b"glTF" + struct.pack("<II", 2, 20) + bytes(8),
    "gltf": GLTF,
    "obj": b"# cube\no cube\nv 0 0 0\nf 1 1 1\n",
    "fbx": b"Kaydara FBX Binary  \0\x1a\0" + bytes(100),
    "stl": bytes(80) + struct.pack("<I", 1) + bytes(50),
    "ply": b"ply\nformat ascii 1.0\nend_header\n",
    "vox": b"VOX \x96\0\0\0" + bytes(20),
}
