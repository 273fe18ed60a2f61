"""Promise 1: a path that looks like one of the catalog's, and leads elsewhere or to no file."""

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogsync.manifest.paths import Opener
from catalogsync.manifest.words import Unfit
from tests.cli.conftest import Run, write
from tests.cli.test_errors import program
from tests.manifest.test_lfs_and_git import git
from tests.safety.attack import refused_by_all
from tests.safety.canary import CONTENTS, Recorder, seen

FOLDER = "models/ink-heroes"
MANIFEST = f"{FOLDER}/model.yaml"
NAMED = """\
name: Ink Heroes
type: custom
thumbnail: {name}.png
examples:
  - {name}.png
  - {{glob: "{name}.pn?"}}
description: {{file: {name}.md}}
promptGuide: "![x]({name}.png)"
"""
PLACES = [f"{MANIFEST}:{line}" for line in (3, 5, 6, 7, 8)]

Make = Callable[[Path, Path], object]
"""Puts something at a path; the other one leads to a file outside that holds the canary."""


def link_inside(path: Path, outside: Path) -> None:
    """A link to another file of the catalog."""
    other = path.with_name(f"real{path.suffix}")
    other.write_bytes(CONTENTS[path.suffix])
    path.symlink_to(other.name)


def link_to_itself(path: Path, outside: Path) -> None:
    """A link that leads nowhere, for ever."""
    path.symlink_to(path.name)


def links_in_a_circle(path: Path, outside: Path) -> None:
    """Two links that lead to each other."""
    path.symlink_to(f"other-{path.name}")
    path.with_name(f"other-{path.name}").symlink_to(path.name)


def chain(path: Path, outside: Path) -> None:
    """A link to a link to a file outside."""
    path.with_name(f"next-{path.name}").symlink_to(outside)
    path.symlink_to(f"next-{path.name}")


def listening(path: Path, outside: Path) -> None:
    """A socket; its path must be short."""
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def device(place: str) -> Make:
    """A link to what is no file at all."""
    return lambda path, outside: path.symlink_to(place)


IN_PLACE_OF_A_FILE: dict[str, tuple[Make, str]] = {
    "a link to a file outside": (lambda path, outside: path.symlink_to(outside), "is a link"),
    "a relative link outside": (
        lambda path, outside: path.symlink_to(os.path.relpath(outside, path.parent)),
        "is a link",
    ),
    "a link to a file inside": (link_inside, "is a link"),
    "a link to a link": (chain, "is a link"),
    "a link to itself": (link_to_itself, "is a link"),
    "links in a circle": (links_in_a_circle, "is a link"),
    "a dangling link": (device("nowhere"), "is a link"),
    "a link to the environment": (device("/proc/self/environ"), "is a link"),
    "a link to the input": (device("/dev/stdin"), "is a link"),
    "a link to an endless device": (device("/dev/zero"), "is a link"),
    "a link to a descriptor": (device("/proc/self/fd/0"), "is a link"),
    "a link to a folder": (device("/etc"), "is a link"),
    "a FIFO": (lambda path, outside: os.mkfifo(path), "is no regular file"),
    "a socket": (listening, "cannot be opened"),
    "a folder": (lambda path, outside: path.mkdir(), "is a folder|no file matches"),
    "nothing": (lambda path, outside: None, "is not there|no file matches"),
}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the catalog with files that would be fine, and are a secret."""
    folder = tmp_path / "outside"
    folder.mkdir()
    for ending, content in CONTENTS.items():
        (folder / f"x{ending}").write_bytes(content)
    (tmp_path / "made").mkdir()
    return folder


@pytest.mark.parametrize("versioned", [False, True], ids=["a folder", "a clone"])
@pytest.mark.parametrize("what", IN_PLACE_OF_A_FILE)
def test_what_is_no_file_of_the_catalog_is_refused_on_its_line(
    cli: Run, catalog: Path, recorder: Recorder, outside: Path, what: str, versioned: bool
) -> None:
    make, said = IN_PLACE_OF_A_FILE[what]
    for ending in CONTENTS:
        make(catalog / FOLDER / f"x{ending}", outside / f"x{ending}")
    write(catalog / MANIFEST, NAMED.format(name="x"))
    if versioned:
        git(catalog, "init", "-q")
        git(catalog, "add", "-A")
    told = refused_by_all(cli, catalog, recorder, outside.parent / "made", PLACES)
    for part in said.split("|"):
        assert part in told


ON_THE_WAY: dict[str, Make] = {
    "a link to a folder outside": lambda folder, outside: folder.symlink_to(outside),
    "a link to the folder itself": lambda folder, outside: folder.symlink_to("."),
    "a link to the folder above": lambda folder, outside: folder.symlink_to(".."),
    "a link to where the process is": lambda folder, outside: folder.symlink_to("/proc/self/cwd"),
    "a link to the root": lambda folder, outside: folder.symlink_to("/"),
}


@pytest.mark.parametrize("what", ON_THE_WAY)
def test_no_link_on_the_way_is_followed(
    cli: Run, catalog: Path, recorder: Recorder, outside: Path, what: str
) -> None:
    ON_THE_WAY[what](catalog / FOLDER / "way", outside)
    for place in (catalog / FOLDER, catalog / "models", outside.parent):
        for ending, content in CONTENTS.items():
            (place / f"x{ending}").write_bytes(content)
    write(catalog / MANIFEST, NAMED.format(name="way/x"))
    told = refused_by_all(cli, catalog, recorder, outside.parent / "made", PLACES)
    assert '"way" is a link' in told


UNTRACKED: dict[str, tuple[tuple[str, ...], str]] = {
    "a new file": ((), ""),
    "an ignored file": ((), "/models/ink-heroes/x.*\n"),
    "a file that was taken out": (
        ("rm", "-q", "--cached", f"{FOLDER}/x.png", f"{FOLDER}/x.md"),
        "",
    ),
}


@pytest.mark.parametrize("what", UNTRACKED)
def test_in_a_clone_what_git_does_not_track_is_refused(
    cli: Run, catalog: Path, recorder: Recorder, outside: Path, what: str
) -> None:
    command, ignored = UNTRACKED[what]
    write(catalog / MANIFEST, NAMED.format(name="x"))
    write(catalog / ".gitignore", ignored)
    git(catalog, "init", "-q")
    if not command:
        git(catalog, "add", "-A")
    for ending, content in CONTENTS.items():
        (catalog / FOLDER / f"x{ending}").write_bytes(content)
    if command:
        git(catalog, "add", "-A")
        git(catalog, *command)
    told = refused_by_all(cli, catalog, recorder, outside.parent / "made", PLACES)
    assert "not tracked by Git" in told


def test_in_a_clone_what_a_submodule_holds_is_refused(
    cli: Run, catalog: Path, recorder: Recorder, outside: Path
) -> None:
    write(catalog / MANIFEST, NAMED.format(name="sub/x"))
    outside.rename(catalog / FOLDER / "sub")
    for place in (catalog / FOLDER / "sub", catalog):
        git(place, "init", "-q")
        git(place, "add", "-A")
        git(place, "commit", "-q", "-m", "x")
    told = refused_by_all(cli, catalog, recorder, outside.parent / "made", PLACES)
    assert "not tracked by Git" in told


def test_a_real_device_is_no_file() -> None:
    with Opener("/dev") as opener:
        for name in ("zero", "null", "tty"):
            with pytest.raises(Unfit, match=r"is no regular file|cannot be opened"):
                opener.open((name,))


def test_real_processes_neither_follow_a_link_nor_wait_for_a_fifo(
    catalog: Path, outside: Path
) -> None:
    (catalog / FOLDER / "x.png").symlink_to(outside / "x.png")
    os.mkfifo(catalog / FOLDER / "x.md")
    write(catalog / MANIFEST, NAMED.format(name="x"))
    for command in ("validate", "plan"):
        done = subprocess.run(program(command, catalog), capture_output=True, timeout=60)
        assert done.returncode == 1
        assert b'"x.png" is a link' in done.stdout + done.stderr
        assert b'x.md" is no regular file' in done.stdout + done.stderr
        assert not seen(done.stdout + done.stderr)


def test_a_hard_link_is_the_file_itself_and_must_be_a_picture_and_tracked(
    cli: Run, catalog: Path, recorder: Recorder, outside: Path
) -> None:
    """No system call tells a hard link from a file: docs/reliability.md says what that means."""
    (outside / "secret.txt").write_bytes(CONTENTS[".md"])
    for name in ("x.png", "x.md"):
        os.link(outside / "secret.txt", catalog / FOLDER / name)
    write(catalog / MANIFEST, "name: Ink Heroes\ntype: custom\nthumbnail: x.png\n")
    git(catalog, "init", "-q")
    place = [f"{MANIFEST}:3"]
    told = refused_by_all(cli, catalog, recorder, outside.parent / "made", place)
    assert "not tracked by Git" in told
    git(catalog, "add", "-A")
    told = refused_by_all(cli, catalog, recorder, outside.parent / "made", place)
    assert "the .png file holds something else" in told


def test_the_canaries_would_be_taken(cli: Run, catalog: Path, recorder: Recorder) -> None:
    """What these tables look for is found where nothing is in its way."""
    for ending, content in CONTENTS.items():
        (catalog / FOLDER / f"x{ending}").write_bytes(content)
    write(catalog / MANIFEST, NAMED.format(name="x").replace('  - {glob: "x.pn?"}\n', ""))
    assert cli("apply", catalog, "--yes").code == 0
    assert seen(recorder.taken())


WRITERS = {
    "plan": ("--out", "--json-into", "--markdown", "--html"),
    "apply": ("--json-into", "--markdown", "--html"),
    "snapshot": ("--out",),
}


@pytest.mark.parametrize(
    "target", ["../outside/kept.txt", "/proc/self/cwd/outside/kept.txt", "../new"]
)
@pytest.mark.parametrize(
    ("command", "option"), [(name, option) for name, each in WRITERS.items() for option in each]
)
def test_no_result_is_written_where_a_link_of_the_checkout_leads(
    cli: Run,
    catalog: Path,
    recorder: Recorder,
    outside: Path,
    command: str,
    option: str,
    target: str,
) -> None:
    (outside / "kept.txt").write_text("kept")
    (catalog / "result").symlink_to(target)
    recorder.taken()
    found = cli(command, catalog, option, catalog / "result", env={"CATALOG_SYNC_YES": "1"})
    assert found.code == 64
    assert f"{option}: {catalog}/result is a link to another folder" in found.err
    assert (outside / "kept.txt").read_text() == "kept"
    assert not (outside.parent / "new").exists()
    assert recorder.taken() == b""
