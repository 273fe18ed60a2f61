"""How a file is sent: the route by kind and size, and the parts of a large one."""

from catalogsync.model import LARGEST_FILE, AssetKind, AssetRef

SMALL_IMAGE = 6_000_000
"""Images below this size, in bytes, go by POST /assets; everything else by POST /uploads."""

_MIB = 1024 * 1024
_PART = 8 * _MIB
_MOST_PARTS = 10_000


def goes_whole(asset: AssetRef) -> bool:
    """Whether a file is sent in one request rather than in parts."""
    return asset.kind is AssetKind.IMAGE and asset.size < SMALL_IMAGE


def part_size(size: int) -> int:
    """The size of every part but the last, in bytes: 8 MiB, or what 10,000 parts ask for.

    Raises `ValueError` above the 5 TB that the API takes.
    """
    if size > LARGEST_FILE:
        raise ValueError(f"{size:,} bytes are more than the 5 TB that the API takes")
    least = -(-size // _MOST_PARTS)
    return max(_PART, -(-least // _MIB) * _MIB)


def part_count(size: int) -> int:
    """The number of parts of a file."""
    return max(1, -(-size // part_size(size)))


def requests_to_send(asset: AssetRef) -> int:
    """The requests that sending takes: one, or begin, parts, complete, poll and look."""
    return 1 if goes_whole(asset) else part_count(asset.size) + 4
