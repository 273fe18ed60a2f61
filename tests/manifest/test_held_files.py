"""A file beside an asset and a digest: as long as the file has it, the asset holds the file."""

from hashlib import sha256

import pytest

from catalogsync.roundtrip import formatted

from .support import Folder, png, pointer

DIGEST = sha256(png()).hexdigest()
GONE = "is not asset_1 any more"
TO_DO = "take out asset: and sha256: to upload it, or restore the file"

PLACES = {
    "thumbnail": "thumbnail: {file: x.png, asset: asset_1, sha256: %s}\n",
    "examples": "examples:\n  - {file: x.png, asset: asset_1, sha256: %s}\n",
    "training images": (
        "training:\n  images:\n    - {file: x.png, asset: asset_1, sha256: %s, caption: ink}\n"
    ),
    "training pairs": (
        "training:\n  images: []\n  pairs:\n"
        "    - {source: {file: x.png, asset: asset_1, sha256: %s}, target: y.png}\n"
    ),
}


@pytest.fixture
def held(folder: Folder) -> Folder:
    folder.write("models/ink/x.png", png())
    folder.write("models/ink/y.png", png(mark="y"))
    return folder


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_the_asset_holds_the_file_while_the_digest_is_right(held: Folder, place: str) -> None:
    held.model(place % DIGEST)
    (model,) = held.load().models
    assert {(ref.id, ref.sha256) for ref in model.assets if ref.id} == {("asset_1", DIGEST)}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_an_edited_file_is_refused_where_its_digest_is_written(held: Folder, place: str) -> None:
    held.model(place % DIGEST)
    held.write("models/ink/x.png", png(mark="edited"))
    found = held.problem()
    line = 2 + place[: place.index("sha256")].count("\n") + 1
    assert found.startswith(f"models/ink/model.yaml:{line}:")
    assert f'"x.png" {GONE}' in found
    assert TO_DO in found


@pytest.mark.parametrize("edited", [False, True], ids=["the same", "edited"])
def test_the_digest_of_a_pointer_counts(held: Folder, edited: bool) -> None:
    held.write("models/ink/x.png", pointer("cd" * 32 if edited else DIGEST))
    held.model(PLACES["examples"] % DIGEST)
    if edited:
        assert GONE in held.problem()
    else:
        assert held.load().models[0].examples


@pytest.mark.parametrize(
    ("entry", "missing"),
    [
        ("{file: x.png, sha256: %s}", '"asset" is missing'),
        ("{asset: asset_1, sha256: %s}", '"file" is missing'),
    ],
)
def test_a_digest_goes_with_a_file_and_an_asset(held: Folder, entry: str, missing: str) -> None:
    held.model(f"examples:\n  - {entry % DIGEST}\n")
    assert missing in held.problem()


@pytest.mark.parametrize("entry", ['{glob: "*.png", sha256: %s}', "{sha256: %s}"])
def test_a_digest_alone_or_beside_a_glob_is_refused(held: Folder, entry: str) -> None:
    held.model(f"examples:\n  - {entry % DIGEST}\n")
    assert held.problems()


@pytest.mark.parametrize("digest", ["ab" * 31, "AB" * 32, "sha256:" + "ab" * 32])
def test_what_is_no_digest_is_refused(held: Folder, digest: str) -> None:
    held.model(PLACES["examples"] % f'"{digest}"')
    assert "64 digits 0-9 a-f" in held.problem()


def test_fmt_puts_a_digest_behind_its_asset() -> None:
    text = (
        f"name: Ink\ntype: custom\nthumbnail: {{sha256: {DIGEST}, asset: asset_1, file: x.png}}\n"
    )
    lines = f"thumbnail:\n  file: x.png\n  asset: asset_1\n  sha256: {DIGEST}\n"
    assert formatted(text, "model") == f"name: Ink\ntype: custom\n{lines}"
