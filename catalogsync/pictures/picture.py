"""What there is to show of an asset."""

from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A small copy of an image as a `data:` URI with its size in pixels, or why there is none."""

    uri: str = ""
    width: int = 0
    height: int = 0
    reason: str = ""
