"""Promises 1 and 2: what is put in a file's place after the plan is neither sent nor shown."""

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from catalogsync.sandbox import running
from tests.cli.conftest import Run, write
from tests.media import sound
from tests.safety.attack import Hook
from tests.safety.canary import CANARY, Recorder, left_in, painted, seen

FOLDER = "models/ink-heroes"
MANIFEST = """\
name: Ink Heroes
type: custom
thumbnail: images/1.png
examples: [images/2.png, images/3.png, long.wav]
"""
Swap = Callable[[Path, Path], object]
"""Changes what is below a model's folder; the other folder has files of the same names."""


def link_files(folder: Path, outside: Path) -> None:
    """Put links in the place of the files."""
    for number in (1, 2, 3):
        (folder / f"images/{number}.png").unlink()
        (folder / f"images/{number}.png").symlink_to(outside / f"images/{number}.png")
    (folder / "long.wav").unlink()
    (folder / "long.wav").symlink_to(outside / "long.wav")


def link_folder(folder: Path, outside: Path) -> None:
    """Put a link in the place of the folder of the pictures, and of the folder above it."""
    folder.rename(folder.with_name("moved"))
    folder.symlink_to(outside)


def other_files(folder: Path, outside: Path) -> None:
    """Put other files of the same size and time in their place."""
    for name in ("images/1.png", "images/2.png", "images/3.png", "long.wav"):
        before = (folder / name).stat()
        (outside / name).replace(folder / name)
        os.utime(folder / name, ns=(before.st_atime_ns, before.st_mtime_ns))


def written_into(folder: Path, outside: Path) -> None:
    """Write into the files, as editors do that keep the inode."""
    for name in ("images/1.png", "images/2.png", "images/3.png", "long.wav"):
        (folder / name).write_bytes((outside / name).read_bytes())


def fifos(folder: Path, outside: Path) -> None:
    """Put FIFOs in their place, which would be waited for."""
    for name in ("images/1.png", "images/2.png", "images/3.png", "long.wav"):
        (folder / name).unlink()
        os.mkfifo(folder / name)


SWAPS: dict[str, Swap] = {
    "links to files": link_files,
    "a link to a folder": link_folder,
    "other files of the same size and time": other_files,
    "the same files with another content": written_into,
    "FIFOs": fifos,
}


CODES = {"other files of the same size and time": 4, "the same files with another content": 4}
SAID = {1: "to send cannot be opened; nothing was written", 4: "changed after it was planned"}
"""What cannot be opened is told before anything is written; another content when it is due."""


@pytest.fixture
def swappable(catalog: Path, tmp_path: Path) -> Path:
    """A catalog, and a folder `outside` with other contents of the same sizes: the canary."""
    write(catalog / FOLDER / "model.yaml", MANIFEST)
    (catalog / "models/both.yaml").unlink()
    for top, mark in ((catalog / FOLDER, "-" * len(CANARY)), (tmp_path / "outside", CANARY)):
        (top / "images").mkdir(parents=True, exist_ok=True)
        for number in (1, 2, 3):
            shade = number * 20 + (120 if mark == CANARY else 0)
            (top / f"images/{number}.png").write_bytes(painted(shade, f"{number}{mark}"))
        # What is sent of it before its digest is known stays in an upload that is never completed.
        data = sound(5_000_000)
        end = mark[::-1].encode()
        (top / "long.wav").write_bytes(data[: -len(end)] + end)
    (tmp_path / "made").mkdir()
    return catalog


@pytest.mark.parametrize("what", SWAPS)
def test_what_was_swapped_after_the_plan_is_not_sent(
    cli: Run, swappable: Path, tmp_path: Path, what: str
) -> None:
    recorder = Recorder()
    hook = Hook("GET /models", lambda: SWAPS[what](swappable / FOLDER, tmp_path / "outside"))
    with running(tmp_path / "box", middleware=(hook, recorder)) as server:
        page = ("--html", tmp_path / "made/page.html")
        found = cli("apply", swappable, "--base-url", server.url, "--yes", "-vv", *page)
        sent = server.control.requests()
    assert hook.happened
    assert (found.code, SAID[found.code] in found.out + found.err) == (CODES.get(what, 1), True)
    assert not {"POST /assets", "POST /uploads/{}/action"} & set(sent)
    assert not seen(found.out + found.err)
    assert not seen(recorder.taken())
    assert not seen(left_in(tmp_path / "made"))
    assert not seen(left_in(tmp_path / "box"))


@pytest.mark.parametrize("swap", SWAPS.values(), ids=SWAPS)
def test_what_was_swapped_after_the_plan_is_not_shown(
    cli: Run, swappable: Path, tmp_path: Path, swap: Swap
) -> None:
    hook = Hook("GET /models", lambda: swap(swappable / FOLDER, tmp_path / "outside"))
    with running(tmp_path / "box", middleware=(hook,)) as server:
        page = tmp_path / "made/page.html"
        found = cli("plan", swappable, "--base-url", server.url, "--html", page)
    assert (found.code, hook.happened) == (0, True)
    assert "1.png" in page.read_text()
    assert pictures(page) == set()


def test_a_file_that_changes_while_it_is_sent_never_becomes_an_asset(
    cli: Run, swappable: Path, tmp_path: Path
) -> None:
    hook = Hook("PUT /parts/", lambda: written_into(swappable / FOLDER, tmp_path / "outside"))
    with running(tmp_path / "box", middleware=(hook,)) as server:
        found = cli("apply", swappable, "--base-url", server.url, "--yes", "--jobs", 1)
        sent = server.control.requests()
    assert hook.happened
    assert found.code == 4
    assert sent["POST /uploads/{}/action"] == 0
    assert "long.wav changed after it was planned" in found.out + found.err


def pictures(page: Path) -> set[str]:
    """The pictures that a page shows."""
    return set(re.findall(r"data:image/[^)\"]+", page.read_text()))


@contextmanager
def flipping(folder: Path, outside: Path) -> Iterator[list[int]]:
    """Put a link in the place of a folder, and the folder back, as fast as can be."""
    moved, stop, flips = folder.with_name("moved"), threading.Event(), [0]

    def flip() -> None:
        while not stop.is_set():
            folder.rename(moved)
            folder.symlink_to(outside)
            flips[0] += 1
            folder.unlink()
            moved.rename(folder)

    thread = threading.Thread(target=flip)
    thread.start()
    try:
        yield flips
    finally:
        stop.set()
        thread.join()


def test_no_race_between_looking_and_opening_is_won(
    cli: Run, swappable: Path, tmp_path: Path, recorder: Recorder
) -> None:
    images = swappable / FOLDER / "images"
    recorder.taken()
    told = ""
    assert cli("plan", swappable, "--html", tmp_path / "made/clean.html").code == 0
    with flipping(images, tmp_path / "outside/images") as flips:
        for number in range(8):
            page = tmp_path / f"made/{number}.html"
            told += "".join(str(cli("plan", swappable, "--no-cache", "--html", page)))
        for _ in range(4):
            told += str(cli("apply", swappable, "--no-cache", "--yes"))
    assert flips[0]
    assert not seen(told)
    assert not seen(recorder.taken())
    shown = [pictures(page) for page in (tmp_path / "made").glob("[0-9].html")]
    assert len(clean := pictures(tmp_path / "made/clean.html")) == 3
    assert set().union(*shown) <= clean


def test_the_canaries_would_be_sent(
    cli: Run, swappable: Path, tmp_path: Path, recorder: Recorder
) -> None:
    """What these tests look for is found where the files were swapped before the plan."""
    other_files(swappable / FOLDER, tmp_path / "outside")
    assert cli("apply", swappable, "--yes").code == 0
    assert seen(recorder.taken())
