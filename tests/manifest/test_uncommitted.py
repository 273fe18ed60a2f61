"""Which files hold something that no commit has, and would be lost if they were written over."""

from pathlib import Path

import pytest

from catalogsync.errors import CatalogSyncError
from catalogsync.manifest.uncommitted import uncommitted
from tests.manifest.test_commit import git

FILES = {("a.md",), ("folder", "b.md")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files in a folder."""
    (tmp_path / "folder").mkdir()
    for parts in FILES:
        tmp_path.joinpath(*parts).write_text("x\n")
    return tmp_path


@pytest.fixture
def clone(folder: Path) -> Path:
    """Two files that are committed."""
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")
    return folder


def test_what_is_committed_can_be_written_over(clone: Path) -> None:
    assert uncommitted(clone, FILES) == frozenset()
    (clone / "a.md").write_text("y\n")
    (clone / "c.md").write_text("new\n")
    assert uncommitted(clone, FILES | {("c.md",)}) == {("a.md",), ("c.md",)}


def test_without_a_repository_a_commit_or_a_git_nothing_can_be(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert uncommitted(folder, FILES) == FILES
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    assert uncommitted(folder, FILES) == FILES
    git(folder, "commit", "-q", "-m", "x")
    monkeypatch.setenv("PATH", str(folder / "nowhere"))
    assert uncommitted(folder, FILES) == FILES
    assert uncommitted(folder, ()) == frozenset()


def test_a_git_that_cannot_tell_is_an_error(clone: Path) -> None:
    (clone / ".git/index").write_bytes(b"broken")
    with pytest.raises(CatalogSyncError, match="git cannot tell what is committed"):
        uncommitted(clone, FILES)
