"""Foreign image files to small WebP copies; the header is read first, and bombs stay packed."""

from base64 import b64encode
from io import BytesIO

from PIL import Image, ImageOps

from catalogsync.pictures.picture import Picture
from catalogsync.values import dataclass

MAX_PIXELS = 50_000_000
"""Larger images are not unpacked: four bytes a pixel, once for each thread."""

_FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/avif": "AVIF",
    "image/tiff": "TIFF",
}

UNKNOWN = Picture(reason="this format is not drawn here")
BROKEN = Picture(reason="the file cannot be drawn")
TOO_LARGE = Picture(reason="too large to be drawn here")


@dataclass(frozen=True, slots=True)
class Copy:
    """How small a copy is to be: its longest side in pixels, and WebP's quality."""

    edge: int
    quality: int


def shrink(data: bytes, media_type: str, copy: Copy) -> Picture:
    """A small copy of an image that is what its media type says, or why there is none."""
    form = _FORMATS.get(media_type)
    return _shrunk(data, [form], copy) if form else UNKNOWN


def shrink_any(data: bytes, copy: Copy) -> Picture:
    """A small copy of an image that may have any of the formats, or why there is none."""
    return _shrunk(data, list(_FORMATS.values()), copy)


def _shrunk(data: bytes, formats: list[str], copy: Copy) -> Picture:
    try:
        with Image.open(BytesIO(data), formats=formats) as image:
            if image.width * image.height > MAX_PIXELS:
                return TOO_LARGE
            return _encoded(_small(image, copy.edge), copy.quality)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return TOO_LARGE
    except Exception:
        # Whatever a decoder says of a foreign file, the page is made without its picture.
        return BROKEN


def _small(image: Image.Image, edge: int) -> Image.Image:
    image.draft("RGB", (edge, edge))
    if image.mode not in ("RGB", "RGBA"):
        image.load()
        sees_through = image.mode in ("LA", "PA") or "transparency" in image.info
        image = _eight_bits(image).convert("RGBA" if sees_through else "RGB")
    image.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    return ImageOps.exif_transpose(image)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Depth maps and the like have 16 bits a pixel, which a conversion would cut off."""
    return image.point(lambda value: value * (1 / 256)) if image.mode.startswith("I") else image


def _encoded(image: Image.Image, quality: int) -> Picture:
    out = BytesIO()
    image.save(out, "WEBP", quality=quality, method=4)
    text = b64encode(out.getvalue()).decode("ascii")
    return Picture(f"data:image/webp;base64,{text}", image.width, image.height)
