"""Files that cannot be sent: said on the line that names them, before anything is written."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import MODEL, Run, write
from tests.cli.test_plan_and_apply import writes
from tests.media import MEDIA, mp4, picture, sound

MANIFEST = "models/ink-heroes/model.yaml"
FOLDER = "models/ink-heroes"
Spoil = Callable[[Path], object]

FILES: dict[str, tuple[str, Spoil, str]] = {
    "an empty file": ("x.png", lambda path: path.write_bytes(b""), "the file is empty"),
    "a truncated PNG": (
        "x.png",
        lambda path: path.write_bytes(MEDIA["png"][:-20]),
        "the .png file is cut off",
    ),
    "text named .png": (
        "x.png",
        lambda path: path.write_text("a picture of a cat"),
        "the .png file holds something else",
    ),
    "a folder": ("x.png", lambda path: path.mkdir(), '"models/ink-heroes/x.png" is a folder'),
    "a FIFO": ("x.png", os.mkfifo, '"models/ink-heroes/x.png" is no regular file'),
    "a missing file": ("x.png", lambda path: None, '"x.png" is not there'),
    "a link": ("x.png", lambda path: path.symlink_to("images/1.webp"), '"x.png" is a link'),
    "a file of 0 parts": ("x.wav", lambda path: path.write_bytes(b""), "the file is empty"),
    "a video of 0 seconds": (
        "x.mp4",
        lambda path: path.write_bytes(mp4(b"isom", (b"vide",), 0)),
        "the .mp4 file plays for 0 seconds",
    ),
    "a sound of 0 seconds": (
        "x.wav",
        lambda path: path.write_bytes(sound(0)),
        "the .wav file plays for 0 seconds",
    ),
}


def refused_everywhere(cli: Run, catalog: Path, server: Any, *wanted: str) -> None:
    """Check that all commands say the same, and that the server saw no write."""
    server.control.forget_requests()
    for command, *options in (("validate",), ("plan",), ("apply", "--yes")):
        found = cli(command, catalog, *options)
        assert found.code == 1
        for line in wanted:
            assert line in found.out + found.err
    assert writes(server) == {}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_cannot_be_sent_is_told_on_its_line(
    cli: Run, catalog: Path, server: Any, what: str
) -> None:
    name, spoil, said = FILES[what]
    spoil(catalog / FOLDER / name)
    text = MODEL.replace("examples: [", f"examples:\n  - images/1.webp\n  - {name}\nignored: [")
    write(catalog / MANIFEST, text[: text.index("ignored")])
    refused_everywhere(
        cli, catalog, server, f'{MANIFEST}:10:5: examples[1]: "{name}": {said}', "1 problem"
    )


def test_a_thumbnail_that_is_none_is_told_on_its_line(cli: Run, catalog: Path, server: Any) -> None:
    (catalog / FOLDER / "x.wav").write_bytes(MEDIA["wav"])
    write(catalog / MANIFEST, MODEL.replace("thumbnail: images/1.webp", "thumbnail: x.wav"))
    line = f'{MANIFEST}:7:12: thumbnail: "x.wav" is not an image (audio)'
    refused_everywhere(cli, catalog, server, line)


def test_duplicate_examples_are_told_on_their_line(cli: Run, catalog: Path, server: Any) -> None:
    content = (catalog / FOLDER / "images/1.webp").read_bytes()
    (catalog / FOLDER / "images/9.webp").write_bytes(content)
    write(catalog / MANIFEST, MODEL.replace("images/3.webp]", "images/9.webp]"))
    line = f'{MANIFEST}:8:42: examples[2]: the same content ("9.webp") is there twice'
    refused_everywhere(cli, catalog, server, line)


@pytest.mark.parametrize("how", ["named", "by a glob", "by two globs"])
def test_151_examples_are_too_many(cli: Run, catalog: Path, server: Any, how: str) -> None:
    many = catalog / FOLDER / "many"
    many.mkdir()
    for number in range(151):
        (many / f"{number}.png").write_bytes(picture("PNG", (number + 1, 1)))
    examples = {
        "named": ", ".join(f"many/{number}.png" for number in range(151)),
        "by a glob": "{glob: 'many/*.png'}",
        "by two globs": "{glob: 'many/?.png'}, {glob: 'many/??*.png'}",
    }
    text = MODEL[: MODEL.index("examples:")] + f"examples: [{examples[how]}]\n"
    write(catalog / MANIFEST, text)
    refused_everywhere(cli, catalog, server, f"{MANIFEST}:8:", "examples", "151", "150")
