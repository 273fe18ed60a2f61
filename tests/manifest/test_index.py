"""What Git has of a model, as a digest: of contents, and of nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from catalogsync.manifest.index import Index, compared_with

from .support import MODEL, Folder, png
from .test_commit import commit, git


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Two models in folders of their own with a picture each, committed."""
    folder = Folder(tmp_path / "clone")
    git(folder.root, "init", "-q", "-b", "main")
    for key in ("ink", "oil"):
        folder.write(f"models/{key}/model.yaml", MODEL.replace("Ink", key.title()))
        folder.write(f"models/{key}/images/1.png", png(mark=key))
    commit(folder)
    return folder


def known(root: Path) -> Index:
    index = compared_with(root, "HEAD")
    assert index is not None
    return index


EDITS: dict[str, Callable[[Path], object]] = {
    "another text": lambda root: (root / "models/oil/model.yaml").write_text(MODEL + "tags: [x]\n"),
    "another picture": lambda root: (root / "models/oil/images/1.png").write_bytes(png(mark="2")),
    "another name": lambda root: (root / "models/oil/images/1.png").rename(
        root / "models/oil/images/2.png"
    ),
    "a picture more": lambda root: (root / "models/oil/2.png").write_bytes(png(mark="2")),
    "a picture less": lambda root: (root / "models/oil/images/1.png").unlink(),
    "other settings": lambda root: (root / "catalog.yaml").write_text(
        (root / "catalog.yaml").read_text() + "ignoreTags: [x]\n"
    ),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_model_has_another_state_by_anything_that_is_committed(
    folder: Folder, edit: Callable[[Path], object]
) -> None:
    before = known(folder.root)
    edit(folder.root)
    commit(folder)
    after = known(folder.root)
    assert after.states()["oil"] != before.states()["oil"]


def test_a_model_has_the_same_state_in_every_checkout(folder: Folder, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", f"file://{folder.root}", "other")
    folder.write("models/ink/model.yaml", MODEL + "tags: [x]\n")
    commit(folder)
    here, there = known(folder.root).states(), known(tmp_path / "other").states()
    assert here.keys() == there.keys() == {"ink", "oil"}
    assert here["oil"] == there["oil"]
    assert here["ink"] != there["ink"]


@pytest.mark.parametrize("edit", list(EDITS.values())[:5], ids=list(EDITS)[:5])
def test_what_is_not_committed_has_no_state(folder: Folder, edit: Callable[[Path], object]) -> None:
    edit(folder.root)
    git(folder.root, "add", "-A")
    assert set(known(folder.root).states()) == {"ink"}


def test_settings_that_are_not_committed_leave_nothing_known(folder: Folder) -> None:
    EDITS["other settings"](folder.root)
    assert compared_with(folder.root, "HEAD") is None


def test_names_that_are_strange_are_those_of_their_own_folders(folder: Folder) -> None:
    """No name of a file makes Git's lines look like those of another folder."""
    folder.write("models/we\tmodels/oil/model.yaml", MODEL)
    folder.write("models/oil/a\tmodels/ink/model.yaml", MODEL)
    folder.write("models/flat\tmodels.yaml", MODEL)
    commit(folder)
    index = known(folder.root)
    assert set(index.own) == {"ink", "oil", "we\tmodels"}
    assert index.unchanged().keys == set(index.states()) == {"ink", "oil"}
    assert b"flat" in index.others


def test_a_model_rests_as_long_as_none_of_its_files_is_touched(folder: Folder) -> None:
    index = known(folder.root)
    oil = folder.root / "models/oil"
    places = [oil, *oil.rglob("*"), folder.root / "catalog.yaml"]
    last = max(place.lstat().st_ctime_ns for place in places)
    assert index.rests(folder.root, "oil", last + 1)
    assert not index.rests(folder.root, "oil", last)
    (oil / "images/2.png").write_bytes(png(mark="2"))
    (oil / "images/2.png").unlink()
    assert not index.rests(folder.root, "oil", last + 1)
    (oil / "images/1.png").unlink()
    assert not index.rests(folder.root, "oil", last + 10**12)


def test_without_a_repository_nothing_is_known(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "alone")
    folder.write("models/ink/model.yaml", MODEL)
    assert compared_with(folder.root, "HEAD") is None


def test_without_a_commit_nothing_is_known(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "new")
    folder.write("models/ink/model.yaml", MODEL)
    git(folder.root, "init", "-q")
    git(folder.root, "add", "-A")
    assert compared_with(folder.root, "HEAD") is None
