"""The formats an asset may have, by extension, and the check that a file really has it."""

import re

from catalogsync.manifest import images, recordings
from catalogsync.manifest.content import BadContent, Check, Content, begins, cut_off
from catalogsync.manifest.words import Unfit, quote
from catalogsync.model import AssetKind
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """One format of media."""

    kind: AssetKind
    media_type: str
    check: Check


def _glb(content: Content) -> tuple[int, int]:
    begins(content, b"glTF")
    if int.from_bytes(content.at(8, 4), "little") != content.size:
        raise cut_off()
    return 0, 0


def _gltf(content: Content) -> tuple[int, int]:
    head = content.at(0, 1 << 20)
    if not re.match(rb"\s*\{", head) or b'"asset"' not in head + content.tail(1 << 20):
        raise BadContent("holds something else")
    if not content.tail(64).rstrip().endswith(b"}"):
        raise cut_off()
    return 0, 0


_OBJ_LINE = (
    rb"\s*(?:#.*|(?:v|vt|vn|vp|f|l|p|o|g|s|mtllib|usemtl|usemap|mg|cstype|deg|curv2?|surf|parm|trim"
    rb"|hole|scrv|sp|end|con|bmat|step|bevel|c_interp|d_interp|lod|shadow_obj|trace_obj)\b.*)?"
)


def _obj(content: Content) -> tuple[int, int]:
    lines = content.at(0, 1 << 16).splitlines()
    whole = lines if content.size <= 1 << 16 else lines[:-1]
    if b"\0" in b"".join(whole) or not all(map(re.compile(_OBJ_LINE).fullmatch, whole)):
        raise BadContent("holds something else")
    if not any(re.match(rb"\s*(?:v|mtllib|o|g)\s", line) for line in whole):
        raise BadContent("holds no shape")
    return 0, 0


def _fbx(content: Content) -> tuple[int, int]:
    if not re.match(rb"Kaydara FBX Binary  \0|; FBX [0-9]", content.at(0, 32)):
        raise BadContent("holds something else")
    return 0, 0


def _stl(content: Content) -> tuple[int, int]:
    triangles = int.from_bytes(content.at(80, 4), "little")
    if triangles and content.size == 84 + 50 * triangles:
        return 0, 0
    head = content.at(0, 1 << 16)
    if not re.match(rb"\s*solid\b", head) or b"facet" not in head:
        raise BadContent("holds something else")
    if b"endsolid" not in content.tail(1024):
        raise cut_off()
    return 0, 0


def _ply(content: Content) -> tuple[int, int]:
    if not re.match(rb"ply\r?\n(?:[^\n]*\n)*?format ", content.at(0, 4096)):
        raise BadContent("holds something else")
    return 0, 0


def _vox(content: Content) -> tuple[int, int]:
    begins(content, b"VOX ")
    return 0, 0


_IMAGE, _AUDIO, _VIDEO, _SHAPE = (
    AssetKind.IMAGE,
    AssetKind.AUDIO,
    AssetKind.VIDEO,
    AssetKind.MODEL_3D,
)
FORMATS = {
    "png": Format(_IMAGE, "image/png", images.png),
    "jpg": Format(_IMAGE, "image/jpeg", images.jpeg),
    "jpeg": Format(_IMAGE, "image/jpeg", images.jpeg),
    "webp": Format(_IMAGE, "image/webp", images.webp),
    "gif": Format(_IMAGE, "image/gif", images.gif),
    "avif": Format(_IMAGE, "image/avif", images.avif),
    "tif": Format(_IMAGE, "image/tiff", images.tiff),
    "tiff": Format(_IMAGE, "image/tiff", images.tiff),
    "heic": Format(_IMAGE, "image/heic", images.heic),
    "heif": Format(_IMAGE, "image/heif", images.heic),
    "svg": Format(_IMAGE, "image/svg+xml", images.svg),
    "mp3": Format(_AUDIO, "audio/mpeg", recordings.mp3),
    "wav": Format(_AUDIO, "audio/wav", recordings.wav),
    "ogg": Format(_AUDIO, "audio/ogg", recordings.ogg),
    "m4a": Format(_AUDIO, "audio/mp4", recordings.m4a),
    "flac": Format(_AUDIO, "audio/flac", recordings.flac),
    "mp4": Format(_VIDEO, "video/mp4", recordings.mp4),
    "webm": Format(_VIDEO, "video/webm", recordings.webm),
    "glb": Format(_SHAPE, "model/gltf-binary", _glb),
    "gltf": Format(_SHAPE, "model/gltf+json", _gltf),
    "obj": Format(_SHAPE, "model/obj", _obj),
    "fbx": Format(_SHAPE, "application/octet-stream", _fbx),
    "stl": Format(_SHAPE, "model/stl", _stl),
    "ply": Format(_SHAPE, "application/octet-stream", _ply),
    "vox": Format(_SHAPE, "application/octet-stream", _vox),
}


def format_of(name: str) -> Format:
    """The format that the extension of a file's name says."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension in FORMATS:
        return FORMATS[extension]
    message = f"{quote('.' + extension)} is no kind of asset" if extension else "no extension"
    raise Unfit(message, f"known: {', '.join(FORMATS)}")


def check(content: Content, name: str, form: Format) -> tuple[int, int]:
    """The dimensions of the media in `content`, which must be whole and of format `form`."""
    extension = name.rpartition(".")[2].lower()
    try:
        width, height = form.check(content)
    except BadContent as bad:
        hint = "save it again, or give it the extension of what it is"
        raise Unfit(f"the .{extension} file {bad}", hint) from None
    if width * height > images.MAX_PIXELS:
        raise Unfit(
            f"{width} x {height} pixels, {images.MAX_PIXELS // 1_000_000} megapixels are allowed",
            "make the picture smaller",
        )
    if form.kind is _IMAGE and form.check is not images.svg and not width * height:
        raise Unfit(f"the .{extension} file has no pixels", "save it again")
    return width, height


_BY_TYPE: dict[str, str] = {
    form.media_type: extension for extension, form in reversed(FORMATS.items())
}


def detected(content: Content, media_type: str = "") -> str:
    """The extension of what a content is, whatever it is called; raises `Unfit` for nothing known.

    What the server calls it is tried first, then what can be told by its first bytes.
    """
    told = [_BY_TYPE[media_type]] if media_type in _BY_TYPE else []
    for extension in dict.fromkeys((*told, *FORMATS)):
        try:
            check(content, f"x.{extension}", FORMATS[extension])
        except Unfit:
            continue
        return extension
    raise Unfit("none of the kinds of asset that a catalog holds", "keep it on the server")
