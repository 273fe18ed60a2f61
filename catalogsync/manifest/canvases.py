"""A canvas: a JSON document of the web page's editor, and the image that stands for it."""

from hashlib import sha256
from json import loads

from catalogsync.manifest.content import BadContent, Content
from catalogsync.manifest.media import Format
from catalogsync.manifest.words import Unfit, quote
from catalogsync.model import AssetKind, AssetRef, Canvas

MOST_BYTES = 6_000_000
"""What a canvas and its thumbnail may take together as they are sent, in bytes."""


def canvas_format_of(name: str) -> Format:
    """The format of a canvas, which is told by its extension."""
    if name.lower().endswith(".json"):
        return Format(AssetKind.CANVAS, "application/json", _scene)
    raise Unfit(f"{quote(name)} is no .json file", "name the canvas' document")


def canvas_of(scene: AssetRef, thumbnail: AssetRef | None) -> AssetRef:
    """The asset that a canvas and its thumbnail become: another one if either changes."""
    if thumbnail and thumbnail.kind is not AssetKind.IMAGE:
        raise Unfit(f"the thumbnail {quote(thumbnail.name)} is not an image", "name an image")
    size = scene.size + (4 * -(-thumbnail.size // 3) if thumbnail else 0)
    if size >= MOST_BYTES:
        raise Unfit(
            f"{size:,} bytes with its thumbnail, the API takes less than {MOST_BYTES:,}",
            "make one of them smaller",
        )
    parts = f"catalog-sync:canvas\0{scene.sha256}\0{thumbnail.sha256 if thumbnail else ''}"
    return AssetRef(
        sha256(parts.encode()).hexdigest(),
        name=scene.name,
        kind=AssetKind.CANVAS,
        media_type=scene.media_type,
        size=scene.size,
        canvas=Canvas(scene, thumbnail),
    )


def _scene(content: Content) -> tuple[int, int]:
    if content.size >= MOST_BYTES:
        raise BadContent(f"is larger than {MOST_BYTES:,} bytes")
    try:
        value = loads(content.at(0, content.size).decode())
    except (ValueError, RecursionError):
        raise BadContent("is no JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise BadContent("holds no JSON object")
    return 0, 0
