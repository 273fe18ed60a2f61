"""Assets are what their extension says, whole, and described without being decoded."""

import io
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from catalogsync.manifest.content import BadContent, Content
from catalogsync.manifest.media import FORMATS
from catalogsync.model import AssetKind, AssetRef
from tests.media import MEDIA, MP4, box, mp4, picture, sound, webm

from .support import Folder, png

PICTURES = [name for name, form in FORMATS.items() if form.kind is AssetKind.IMAGE]


def examples(folder: Folder, **files: bytes) -> tuple[AssetRef, ...]:
    for name, content in files.items():
        folder.write(f"models/ink/{name.replace('_', '.')}", content)
    names = ", ".join(name.replace("_", ".") for name in files)
    folder.model(f"examples: [{names}]\n")
    found = folder.ink().examples
    assert found is not None
    return found


def refusal(folder: Folder, extension: str, content: bytes) -> str:
    folder.write(f"models/ink/x.{extension}", content)
    folder.model(f"examples:\n  - x.{extension}\n")
    problem = folder.problem()
    prefix = f'models/ink/model.yaml:4:5: examples[0]: "x.{extension}": '
    assert problem.startswith(prefix)
    return problem.removeprefix(prefix)


def test_every_format_has_a_sample() -> None:
    assert MEDIA.keys() == FORMATS.keys()


@pytest.mark.parametrize("extension", MEDIA)
def test_a_sound_file_is_described(folder: Folder, extension: str) -> None:
    content = MEDIA[extension]
    (asset,) = examples(folder, **{f"x_{extension}": content})
    assert (asset.sha256, asset.id) == (sha256(content).hexdigest(), "")
    assert (asset.name, asset.size) == (f"x.{extension}", len(content))
    form = FORMATS[extension]
    assert (asset.kind, asset.media_type) == (form.kind, form.media_type)
    has_pixels = extension in PICTURES and extension != "svg"
    assert (asset.width, asset.height) == ((7, 5) if has_pixels else (0, 0))


@pytest.mark.parametrize(
    "options", [{"lossless": True}, {"quality": 50}, {"exif": b"Exif\0\0", "quality": 50}]
)
def test_every_kind_of_webp_tells_its_size(folder: Folder, options: dict[str, object]) -> None:
    (asset,) = examples(folder, x_webp=picture("WEBP", (301, 17), **options))
    assert (asset.width, asset.height) == (301, 17)


@pytest.mark.parametrize("extension", MEDIA)
def test_the_extension_counts_in_any_case(folder: Folder, extension: str) -> None:
    (asset,) = examples(folder, **{f"x_{extension.upper()}": MEDIA[extension]})
    assert asset.kind is FORMATS[extension].kind


@pytest.mark.parametrize("extension", MEDIA)
@pytest.mark.parametrize("content", [b"root:x:0:0:root:/root:/bin/sh\n", b"\0" * 200, b"\n", b"#"])
def test_anything_else_is_refused(folder: Folder, extension: str, content: bytes) -> None:
    said = refusal(folder, extension, content)
    assert said.startswith(f"the .{extension} file ")
    assert "root:" not in said


@pytest.mark.parametrize("extension", MEDIA)
def test_another_format_under_the_extension_is_refused(folder: Folder, extension: str) -> None:
    other = MEDIA["png" if extension != "png" else "webp"]
    assert "holds something else" in refusal(folder, extension, other)


@pytest.mark.parametrize("extension", MEDIA)
def test_an_empty_file_is_refused(folder: Folder, extension: str) -> None:
    assert refusal(folder, extension, b"").startswith("the file is empty")


ENDLESS = {"mp3", "ogg", "flac", "webm", "fbx", "ply", "vox", "obj"}


@pytest.mark.parametrize("extension", [name for name in MEDIA if name not in ENDLESS])
@pytest.mark.parametrize("share", [0.5, 0.75, 0.9])
def test_a_file_that_is_cut_off_is_refused(folder: Folder, extension: str, share: float) -> None:
    content = MEDIA[extension]
    assert refusal(folder, extension, content[: int(len(content) * share)])


@pytest.mark.parametrize("extension", ["png", "gif", "webp", "jpg", "tif", "avif"])
def test_the_last_byte_is_missed(folder: Folder, extension: str) -> None:
    assert "is cut off" in refusal(folder, extension, MEDIA[extension][:-1])


def test_a_large_file_is_checked_and_hashed_without_being_held_in_memory(folder: Folder) -> None:
    noise = Image.effect_noise((1200, 1200), 90).convert("RGB")
    files = {}
    for form in ("PNG", "TIFF", "JPEG"):
        buffer = io.BytesIO()
        noise.save(buffer, form, **({"quality": 100} if form == "JPEG" else {}))
        files[f"x_{form.lower()}"] = buffer.getvalue()
    assert all(len(content) > 1 << 20 for content in files.values())
    for asset, content in zip(examples(folder, **files), files.values(), strict=True):
        assert (asset.sha256, asset.width) == (sha256(content).hexdigest(), 1200)
    assert "is cut off" in refusal(folder, "jpeg", files["x_jpeg"][:-70_000])


def test_a_pixel_bomb_is_refused_by_its_header(folder: Folder) -> None:
    assert examples(folder, x_png=png(16384, 16384))[0].width == 16384
    said = refusal(folder, "png", png(16384, 16385))
    assert said == ("16384 x 16385 pixels, 268 megapixels are allowed; make the picture smaller")


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_a_picture_without_pixels_is_refused(folder: Folder, size: tuple[int, int]) -> None:
    assert "has no pixels" in refusal(folder, "png", png(*size))


def test_something_behind_the_end_of_a_png_is_refused(folder: Folder) -> None:
    assert "is cut off" in refusal(folder, "png", png() + b"PK\3\4 another file")


def test_a_damaged_png_header_is_refused(folder: Folder) -> None:
    assert "damaged header" in refusal(folder, "png", png().replace(b"\0\0\0\2", b"\0\0\0\3", 1))


@pytest.mark.parametrize("name", ["x.txt", "x.exe", "x", "x.py", "x.yaml", "x.png.gz"])
def test_other_extensions_are_refused(folder: Folder, name: str) -> None:
    folder.write(f"models/ink/{name}", png())
    folder.model(f"thumbnail: {name}\n")
    assert "known: png, jpg" in "\n".join(folder.problems())


def test_a_thumbnail_is_an_image(folder: Folder) -> None:
    folder.write("models/ink/x.mp4", MP4)
    folder.model("thumbnail: x.mp4\n")
    assert folder.problem() == (
        'models/ink/model.yaml:3:12: thumbnail: "x.mp4" is not an image (video); name an image'
    )


def content_of(data: bytes) -> Content:
    return Content(-1, len(data), data)


@given(st.sampled_from(sorted(MEDIA)), st.binary(max_size=300), st.integers(0, 300))
def test_no_bytes_make_a_check_fail_in_another_way(extension: str, data: bytes, keep: int) -> None:
    for candidate in (data, MEDIA[extension][:keep] + data, data + MEDIA[extension][keep:]):
        try:
            width, height = FORMATS[extension].check(content_of(candidate))
        except BadContent:
            continue
        assert width >= 0
        assert height >= 0


NOTHING = {
    "a WAV without samples": ("wav", sound(0)),
    "a WAV without samples but with a comment": (
        "wav",
        b"RIFF" + (58).to_bytes(4, "little") + sound(0)[8:] + b"LIST\x0e\0\0\0INFO" + bytes(10),
    ),
    "a WAV without a data chunk": ("wav", b"RIFF\x04\0\0\0WAVE"),
    "a tag without a sound": ("mp3", b"ID3\4\0\0\0\0\1\0" + bytes(128)),
    "an Ogg that ends where it begins": ("ogg", b"OggS\0\2" + bytes(100)),
    "an MP4": ("mp4", mp4(b"isom", (b"vide",), 0)),
    "a long MP4": ("mp4", mp4(b"isom", (b"vide",), 0, version=1)),
    "an M4A": ("m4a", mp4(b"M4A ", (b"soun",), 0)),
    "a WebM": ("webm", webm(b"\x44\x89\x84" + bytes(4))),
    "a precise WebM": ("webm", webm(b"\x44\x89\x88" + bytes(8))),
}


@pytest.mark.parametrize("what", NOTHING)
def test_what_plays_for_no_time_is_refused(folder: Folder, what: str) -> None:
    assert "plays for 0 seconds" in refusal(folder, *NOTHING[what])


SOMETHING = {
    "a WAV that was written to a pipe": ("wav", b"RIFF\0\0\0\0" + sound()[8:40] + bytes(104)),
    "an MP4 in fragments": (
        "mp4",
        box(b"ftyp", b"isom" + bytes(4))
        + box(b"moov", box(b"mvhd", bytes(100)) + box(b"mvex", b""))
        + box(b"moof", b""),
    ),
    "a long MP4": ("mp4", mp4(b"isom", (b"vide",), version=1)),
    "a WebM with a duration": ("webm", webm(b"\x44\x89\x84\x44\x7a\0\0")),
    "a live WebM": ("webm", webm(b"")),
    "a WebM that tells its duration late": (
        "webm",
        webm(b"\x44\x89\x84" + bytes(4), cluster_first=True),
    ),
    "a FLAC of unknown length": ("flac", b"fLaC\0\0\0\x22" + bytes(34) + b"\xff\xf8 frames"),
}


@pytest.mark.parametrize("what", SOMETHING)
def test_what_does_not_tell_how_long_it_plays_is_taken(folder: Folder, what: str) -> None:
    extension, content = SOMETHING[what]
    assert examples(folder, **{f"x_{extension}": content})


SAME = ({"jpg", "jpeg"}, {"tif", "tiff"}, {"heic", "heif"})


@pytest.mark.parametrize("extension", MEDIA)
@pytest.mark.parametrize("other", MEDIA)
def test_no_format_passes_for_another(extension: str, other: str) -> None:
    if extension == other or {extension, other} in SAME:
        FORMATS[extension].check(content_of(MEDIA[other]))
    else:
        with pytest.raises(BadContent):
            FORMATS[extension].check(content_of(MEDIA[other]))


def replaced(extension: str, old: bytes, new: bytes) -> bytes:
    """A sample with some of its bytes replaced by as many others."""
    assert old in MEDIA[extension]
    assert len(old) == len(new)
    return MEDIA[extension].replace(old, new)


JPEG, TIFF = MEDIA["jpg"], MEDIA["tif"]
SEGMENT = 4 + int.from_bytes(JPEG[4:6], "big")
DIRECTORY = int.from_bytes(TIFF[4:8], "little")

DAMAGED = {
    "a webp whose chunk is none": (
        "has a damaged header",
        "webp",
        MEDIA["webp"][:12] + b"VPXX" + MEDIA["webp"][16:],
    ),
    "a jpeg with something between its segments": (
        "has a damaged header",
        "jpg",
        JPEG[:SEGMENT] + b"ab" + JPEG[SEGMENT:],
    ),
    "a jpeg of nothing but comments": (
        "has too many parts",
        "jpg",
        b"\xff\xd8" + b"\xff\xfe\0\2" * 10_001,
    ),
    "an avif without a picture": ("holds no picture", "avif", replaced("avif", b"meta", b"free")),
    "an avif without a size": ("has a damaged header", "avif", replaced("avif", b"ispe", b"xxxx")),
    "a tiff whose directory is behind its end": (
        "is cut off",
        "tif",
        TIFF[:4] + b"\xff\xff\xff\x0f" + TIFF[8:],
    ),
    "a tiff whose width is no number": (
        "has a damaged header",
        "tif",
        TIFF[:DIRECTORY]
        + TIFF[DIRECTORY:]
        .replace(b"\0\1\4\0", b"\0\1\2\0", 1)
        .replace(b"\0\1\3\0", b"\0\1\2\0", 1),
    ),
}


@pytest.mark.parametrize(("words", "extension", "content"), DAMAGED.values(), ids=list(DAMAGED))
def test_a_damaged_picture_is_refused(
    folder: Folder, words: str, extension: str, content: bytes
) -> None:
    said = refusal(folder, extension, content)
    assert said.startswith(f"the .{extension} file {words}; ")


def test_a_jpeg_may_fill_up_before_a_marker(folder: Folder) -> None:
    (asset,) = examples(folder, x_jpg=JPEG[:2] + b"\xff" + JPEG[2:])
    assert (asset.width, asset.height) == (7, 5)
