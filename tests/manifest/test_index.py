"""What Git has staged of a model, as a digest: of contents, and of nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from catalogsync.manifest.index import Index, as_staged

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


def staged(root: Path) -> Index:
    index = as_staged(root)
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
def test_a_model_has_another_state_by_anything_that_is_staged(
    folder: Folder, edit: Callable[[Path], object]
) -> None:
    before = staged(folder.root).state("oil")
    edit(folder.root)
    git(folder.root, "add", "-A")
    assert staged(folder.root).state("oil") != before


def test_a_model_has_the_same_state_in_every_checkout(folder: Folder, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", f"file://{folder.root}", "other")
    folder.write("models/ink/model.yaml", MODEL + "tags: [x]\n")
    commit(folder)
    here, there = staged(folder.root), staged(tmp_path / "other")
    assert here.unchanged == there.unchanged == {"ink", "oil"}
    assert here.state("oil") == there.state("oil")
    assert here.state("ink") != there.state("ink")


@pytest.mark.parametrize("edit", list(EDITS.values())[:2], ids=list(EDITS)[:2])
def test_what_is_not_as_it_was_staged_is_no_unchanged_model(
    folder: Folder, edit: Callable[[Path], object]
) -> None:
    edit(folder.root)
    assert staged(folder.root).unchanged == {"ink"}


def test_settings_that_are_not_as_they_were_staged_leave_nothing_known(folder: Folder) -> None:
    EDITS["other settings"](folder.root)
    assert as_staged(folder.root) is None


def test_names_that_are_strange_are_those_of_their_own_folders(folder: Folder) -> None:
    """No name of a file makes Git's lines look like those of another folder."""
    folder.write("models/we\tmodels/oil/model.yaml", MODEL)
    folder.write("models/oil/a\tmodels/ink/model.yaml", MODEL)
    folder.write("models/flat\tmodels.yaml", MODEL)
    git(folder.root, "add", "-A")
    index = staged(folder.root)
    assert set(index.folders) == {"ink", "oil", "we\tmodels"}
    assert index.unchanged == {"ink", "oil"}
    assert b"flat" in index.others


def test_without_a_repository_nothing_is_known(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "alone")
    folder.write("models/ink/model.yaml", MODEL)
    assert as_staged(folder.root) is None
