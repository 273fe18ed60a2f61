"""Which asset stands for a content, of several that hold it."""

import pytest

from catalogsync.contents import known_contents
from catalogsync.model import AssetRef, ModelSpec

FILE = AssetRef(sha256="1" * 64)


@pytest.mark.parametrize("ids", [("asset_a", "asset_b"), ("asset_b", "asset_a")])
def test_the_first_by_its_id_stands_for_all_that_hold_the_same(ids: tuple[str, str]) -> None:
    contents = known_contents((), {each: AssetRef(FILE.digest, each) for each in ids})
    assert contents.id_of(FILE) == "asset_a"


def test_what_a_manifest_says_of_an_asset_counts_where_the_server_says_nothing() -> None:
    spec = ModelSpec(
        key="ink", name="Ink", type="custom", examples=(AssetRef("1" * 64, "asset_b"),)
    )
    contents = known_contents((spec,), {"asset_b": AssetRef(id="asset_b")})
    assert contents.id_of(FILE) == "asset_b"
    assert known_contents((), {"asset_b": AssetRef(id="asset_b")}).id_of(FILE) is None
