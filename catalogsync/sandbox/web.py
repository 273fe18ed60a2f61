"""What is at the addresses that the service would download from: the sandbox has no network.

Every address holds something of the sandbox's own, unless a test says what is there or that
nothing is: images are painted in a colour of the address, models have no content.
"""

from hashlib import sha256
from io import BytesIO

from PIL import Image

from catalogsync.sandbox.world import World

_SIDE = 256


def is_missing(world: World, address: str) -> bool:
    """Whether nothing can be downloaded from there."""
    return address in world.web and world.web[address] is None


def content(world: World, address: str, kind: str) -> bytes | None:
    """What is downloaded from an address, or None if that fails."""
    if address in world.web:
        return world.web[address]
    return _painted(address) if kind in ("image", "asset", "avatar") else None


def _painted(address: str) -> bytes:
    red, green, blue = sha256(address.encode()).digest()[:3]
    out = BytesIO()
    Image.new("RGB", (_SIDE, _SIDE), (red, green, blue)).save(out, "png")
    return out.getvalue()
