"""Folders of which Git knows that nothing in them differs from a commit, and nothing else."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogsync.manifest import load
from catalogsync.manifest.commit import load_beside, load_commit, unchanged_since

from .support import MODEL, Folder, png
from .test_commit import commit, git

ALL = {"ink", "oil", "pen"}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Three models in folders of their own, of which the first refers to the second; committed."""
    folder = Folder(tmp_path / "clone")
    git(folder.root, "init", "-q", "-b", "main")
    for key in sorted(ALL):
        folder.write(f"models/{key}/model.yaml", MODEL.replace("Ink", key.title()))
        folder.write(f"models/{key}/images/1.png", png(mark=key))
    folder.write("models/ink/model.yaml", MODEL + "description: '{model:oil}'\n")
    commit(folder)
    return folder


def unchanged(folder: Folder) -> set[str]:
    return set(unchanged_since(folder.root, "HEAD").keys)


def replaced(root: Path) -> None:
    """A picture of the same size, and of the same times as far as they can be set."""
    path = root / "models/oil/images/1.png"
    before = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def link(root: Path) -> None:
    path = root / "models/oil/images/1.png"
    path.rename(root / "elsewhere.png")
    path.symlink_to("../../../elsewhere.png")


EDITS: dict[str, Callable[[Path], object]] = {
    "another text": lambda root: (root / "models/oil/model.yaml").write_text(MODEL + "tags: [x]\n"),
    "another picture": replaced,
    "a picture less": lambda root: (root / "models/oil/images/1.png").unlink(),
    "a picture more": lambda root: (
        (root / "models/oil/images/2.png").write_bytes(png(mark="2")),
        git(root, "add", "-A"),
    ),
    "a link in place of a picture": link,
    "not tracked any more": lambda root: git(root, "rm", "-q", "--cached", "-r", "models/oil"),
    "committed since": lambda root: (
        git(root, "tag", "before"),
        (root / "models/oil/model.yaml").write_text(MODEL),
        git(root, "commit", "-q", "-a", "-m", "x"),
    ),
}


def test_where_nothing_was_edited_nothing_differs(folder: Folder) -> None:
    assert unchanged(folder) == ALL


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_folder_differs_by_anything_that_is_tracked_in_it(
    folder: Folder, edit: Callable[[Path], object]
) -> None:
    edit(folder.root)
    tagged = git(folder.root, "tag", "--list", "before")
    assert set(unchanged_since(folder.root, tagged or "HEAD").keys) == ALL - {"oil"}


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_where_git_does_not_look_nothing_is_known(folder: Folder, flag: str) -> None:
    git(folder.root, "update-index", flag, "models/pen/model.yaml")
    (folder.root / "models/pen/model.yaml").write_text(MODEL + "tags: [x]\n")
    assert unchanged(folder) == set()


def touched_with_the_index(root: Path) -> None:
    """Let Git not know by stamps whether files have changed since it looked."""
    for path in (root / "models").rglob("*.*"):
        os.utime(path, (2_000_000_000, 2_000_000_000))
    git(root, "update-index", "-q", "--refresh")
    os.utime(root / ".git/index", (2_000_000_000, 2_000_000_000))


def test_contents_are_compared_without_the_filters_of_the_clone(
    folder: Folder, tmp_path: Path
) -> None:
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\necho x >{tmp_path}/ran\ncat\n")
    evil.chmod(0o755)
    touched_with_the_index(folder.root)
    for name in ("clean", "smudge", "process"):
        git(folder.root, "config", f"filter.evil.{name}", str(evil))
    git(folder.root, "config", "filter.evil.required", "true")
    folder.write(".gitattributes", "* filter=evil\n")
    assert unchanged(folder) == ALL
    assert not (tmp_path / "ran").exists()


def test_a_filter_that_cannot_stand_aside_leaves_nothing_known(folder: Folder) -> None:
    git(folder.root, "config", "filter.a=b.clean", "cat")
    assert unchanged(folder) == set()


@pytest.mark.parametrize("more", ["defaults: {tags: [x]}\n", "policy: {maxDelete: 9}\n"])
def test_another_catalog_file_may_change_every_model(folder: Folder, more: str) -> None:
    with (folder.root / "catalog.yaml").open("a") as file:
        file.write(more)
    assert unchanged(folder) == set()


def test_what_did_not_change_is_not_asked_of_git_again(folder: Folder) -> None:
    """Git need not even have it: a clone may lack what it never needed."""
    before = load_commit(folder.root, "HEAD").catalog
    (folder.root / "models/ink/model.yaml").write_text(MODEL + "description: '{model:oil} x'\n")
    blob = git(folder.root, "rev-parse", "HEAD:models/oil/model.yaml")
    (folder.root / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    now = load(folder.root)
    assert load_beside(folder.root, "HEAD", now).catalog == before


def test_a_folder_that_is_called_as_a_manifest_is_another_model(folder: Folder) -> None:
    folder.write("models/oil.yaml/model.yaml", MODEL.replace("Ink", "Oil as well"))
    commit(folder)
    before = load_commit(folder.root, "HEAD").catalog
    (folder.root / "models/oil.yaml/model.yaml").write_text(MODEL + "tags: [x]\n")
    assert unchanged(folder) == ALL
    assert load_beside(folder.root, "HEAD", load(folder.root)).catalog == before


def test_a_glob_finds_what_did_not_change_at_the_commit(folder: Folder) -> None:
    folder.write(
        "models/flat.yaml", MODEL.replace("Ink", "Flat") + "examples: [{glob: '*/images/*'}]\n"
    )
    commit(folder)
    before = load_commit(folder.root, "HEAD").catalog
    (folder.root / "models/oil/model.yaml").write_text(MODEL + "tags: [x]\n")
    assert load_beside(folder.root, "HEAD", load(folder.root)).catalog == before


def alone(folder: Folder) -> set[str]:
    return set(unchanged_since(folder.root, "HEAD").alone)


def test_models_that_share_an_asset_with_one_that_changed_are_not_alone(folder: Folder) -> None:
    assert alone(folder) == ALL
    folder.write("models/ink/images/new.png", png(mark="oil"))
    git(folder.root, "add", "-A")
    assert alone(folder) == {"pen"}


def test_an_empty_file_that_keeps_a_folder_is_no_asset(folder: Folder) -> None:
    for key in ALL:
        folder.write(f"models/{key}/images/.gitkeep", "")
    commit(folder)
    (folder.root / "models/oil/model.yaml").write_text(MODEL + "tags: [x]\n")
    assert alone(folder) == ALL - {"oil"}


def test_models_that_share_an_asset_with_one_without_a_folder_are_not_alone(folder: Folder) -> None:
    folder.write("models/flat.png", png(mark="pen"))
    folder.write("models/flat.yaml", MODEL.replace("Ink", "Flat") + "thumbnail: flat.png\n")
    commit(folder)
    assert alone(folder) == {"ink", "oil"}


def test_where_git_does_not_know_a_picture_no_model_is_alone(folder: Folder) -> None:
    folder.write("models/ink/images/1.png", png(mark="oil"))
    assert unchanged(folder) == {"oil", "pen"}
    assert alone(folder) == set()
    git(folder.root, "add", "-A")
    assert alone(folder) == {"pen"}


def test_a_text_that_was_not_staged_leaves_others_alone(folder: Folder) -> None:
    folder.write("models/ink/model.yaml", MODEL + "tags: [x]\n")
    assert alone(folder) == {"oil", "pen"}


def test_a_model_whose_manifest_has_the_other_name_is_not_alone(folder: Folder) -> None:
    """The folders of those that are are not looked into."""
    manifest = folder.root / "models/pen/model.yaml"
    manifest.rename(manifest.with_suffix(".yml"))
    commit(folder)
    assert unchanged(folder) == ALL
    assert alone(folder) == {"ink", "oil"}
    catalog = load(folder.root, outlined=frozenset(alone(folder)))
    assert {spec.key for spec in catalog.models} == ALL
