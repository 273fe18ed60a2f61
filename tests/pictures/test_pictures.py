"""Small copies of real files: every format, every trick, and a budget that holds."""

import struct
import zlib
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from catalogsync.manifest.blobs import GitFile
from catalogsync.model import AssetKind, AssetRef, LocalFile
from catalogsync.pictures.copies import copies
from catalogsync.pictures.picture import Picture
from catalogsync.pictures.shrink import BROKEN, MAX_PIXELS, TOO_LARGE, UNKNOWN, Copy, shrink
from catalogsync.pictures.sources import live_sources, local_sources
from tests.manifest.test_commit import git

SMALL = Copy(64, 70)


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def decoded(picture: Picture) -> Image.Image:
    head, _, text = picture.uri.partition(",")
    assert head == "data:image/webp;base64"
    image = Image.open(BytesIO(b64decode(text)), formats=["WEBP"])
    image.load()
    return image


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("TIFF", "image/tiff"),
    ],
)
def test_a_copy_is_small_and_has_the_shape_of_the_image(form: str, media_type: str) -> None:
    data = encoded(Image.new("RGB", (400, 200), (200, 30, 30)), form)
    picture = shrink(data, media_type, SMALL)
    assert (picture.width, picture.height) == (64, 32)
    red, green, blue = decoded(picture).convert("RGB").getpixel((30, 15))  # type: ignore[misc]
    assert (red, green, blue) == pytest.approx((200, 30, 30), abs=6)


def test_an_image_is_never_enlarged() -> None:
    picture = shrink(encoded(Image.new("RGB", (8, 6)), "PNG"), "image/png", SMALL)
    assert (picture.width, picture.height) == (8, 6)


def test_what_is_see_through_stays_so() -> None:
    for mode in ("RGBA", "LA"):
        data = encoded(Image.new(mode, (80, 80)), "PNG")
        assert decoded(shrink(data, "image/png", SMALL)).getextrema()[-1] == (0, 0)


def test_sixteen_bits_a_pixel_keep_their_grey() -> None:
    data = encoded(Image.new("I;16", (80, 80), 40_000), "PNG")
    grey = decoded(shrink(data, "image/png", SMALL)).convert("L").getpixel((5, 5))
    assert grey == pytest.approx(40_000 / 256, abs=3)


def test_a_turned_photograph_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.new("RGB", (200, 100)), "JPEG", exif=exif)
    picture = shrink(data, "image/jpeg", SMALL)
    assert (picture.width, picture.height) == (32, 64)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is huge, with hardly a byte in it."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + head + rows + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8_000, 12_000, 60_000])
def test_a_bomb_stays_packed(side: int) -> None:
    assert side * side > MAX_PIXELS
    assert shrink(bomb(side, side), "image/png", SMALL) == TOO_LARGE


def test_a_broken_file_has_no_picture() -> None:
    data = encoded(Image.effect_noise((90, 90), 50), "PNG")
    assert shrink(data[:-200], "image/png", SMALL) == BROKEN
    assert shrink(b"", "image/png", SMALL) == BROKEN


def test_nothing_but_what_the_media_type_says_is_decoded() -> None:
    gif = encoded(Image.new("P", (9, 9)), "GIF")
    assert shrink(gif, "image/png", SMALL) == BROKEN
    assert shrink(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", SMALL) == UNKNOWN
    assert shrink(b"%!PS-Adobe-3.0 EPSF-3.0", "application/postscript", SMALL) == UNKNOWN


def stored(root: Path, contents: Iterator[bytes]) -> tuple[list[AssetRef], dict[str, LocalFile]]:
    """Files on disk, with their references."""
    refs, files = [], {}
    for number, data in enumerate(contents):
        name = f"{number}.png"
        (root / name).write_bytes(data)
        sha = sha256(data).hexdigest()
        refs.append(AssetRef(sha, name=name, media_type="image/png", size=len(data)))
        files[sha] = LocalFile(root, (name,))
    return refs, files


def noise(count: int) -> Iterator[bytes]:
    """Pictures that no format makes small."""
    for _ in range(count):
        yield encoded(Image.effect_noise((120, 90), 90), "PNG")


def test_copies_are_found_by_digest_whichever_side_tells_it(tmp_path: Path) -> None:
    refs, files = stored(tmp_path, noise(2))
    on_server = AssetRef(refs[0].sha256[:32], id="asset_1", media_type="image/png")
    found = copies(local_sources([on_server, AssetRef(id="asset_2"), *refs], files))
    assert list(found) == [ref.digest for ref in refs]
    assert all(picture.uri for picture in found.values())


def test_what_git_holds_is_drawn_and_of_a_pointer_or_nothing_it_is_said(tmp_path: Path) -> None:
    refs, _ = stored(tmp_path, noise(3))
    git(tmp_path, "init", "-q")
    oids = [git(tmp_path, "hash-object", "-w", ref.name) for ref in refs[:2]]
    files = {
        refs[0].sha256: GitFile(tmp_path, oids[0]),
        refs[1].sha256: GitFile(tmp_path, oids[0]),
        refs[2].sha256: GitFile(tmp_path, "0" * 40),
    }
    found = copies(local_sources(refs, files))
    assert found[refs[0].digest].uri
    reasons = [found[ref.digest].reason for ref in refs[1:]]
    assert reasons == ["this clone does not have the file"] * 2


def test_the_budget_holds_and_the_first_come_first(tmp_path: Path) -> None:
    refs, files = stored(tmp_path, noise(12))
    found = copies(local_sources(refs, files), budget=30_000)
    kept = [bool(found[ref.digest].uri) for ref in refs]
    assert 1 < sum(kept) < len(refs)
    assert kept == sorted(kept, reverse=True)
    assert sum(len(picture.uri) for picture in found.values()) <= 30_000
    assert found[refs[-1].digest].reason == "left out to keep this page small"


def test_the_budget_holds_for_live_images_too(tmp_path: Path) -> None:
    refs, files = stored(tmp_path, noise(4))
    served = {f"u{number}": data for number, data in enumerate(noise(12))}
    live = [AssetRef(id=url) for url in served]
    sources = live_sources(live, {url: url for url in served}, served.__getitem__)
    found = copies({**local_sources(refs, files), **sources}, budget=30_000)
    assert len(found) == 16
    assert all(found[ref.digest].uri for ref in refs)
    assert sum(len(picture.uri) for picture in found.values()) <= 30_000
    assert found["u11"].reason == "left out to keep this page small"


def test_more_pictures_are_smaller_ones(tmp_path: Path) -> None:
    large = encoded(Image.linear_gradient("L").resize((900, 900)), "PNG")
    refs, files = stored(tmp_path, iter([large]))
    alone = copies(local_sources(refs, files))[refs[0].digest]
    tight = copies(local_sources(refs, files), budget=12_000)[refs[0].digest]
    assert (alone.width, tight.width) == (640, 240)


def test_a_file_that_changed_or_went_away_is_not_shown(tmp_path: Path) -> None:
    refs, files = stored(tmp_path, noise(3))
    (tmp_path / "0.png").write_bytes(next(noise(1)))
    (tmp_path / "1.png").unlink()
    (tmp_path / "2.png").unlink()
    (tmp_path / "2.png").symlink_to("/etc/passwd")
    reasons = [picture.reason for picture in copies(local_sources(refs, files)).values()]
    assert reasons == ["the file changed after it was read", BROKEN.reason, BROKEN.reason]


def test_sound_and_shapes_are_no_pictures(tmp_path: Path) -> None:
    refs, files = stored(tmp_path, iter([b"RIFF0000WAVE"]))
    sound = AssetRef(refs[0].sha256, name="hum.wav", kind=AssetKind.AUDIO)
    assert local_sources([sound], files) == {}


def test_a_live_image_may_have_any_format_and_is_found_by_its_id_or_digest() -> None:
    gif = encoded(Image.new("RGB", (20, 10)), "GIF")
    served = {"u1": gif, "u2": b"<svg/>", "u3": bomb(9_000, 9_000), "u4": None}
    refs = [AssetRef(id=f"asset_{number}") for number in (1, 2, 3, 4, 5)]
    refs[0] = AssetRef("ab" * 16, id="asset_1")
    urls = {f"asset_{number}": f"u{number}" for number in (1, 2, 3, 4)}
    found = copies(live_sources(refs, urls, served.__getitem__))
    first, *others = found.values()
    assert list(found) == ["ab" * 16, "asset_2", "asset_3", "asset_4"]
    assert (first.width, first.height) == (20, 10)
    assert others == [BROKEN, TOO_LARGE, Picture(reason="the server did not give it")]
