"""A clone without its Git LFS objects: planned as it is, applied once they are there."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Run, write
from tests.cli.test_plan_and_apply import NOTHING, last_line

FILES = [f"art/models/ink-heroes/images/{name}" for name in ("1.webp", "2,a.webp", "3.webp")]


@pytest.fixture
def git_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user of Git and Git LFS with settings of their own."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (tmp_path / "home").mkdir()
    git(tmp_path, "config", "--global", "user.name", "x")
    git(tmp_path, "config", "--global", "user.email", "x@example.org")
    git(tmp_path, "lfs", "install", "--skip-repo")


def git(folder: Path, *arguments: str) -> str:
    """Run Git in a folder."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture
def clone(git_home: None, catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The catalog deep in a clone whose images are pointers; the remote is a local folder."""
    origin, work = tmp_path / "origin.git", tmp_path / "work"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(origin))
    git(tmp_path, "init", "-q", "-b", "main", str(work))
    catalog.rename(work / "art")
    images = work / "art/models/ink-heroes/images"
    (images / "2.webp").rename(images / "2,a.webp")
    for name in ("model.yaml", "description.md"):
        file = images.parent / name
        write(file, file.read_text().replace("images/2.webp", "images/2,a.webp"))
    manifest = images.parent / "model.yaml"
    listed = "[images/1.webp, images/2,a.webp, images/3.webp]"
    write(manifest, manifest.read_text().replace(listed, "[{glob: 'images/*.webp'}]"))
    git(work, "lfs", "track", "*.webp")
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", "x")
    git(work, "push", "-q", origin.as_uri(), "main")
    monkeypatch.setenv("GIT_LFS_SKIP_SMUDGE", "1")
    git(tmp_path, "clone", "-q", origin.as_uri(), "clone")
    return tmp_path / "clone"


def test_a_clone_without_objects_is_validated_and_planned(cli: Run, clone: Path) -> None:
    assert all((clone / file).stat().st_size < 200 for file in FILES)
    assert cli("validate", clone / "art").out == "No problems. 2 manifests, 3 files.\n"
    assert last_line(cli("plan", clone / "art").out) == (
        "Plan: 2 to create, 0 to update, 3 files to upload (114 B), 0 reorders, 0 to delete."
    )


def test_an_apply_names_all_pointers_and_the_command_before_it_writes(
    cli: Run, clone: Path
) -> None:
    applied = cli("apply", clone / "art", "--yes")
    assert applied.code == 1
    told = "a Git LFS pointer, the file itself is not here"
    for file in FILES:
        assert f"{file.removeprefix('art/')}:1:1: {told}\n" in applied.err
    assert "3 files to send cannot be opened; nothing was written" in applied.err
    assert "2 to create" in cli("plan", clone / "art").out
    _, _, command = applied.err.partition("what to do: run: ")
    command = command.removesuffix(" (or give --lfs-pull)\n")
    subprocess.run(["sh", "-c", command], check=True, capture_output=True)
    assert cli("apply", clone / "art", "--yes").code == 0


def test_an_apply_pulls_only_what_it_sends(cli: Run, clone: Path) -> None:
    manifest = clone / "art/models/ink-heroes/model.yaml"
    text = manifest.read_text()
    write(manifest, text.replace("{glob: 'images/*.webp'}", "images/1.webp"))
    applied = cli("apply", clone / "art", "--yes", "--lfs-pull")
    assert applied.code == 0
    here = [Path(clone / file).read_bytes().startswith(b"RIFF") for file in FILES]
    assert here == [True, True, False]  # 1 is an example, 2 is in the description
    write(manifest, text)
    assert "1 file to upload" in cli("plan", clone / "art").out
    assert cli("apply", clone / "art", "--yes", "--lfs-pull", "--json").code == 0
    assert last_line(cli("plan", clone / "art").out) == NOTHING


def test_a_plan_in_the_full_checkout_is_the_plan_in_the_one_without_objects(
    cli: Run, clone: Path
) -> None:
    lean = json.loads(cli("plan", clone / "art", "--json").out)
    git(clone, "lfs", "pull")
    full = json.loads(cli("plan", clone / "art", "--json").out)
    assert lean["digest"] == full["digest"]
    assert cli("apply", clone / "art", "--yes").code == 0


def test_objects_that_nobody_has_are_an_error(cli: Run, clone: Path, tmp_path: Path) -> None:
    (tmp_path / "origin.git/lfs").rename(tmp_path / "lost")
    applied = cli("apply", clone / "art", "--yes", "--lfs-pull")
    assert applied.code == 1
    assert "git lfs pull failed with exit code" in applied.err
    assert "2 to create" in cli("plan", clone / "art").out


def test_a_pull_that_brings_nothing_is_an_error(cli: Run, clone: Path) -> None:
    images = clone / "art/models/ink-heroes/images"
    pointer = (images / "3.webp").read_text()
    write(images / "4.webp", pointer.replace(pointer.split("sha256:")[1][:4], "0000"))
    git(clone, "add", "-A")
    applied = cli("apply", clone / "art", "--yes", "--lfs-pull")
    assert applied.code == 1
    assert "images/4.webp:1:1: a Git LFS pointer" in applied.err
    assert "git lfs pull did not bring them" in applied.err


def test_without_git_lfs_an_apply_says_what_to_install(
    cli: Run, clone: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    (bare / "git").symlink_to(shutil.which("git") or "")
    applied = cli("apply", clone / "art", "--yes", "--lfs-pull", env={"PATH": str(bare)})
    assert applied.code == 1
    assert "git-lfs is not installed" in applied.err
    assert "apt-get install git-lfs" in applied.err


def test_outside_a_clone_there_is_nothing_to_pull(cli: Run, clone: Path, tmp_path: Path) -> None:
    (clone / "art").rename(tmp_path / "art")
    applied = cli("apply", tmp_path / "art", "--yes", "--lfs-pull")
    assert applied.code == 1
    assert applied.err.count("a Git LFS pointer") == 3
    assert "copy the file itself here" in applied.err


def test_git_lfs_gets_no_credentials(cli: Run, clone: Path, tmp_path: Path) -> None:
    said = tmp_path / "said"
    git(clone, "config", "lfs.customtransfer.spy.path", "sh")
    git(clone, "config", "lfs.customtransfer.spy.args", f"-c 'env > {said}'")
    git(clone, "config", "lfs.standalonetransferagent", "spy")
    assert cli("apply", clone / "art", "--yes", "--lfs-pull").code == 1
    assert "PATH=" in said.read_text()
    assert "SCENARIO" not in said.read_text()


def test_an_offline_plan_needs_no_objects_either(cli: Run, clone: Path) -> None:
    planned = cli("plan", clone / "art", "--against", "git:origin/main", "--detailed-exitcode")
    assert (planned.code, last_line(planned.out)) == (0, NOTHING)
    git(clone, "lfs", "pull")
    planned = cli("plan", clone / "art", "--against", "git:origin/main", "--detailed-exitcode")
    assert (planned.code, last_line(planned.out)) == (0, NOTHING)


def test_ctrl_c_while_files_are_pulled_ends_at_once(cli: Run, clone: Path, tmp_path: Path) -> None:
    git(clone, "config", "lfs.customtransfer.slow.path", "sh")
    git(clone, "config", "lfs.customtransfer.slow.args", "-c 'kill -INT $(cat pid)'")
    git(clone, "config", "lfs.standalonetransferagent", "slow")
    (clone / "pid").write_text(str(os.getpid()))
    applied = cli("apply", clone / "art", "--yes", "--lfs-pull")
    assert applied.code == 130
    assert "Applied" not in applied.out
