"""Promises 1 and 9: reading a catalog runs no program that a repository or its files name."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Result, Run, write
from tests.manifest.test_commit import git
from tests.safety.canary import CONTENTS, Recorder, seen

FOLDER = "models/ink-heroes"
MANIFEST = f"{FOLDER}/model.yaml"

Attack = Callable[[Path, str], object]
"""Makes a repository, in whose work tree the catalog is, name a program wherever it can."""


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    """A program that leaves a file when it is run."""
    path = tmp_path / "bin-of-others/evil"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\necho x >{tmp_path}/ran\n/bin/cat\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def clone(catalog: Path) -> Path:
    """The catalog as a clone with one commit."""
    git(catalog, "init", "-q", "-b", "main")
    git(catalog, "add", "-A")
    git(catalog, "commit", "-q", "-m", "x")
    return catalog


def settings(*names: str) -> Attack:
    """Settings that name a program."""

    def attack(clone: Path, evil: str) -> None:
        for name in names:
            git(clone, "config", name, evil)

    return attack


def hooks(clone: Path, evil: str) -> None:
    """Every hook that Git knows."""
    git(clone, "config", "core.hooksPath", ".")
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"):
        for folder in (clone / ".git/hooks", clone):
            folder.mkdir(exist_ok=True)
            shutil.copy(evil, folder / name)


def filters(clone: Path, evil: str) -> None:
    """Filters and drivers for every file."""
    write(clone / ".gitattributes", "* filter=evil diff=evil merge=evil working-tree-encoding=x\n")
    for name in ("clean", "smudge", "process"):
        git(clone, "config", f"filter.evil.{name}", evil)
    git(clone, "config", "filter.evil.required", "true")
    git(clone, "config", "diff.evil.textconv", evil)
    git(clone, "config", "diff.evil.command", evil)
    git(clone, "config", "merge.evil.driver", evil)


def includes(clone: Path, evil: str) -> None:
    """The settings in another file, which belongs to the catalog."""
    git(clone, "config", "-f", "settings", "core.fsmonitor", evil)
    git(clone, "config", "include.path", "../settings")


def lacks_objects(clone: Path, evil: str) -> None:
    """A partial clone that fetches what it lacks by a program."""
    git(clone, "config", "extensions.partialClone", "origin")
    git(clone, "config", "remote.origin.promisor", "true")
    git(clone, "config", "remote.origin.url", f"ext::{evil}")
    git(clone, "config", "protocol.ext.allow", "always")
    git(clone, "config", "core.sshCommand", evil)
    blob = git(clone, "rev-parse", "HEAD:catalog.yaml")
    (clone / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()


ATTACKS: dict[str, Attack] = {
    "a program that watches files": settings("core.fsmonitor"),
    "programs for transports, pagers and questions": settings(
        "core.sshCommand",
        "core.gitProxy",
        "core.pager",
        "core.editor",
        "core.askPass",
        "credential.helper",
        "gpg.program",
        "diff.external",
        "core.alternateRefsCommand",
        "uploadpack.packObjectsHook",
        "pager.ls-files",
        "sequence.editor",
        "trailer.x.cmd",
    ),
    "aliases of what is asked": settings(
        "alias.ls-files", "alias.rev-parse", "alias.cat-file", "alias.ls-tree"
    ),
    "hooks": hooks,
    "filters": filters,
    "an included file": includes,
    "objects that would be fetched": lacks_objects,
}


def readings(cli: Run, catalog: Path) -> list[Result]:
    """Every way to read a catalog with the help of Git."""
    ways = (("validate",), ("plan",), ("plan", "--against", "git:HEAD"))
    return [cli(name, catalog, *options, "--no-cache") for name, *options in ways]


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_program_that_the_settings_name_is_run(
    cli: Run, clone: Path, evil: Path, tmp_path: Path, attack: Attack
) -> None:
    attack(clone, str(evil))
    codes = [found.code for found in readings(cli, clone)]
    assert codes == [0, 0, 1 if attack is lacks_objects else 0]
    assert not (tmp_path / "ran").exists()


def bare(folder: Path, **config: str) -> None:
    """Turn a folder into a repository as Git looks for one, by files that a commit may hold."""
    git(folder.parent, "init", "-q", "--bare", str(folder))
    shutil.rmtree(folder / "hooks", ignore_errors=True)
    (folder / "refs/keep").write_text("")
    for name, value in config.items():
        git(folder, "--git-dir=.", "config", name.replace("_", "."), value)


def test_a_repository_among_the_files_does_not_say_what_is_tracked(
    cli: Run, clone: Path, evil: Path, tmp_path: Path, recorder: Recorder
) -> None:
    """A folder with HEAD, objects and refs is a repository to Git, with settings and an index."""
    (clone / FOLDER / "x.png").write_bytes(CONTENTS[".png"])
    write(clone / MANIFEST, "name: Ink Heroes\ntype: custom\nthumbnail: x.png\n")
    assert cli("validate", clone).code == 1
    bare(clone, core_bare="false", core_worktree=".", core_fsmonitor=str(evil))
    git(clone, "--git-dir=.", "--work-tree=.", "-c", "core.fsmonitor=", "add", FOLDER)
    assert (clone / "HEAD").is_file()
    (clone / ".git").rename(tmp_path / ".git")
    recorder.taken()
    for found in readings(cli, clone):
        assert found.code == 1
        assert not seen(found.out + found.err)
    assert recorder.taken() == b""
    assert not (tmp_path / "ran").exists()


def test_a_git_in_the_folder_of_the_catalog_is_not_run(
    cli: Run, clone: Path, evil: Path, tmp_path: Path
) -> None:
    for folder in (clone, clone / "bin", tmp_path):
        folder.mkdir(exist_ok=True)
        shutil.copy(evil, folder / "git")
    for path in (".", "", "bin", "./bin"):
        searched = f"{path}{os.pathsep}{os.environ['PATH']}"
        for name, *options in (("validate",), ("plan", "--against", "git:HEAD")):
            assert cli(name, clone, *options, "--no-cache", env={"PATH": searched}).code == 0
    assert not (tmp_path / "ran").exists()


def test_without_git_lfs_no_alias_stands_in_for_it(
    cli: Run, clone: Path, evil: Path, tmp_path: Path
) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 9\n"
    write(clone / FOLDER / "images/1.webp", pointer)
    git(clone, "config", "alias.lfs", f"!{evil}")
    only_git = tmp_path / "only-git"
    only_git.mkdir()
    (only_git / "git").symlink_to(shutil.which("git") or "")
    applied = cli("apply", clone, "--yes", "--lfs-pull", env={"PATH": str(only_git)})
    assert applied.code == 1
    assert "git-lfs is not installed" in applied.err
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("kind", ["refs/tags/", "refs/heads/", "refs/"])
def test_a_pushed_name_does_not_stand_before_the_branch_that_is_meant(
    cli: Run, clone: Path, kind: str
) -> None:
    """An offline plan against a commit of one's own choice would show no change."""
    git(clone, "update-ref", "refs/remotes/origin/main", "HEAD")
    for ref in ("origin/main", "origin/main~0"):
        assert cli("plan", clone, "--against", f"git:{ref}").code == 0
    git(clone, "update-ref", f"{kind}origin/main", "HEAD")
    for ref in ("origin/main", "origin/main~0"):
        found = cli("plan", clone, "--against", f"git:{ref}")
        assert found.code == 64
        assert " or " in found.err
        assert f"{kind}origin/main" in found.err
    assert cli("plan", clone, "--against", "git:refs/remotes/origin/main").code == 0
