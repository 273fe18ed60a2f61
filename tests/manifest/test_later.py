"""Large files are hashed together, and nothing else is different about them."""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from catalogsync.errors import Interrupted
from catalogsync.manifest.content import Content
from catalogsync.manifest.files import Parts
from catalogsync.manifest.later import Later
from catalogsync.manifest.media import FORMATS, Format
from catalogsync.manifest.words import Unfit
from catalogsync.model import AssetRef

from .support import MODEL, Folder, png

LARGE = 1_200_000
"""More characters than the loader takes into memory."""

USUAL = 300_000
"""As many as it takes into memory, but leaves to another core."""


def picture(mark: str, size: int) -> bytes:
    return png(mark=mark.ljust(size, "."))


def scene(folder: Folder, size: int) -> None:
    """Two models with files of a size, small ones between them, and everything wrong with them."""
    for name in ("a", "b", "c", "d"):
        folder.write(f"models/ink/{name}.png", picture(name, size))
    folder.write("models/ink/twin.png", picture("c", size))
    folder.write("models/ink/cut.png", picture("cut", size)[:-20])
    folder.write("models/ink/text.png", "a text".ljust(size))
    folder.write("models/ink/small.png", png(mark="small"))
    folder.write("models/ink/small.txt", "strokes")
    folder.model(
        "thumbnail: d.png\n"
        "examples:\n"
        "  - a.png\n"
        "  - {file: b.png, asset: asset_1, sha256: " + "0" * 64 + "}\n"
        "  - c.png\n"
        "  - small.png\n"
        "  - twin.png\n"
        "  - cut.png\n"
        "  - text.png\n"
        "  - gone.png\n"
        "tags: [comic, comic]\n"
        "training:\n"
        "  images:\n"
        "    - {file: a.png, caption: ink}\n"
        "    - {file: small.png, caption: lines}\n"
    )
    folder.write("models/wash/e.png", picture("a", size))
    folder.write("models/wash/small.png", png(mark="small"))
    folder.write(
        "models/wash/model.yaml",
        MODEL + "training:\n"
        "  images:\n"
        "    - {file: e.png, caption: wash}\n"
        "    - {file: small.png, caption: strokes}\n",
    )


@pytest.mark.parametrize("size", [USUAL, LARGE])
def test_what_is_wrong_is_told_once_whatever_the_size(tmp_path: Path, size: int) -> None:
    small, large = Folder(tmp_path / "small"), Folder(tmp_path / "large")
    scene(small, 10)
    scene(large, size)
    assert large.problems() == small.problems()
    assert len(small.problems()) == 8


def test_a_digest_in_the_manifest_is_held_against_the_file(folder: Folder) -> None:
    digest = sha256(folder.write("models/ink/a.png", picture("a", LARGE)).read_bytes()).hexdigest()
    folder.model(f"thumbnail: {{file: a.png, asset: asset_1, sha256: {digest}}}\n")
    thumbnail = folder.ink().thumbnail
    assert thumbnail
    assert (thumbnail.id, thumbnail.sha256) == ("asset_1", digest)


def test_problems_count_once_towards_how_many_are_told(folder: Folder) -> None:
    folder.write("models/ink/a.png", picture("a", LARGE))
    folder.model("thumbnail: a.png\nexamples:\n" + "  - gone.png\n" * 149 + "  - b.png\n")
    assert not [problem for problem in folder.problems() if "more problems" in problem]


@pytest.mark.parametrize("size", [USUAL, LARGE])
def test_large_files_are_what_their_bytes_say(folder: Folder, size: int) -> None:
    digests = {}
    for key in ("ink", "wash", "wet"):
        for name in ("1", "2", "10"):
            file = folder.write(f"models/{key}/{name}.png", picture(key + name, size))
            digests[key, name] = sha256(file.read_bytes()).hexdigest()
        folder.write(f"models/{key}/model.yaml", MODEL + "examples: [{glob: '*.png'}]\n")
    catalog = folder.load()
    for spec in catalog.models:
        wanted = [digests[spec.key, name] for name in ("1", "2", "10")]
        assert [ref.sha256 for ref in spec.examples or ()] == wanted
        assert {catalog.files[digest].parts[1] for digest in wanted} == {spec.key}


def test_a_large_file_of_two_manifests_counts_for_both(folder: Folder) -> None:
    folder.write("models/shared/a.png", picture("a", LARGE))
    for key in ("one", "two"):
        folder.write(f"models/{key}.yaml", MODEL + "thumbnail: shared/a.png\n")
    found = {spec.key: spec.thumbnail for spec in folder.load().models}
    assert found["one"]
    assert found["one"].sha256
    assert found["one"] == found["two"]


FORM = FORMATS["png"]


def settled(later: Later, names: list[str], look: Callable[[Parts, Format], object]) -> None:
    for name in names:
        assert later.asset((name,), FORM, look) is None  # type: ignore[arg-type]
    later.settle(look)  # type: ignore[arg-type]


def test_what_is_not_fit_is_told_where_it_is_named(tmp_path: Path) -> None:
    status = tmp_path.stat()

    def look(parts: Parts, form: Format) -> tuple[AssetRef, os.stat_result]:
        if parts == ("bad",):
            raise Unfit("it changed")
        return AssetRef(parts[0]), status

    later = Later()
    settled(later, ["good", "bad"], look)
    assert later.asset(("good",), FORM, look) == (AssetRef("good"), status)
    assert later.asset(("seen only now",), FORM, look) == (AssetRef("seen only now"), status)
    with pytest.raises(Unfit, match="it changed"):
        later.asset(("bad",), FORM, look)


def test_an_interrupted_hash_waits_for_no_other() -> None:
    later = Later()

    def look(parts: Parts, form: Format) -> None:
        if parts == ("first",):
            raise KeyboardInterrupt
        assert later.stopped.wait(30)
        raise Interrupted("interrupted")

    with pytest.raises(KeyboardInterrupt):
        settled(later, ["first", "second"], look)


def test_hashing_ends_when_it_is_stopped(tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.touch()
    os.truncate(file, 1 << 42)
    later = Later()
    later.stopped.set()
    descriptor = os.open(file, os.O_RDONLY)
    try:
        with pytest.raises(Interrupted):
            Content(descriptor, 1 << 42, None, later.stopped).sha256()
    finally:
        os.close(descriptor)
