"""Images that come inside a request, and the assets they become."""

import base64
import binascii
from collections.abc import Sequence

from catalogsync.sandbox import asset_records, checks, media
from catalogsync.sandbox.asset_records import NewAsset
from catalogsync.sandbox.checks import Text
from catalogsync.sandbox.errors import UNHANDLED_IMAGE, bad_request
from catalogsync.sandbox.world import Call, World

_IMAGE_BELOW = 6_000_000
IMAGE = Text(longest=10_000_000, form="base64-image")


def add(
    call: Call,
    name: str,
    encoded: str,
    *,
    hidden: bool = False,
    parent: str | None = None,
    collections: Sequence[str] = (),
) -> str:
    """Make an asset of an image in base64, bare or as a data URL; return its id."""
    data = _decoded(encoded)
    picture = media.recognise(data) if len(data) < _IMAGE_BELOW else None
    if picture is None:
        raise bad_request(UNHANDLED_IMAGE)
    new = NewAsset(
        project=call.project,
        author=call.author,
        name=name,
        kind="image",
        mime=picture.mime,
        size=len(data),
        width=picture.width,
        height=picture.height,
        hidden=hidden,
        parent=parent,
        collections=collections,
    )
    asset_id = checks.new_id("asset")
    write_content(call.world, asset_id, data)
    asset_records.insert(call.world, new, asset_id)
    return asset_id


def write_content(world: World, asset_id: str, data: bytes) -> None:
    """Put the bytes of an asset on disk, whole or not at all."""
    path = world.store.content(asset_id)
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.write_bytes(data)
    temporary.replace(path)


def _decoded(image: str) -> bytes:
    encoded = image.partition(",")[2] if image.startswith("data:") else image
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise bad_request(UNHANDLED_IMAGE) from None
