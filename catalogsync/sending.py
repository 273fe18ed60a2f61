"""How a file is sent: the route by kind and size, and the parts of a large one."""

from typing import Protocol

from catalogsync.model import LARGEST_FILE, AssetKind, AssetRef

SMALL_IMAGE = 6_000_000
"""Images below this size, in bytes, go by POST /assets; everything else by POST /uploads."""

_MIB = 1024 * 1024
_PART = 8 * _MIB
_MOST_PARTS = 10_000
_TO_FETCH = 3  # begin, poll, tag


def goes_whole(asset: AssetRef) -> bool:
    """Whether a file is sent in one request rather than in parts."""
    small_image = asset.kind is AssetKind.IMAGE and asset.size < SMALL_IMAGE
    return small_image or asset.kind is AssetKind.CANVAS


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
    if asset.url:
        return _TO_FETCH
    return 1 if goes_whole(asset) else part_count(asset.size) + 4


class Watcher(Protocol):
    """Is told what happens to files while they are sent: from several threads at the same time.

    The counts of a file that is kept add up to its size, those of one that is not to nothing.
    """

    def begun(self, asset: AssetRef) -> None:
        """A file is opened and about to be sent; after an answer that got lost, perhaps again."""
        ...

    def sent(self, asset: AssetRef, count: int) -> None:
        """So many bytes more of a file are sent; below 0, so many have to be sent again."""
        ...

    def ended(self, asset: AssetRef, *, kept: bool) -> None:
        """A file is on the server as an asset, or it is not, which an error tells as well."""
        ...


class NoWatcher:
    """Watches nothing."""

    def begun(self, asset: AssetRef) -> None:
        """Nobody wants to know."""

    def sent(self, asset: AssetRef, count: int) -> None:
        """Nobody wants to know."""

    def ended(self, asset: AssetRef, *, kept: bool) -> None:
        """Nobody wants to know."""
