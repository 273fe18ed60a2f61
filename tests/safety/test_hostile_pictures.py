"""Promise 14: no picture unpacks to more than it may, and none is another thing as well."""

import gzip
import io
import json
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from catalogsync.pictures.shrink import Copy, shrink, shrink_any
from tests.cli.conftest import Run, write
from tests.manifest.support import chunk
from tests.media import MEDIA, picture
from tests.safety.attack import bounded

HEAD = b"\x89PNG\r\n\x1a\n"
END = chunk(b"IEND", b"")


def bomb(width: int, height: int, size: int, *more: bytes) -> bytes:
    """A PNG of one bit a pixel whose rows unpack to `size` bytes."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)) + packer.flush()
    return HEAD + head + b"".join(more) + chunk(b"IDAT", rows) + END


LARGE = zlib.compress(bytes(1 << 26), 9)
"""64 MB, packed as small as can be."""


def animated(frames: int) -> bytes:
    """A PNG with many frames, each as large as the picture."""
    images = [Image.new("L", (2000, 2000), shade % 256) for shade in range(frames)]
    out = io.BytesIO()
    images[0].save(out, "PNG", save_all=True, append_images=images[1:], compress_level=9)
    return out.getvalue()


def declared(form: str, width: int, height: int) -> bytes:
    """A picture that says it is larger than it is."""
    data = bytearray(picture(form))
    if form == "GIF":
        data[6:10] = struct.pack("<HH", width, height)
    elif form == "JPEG":
        at = data.index(b"\xff\xc0")
        data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    else:
        at = data.index(b"VP8 ")
        data[at + 14 : at + 18] = struct.pack("<HH", width, height)
    return bytes(data)


def zipped() -> bytes:
    """An archive with a program in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("evil.js", "alert(1)")
    return out.getvalue()


SVG = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'
LAUGHS = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(20))

REFUSED: dict[str, tuple[str, bytes, str]] = {
    "more pixels than allowed": ("png", bomb(1 << 15, 1 << 14, 0), "megapixels are allowed"),
    "the most pixels there are": ("png", bomb(2**31 - 1, 2**31 - 1, 0), "megapixels are allowed"),
    "a GIF of 65535 x 65535": ("gif", declared("GIF", 65535, 65535), "megapixels are allowed"),
    "a JPEG of 65535 x 65535": ("jpg", declared("JPEG", 65535, 65535), "megapixels are allowed"),
    "no pixels": ("png", bomb(0, 0, 0), "has no pixels"),
    "PNG and ZIP": ("png", MEDIA["png"] + zipped(), "is cut off"),
    "PNG and HTML": ("png", MEDIA["png"] + b"<script>alert(1)</script>", "is cut off"),
    "WebP and ZIP": ("webp", MEDIA["webp"] + zipped(), "is cut off"),
    "GIF and ZIP": ("gif", MEDIA["gif"] + zipped(), "is cut off"),
    "PDF and PNG": ("png", b"%PDF-1.7\n" + MEDIA["png"], "holds something else"),
    "HTML and PNG": ("png", b"<!--" + MEDIA["png"] + b"-->", "holds something else"),
    "ZIP and PNG": ("png", zipped() + MEDIA["png"], "holds something else"),
    "GIF and a program": ("gif", b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)", "is cut off"),
    "a program": ("png", b"\x7fELF" + bytes(100), "holds something else"),
    "HTML": ("jpg", b"<html><script>alert(1)</script></html>", "holds something else"),
    "gzip": ("svg", gzip.compress(SVG.format("").encode()), "holds something else"),
    "an SVG of entities": (
        "svg",
        f'<!DOCTYPE svg [<!ENTITY a "ha">{LAUGHS}]>{SVG.format("&v;")}'.encode(),
        "holds something else",
    ),
    "an SVG of a file": (
        "svg",
        f'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>{SVG.format("&a;")}'.encode(),
        "holds something else",
    ),
    "half a PNG": ("png", MEDIA["png"][: len(MEDIA["png"]) // 2], "is cut off"),
    "half a WebP": ("webp", MEDIA["webp"][: len(MEDIA["webp"]) // 2], "is cut off"),
    "half a JPEG": ("jpg", MEDIA["jpg"][: len(MEDIA["jpg"]) // 2], "is cut off"),
    "half a GIF": ("gif", MEDIA["gif"][: len(MEDIA["gif"]) // 2], "is cut off"),
}
"""What no command takes: its extension, its content, and why not."""


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_plain_picture_is_refused_by_all(
    cli: Run, catalog: Path, tmp_path: Path, what: str
) -> None:
    extension, content, said = REFUSED[what]
    (catalog / f"models/x.{extension}").write_bytes(content)
    write(catalog / "models/both.yaml", f"name: B\ntype: custom\nthumbnail: x.{extension}\n")
    page = tmp_path / "page.html"
    for command in (("validate",), ("plan", "--html", page), ("apply", "--yes")):
        found = cli(command[0], catalog, *command[1:])
        assert found.code == 1
        assert "models/both.yaml:3:12: " in found.out + found.err
        assert said in found.out + found.err
    assert not page.exists()


TAKEN: dict[str, tuple[str, bytes]] = {
    "a bomb of 16,000 x 16,000": ("png", bomb(16_000, 16_000, 8 << 20)),
    "rows that are longer than the picture": ("png", bomb(64, 64, 64 << 20)),
    "a packed colour profile": ("png", bomb(8, 8, 1 << 20, chunk(b"iCCP", b"x\0\0" + LARGE))),
    "a packed text": ("png", bomb(8, 8, 1 << 20, chunk(b"zTXt", b"x\0\0" + LARGE))),
    "many packed texts": ("png", bomb(8, 8, 1 << 20, *[chunk(b"zTXt", b"x\0\0" + LARGE)] * 9)),
    "a packed text in any language": (
        "png",
        bomb(8, 8, 1 << 20, chunk(b"iTXt", b"x\0\1\0\0\0" + LARGE)),
    ),
    "many frames": ("png", animated(40)),
    "a WebP of 16383 x 16383": ("webp", declared("WEBP", 16383, 16383)),
    "an SVG with a program": ("svg", SVG.format("<script>alert(1)</script>").encode()),
    "an SVG that loads": (
        "svg",
        SVG.format('<image href="http://127.0.0.1:9/pixel"/><use href="file:///x"/>').encode(),
    ),
    "a JPEG with a program behind its end": ("jpg", MEDIA["jpg"] + b"<script>alert(1)</script>"),
}
"""What is a picture by its header: it may be sent, and is drawn only where that is cheap."""


def test_no_picture_that_is_taken_unpacks_in_the_page_beyond_its_bounds(catalog: Path) -> None:
    """All of them in the page of one plan, made by a process that may take no more than 500 MB."""
    folder = catalog / "models/pictures"
    folder.mkdir()
    for number, (extension, content) in enumerate(TAKEN.values()):
        (folder / f"{number}.{extension}").write_bytes(content)
    write(catalog / "models/both.yaml", 'name: B\ntype: custom\nexamples: [{glob: "pictures/*"}]\n')
    page = catalog.parent / "page.html"
    for arguments in (("init", "-q"), ("add", "-A"), ("rm", "-rfq", "--cached", "models")):
        subprocess.run(("git", *arguments), cwd=catalog, check=True)
    who = ("git", "-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run((*who, "commit", "-qm", "x"), cwd=catalog, check=True)
    subprocess.run(("git", "add", "-A"), cwd=catalog, check=True)

    against = ("--against", "git:HEAD", "--html", page, "--json", "--no-cache")
    done, peak = bounded(catalog.parent / "peak", "plan", catalog, *against)
    assert done.returncode == 0
    plan = json.loads(done.stdout)
    assert plan["counts"]["uploads"] == len(TAKEN) + 3
    text = page.read_text()
    assert "too large to be drawn here" in text
    assert "<script" not in text
    assert "pixel" not in text
    assert peak < 500


@pytest.mark.parametrize("what", [*TAKEN, *REFUSED])
def test_whatever_a_server_gives_for_a_picture_is_drawn_small_or_not_at_all(what: str) -> None:
    content = TAKEN[what][1] if what in TAKEN else REFUSED[what][1]
    copy = Copy(64, 70)
    drawn = [shrink_any(content, copy)]
    drawn += [shrink(content, f"image/{kind}", copy) for kind in ("png", "jpeg", "webp", "gif")]
    for each in drawn:
        assert bool(each.uri) != bool(each.reason)
        assert max(each.width, each.height) <= 64
        assert len(each.uri) < 20_000
