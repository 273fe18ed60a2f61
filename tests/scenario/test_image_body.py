"""The body of POST /assets, put together from pieces."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from catalogsync.model import AssetRef
from catalogsync.scenario.image_body import _STEP, image_body
from catalogsync.scenario.tally import Tally
from catalogsync.sending import NoWatcher


@given(
    name=st.text(),
    size=st.integers(0, 10) | st.integers(-3, 3).map(lambda d: 2 * _STEP + d),
    seed=st.binary(min_size=1, max_size=5),
)
def test_the_pieces_are_the_json_that_the_api_wants(name: str, size: int, seed: bytes) -> None:
    content = (seed * (size // len(seed) + 1))[:size]
    body = image_body(name, content, Tally(AssetRef(), NoWatcher()))
    for _attempt in range(2):
        whole = b"".join(body.pieces())
        assert len(whole) == body.length
        assert json.loads(whole) == {"name": name, "image": base64.b64encode(content).decode()}
