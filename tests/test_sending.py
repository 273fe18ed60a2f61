"""The route of a file and the parts of a large one, on paper up to 5 TB."""

import pytest

from catalogsync.model import AssetKind, AssetRef
from catalogsync.sending import goes_whole, part_count, part_size, requests_to_send

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("kind", "size", "whole"),
    [
        (AssetKind.IMAGE, 1, True),
        (AssetKind.IMAGE, 5_999_999, True),
        (AssetKind.IMAGE, 6_000_000, False),
        (AssetKind.AUDIO, 1, False),
        (AssetKind.VIDEO, 1, False),
        (AssetKind.MODEL_3D, 1, False),
    ],
)
def test_the_route_depends_on_kind_and_size(kind: AssetKind, size: int, whole: bool) -> None:
    asset = AssetRef(sha256="0" * 64, kind=kind, size=size)
    assert goes_whole(asset) is whole
    assert (requests_to_send(asset) == 1) is whole


@pytest.mark.parametrize(
    "size",
    [1, 5 * MIB, 8 * MIB, 8 * MIB + 1, 10**9, 10_000 * 8 * MIB, 10_000 * 8 * MIB + 1, 5 * 10**12],
)
def test_parts_are_large_enough_and_few_enough(size: int) -> None:
    assert part_size(size) >= 5 * MIB
    assert 1 <= part_count(size) <= 10_000
    assert part_count(size) * part_size(size) >= size
    assert (part_count(size) - 1) * part_size(size) < size


def test_more_than_five_terabytes_is_an_error() -> None:
    with pytest.raises(ValueError, match="5 TB"):
        part_size(5 * 10**12 + 1)
