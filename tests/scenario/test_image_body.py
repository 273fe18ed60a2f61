"""The body of POST /assets, put together from pieces."""

import base64
import hashlib
import json
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogsync.errors import FileChanged
from catalogsync.model import AssetRef
from catalogsync.scenario.image_body import _STEP, image_body
from catalogsync.scenario.tally import Tally
from catalogsync.sending import NoWatcher


def planned(content: bytes) -> tuple[AssetRef, Tally]:
    digest = hashlib.sha256(content).hexdigest()
    asset = AssetRef(digest, name="a.png", size=len(content))
    return asset, Tally(asset, NoWatcher())


@given(
    name=st.text(),
    size=st.integers(0, 10) | st.integers(-3, 3).map(lambda d: 2 * _STEP + d),
    seed=st.binary(min_size=1, max_size=5),
)
def test_the_pieces_are_the_json_that_the_api_wants(name: str, size: int, seed: bytes) -> None:
    content = (seed * (size // len(seed) + 1))[:size]
    asset, tally = planned(content)
    body = image_body(asset, {"name": name}, BytesIO(content), tally)
    for _attempt in range(2):
        whole = b"".join(body.pieces())
        assert len(whole) == body.length
        assert json.loads(whole) == {"name": name, "image": base64.b64encode(content).decode()}


OTHERS = [b"swapped", b"short", b"much longer", b""]


@pytest.mark.parametrize("other", OTHERS)
def test_another_file_than_the_planned_one_is_not_sent(other: bytes) -> None:
    asset, tally = planned(b"planned")
    with pytest.raises(FileChanged, match=r"a\.png changed"):
        image_body(asset, {"name": "a.png"}, BytesIO(other), tally)


@pytest.mark.parametrize("other", OTHERS)
def test_of_a_small_file_that_changes_while_it_is_sent_the_planned_content_is_sent(
    tmp_path: Path, other: bytes
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"planned")
    asset, tally = planned(b"planned")
    with path.open("rb") as file:
        body = image_body(asset, {"name": "a.png"}, file, tally)
        path.write_bytes(other)
        sent = json.loads(b"".join(body.pieces()))
    assert base64.b64decode(sent["image"]) == b"planned"


@pytest.mark.parametrize("other", OTHERS)
def test_of_a_file_that_changes_while_it_is_sent_only_a_fragment_is_sent(
    tmp_path: Path, other: bytes
) -> None:
    path = tmp_path / "a.png"
    content = b"planned" * _STEP
    path.write_bytes(content)
    asset, tally = planned(content)
    sent: list[bytes] = []
    with path.open("rb") as file:
        body = image_body(asset, {"name": "a.png"}, file, tally)
        path.write_bytes(other * _STEP)
        with pytest.raises(FileChanged, match=r"a\.png changed"):
            sent.extend(body.pieces())
    assert b'"}' not in b"".join(sent)
