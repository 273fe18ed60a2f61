"""Manifests without a folder stand alone in a catalog that holds no file but manifests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from catalogsync.errors import ManifestError
from catalogsync.manifest import completed, load
from catalogsync.manifest.commit import load_beside, load_commit, unchanged_since
from catalogsync.manifest.index import Index, Unchanged, compared_with

from .support import MODEL, Folder, png
from .test_commit import commit, git

ALL = frozenset({"ink", "oil", "pen", "wax"})
BUT_OIL = ALL - {"oil"}
NONE: frozenset[str] = frozenset()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Three manifests without a folder, of which one speaks of another, and one in a folder."""
    folder = Folder(tmp_path / "clone")
    git(folder.root, "init", "-q", "-b", "main")
    for key in sorted(ALL - {"ink"}):
        folder.write(f"models/{key}.yaml", MODEL.replace("Ink", key.title()))
    folder.write("models/wax.yaml", MODEL.replace("Ink", "Wax") + "description: '{model:oil}'\n")
    commit(folder)
    git(folder.root, "tag", "before")
    return folder


def unchanged(folder: Folder) -> Unchanged:
    return unchanged_since(folder.root, "before")


def index(folder: Folder) -> Index:
    found = compared_with(folder.root, "before")
    assert found
    return found


def edited(folder: Folder) -> None:
    folder.write("models/oil.yaml", MODEL + "tags: [x]\n")


def edited_and_committed(folder: Folder) -> None:
    edited(folder)
    commit(folder)


def gone(folder: Folder) -> None:
    (folder.root / "models/oil.yaml").unlink()


def not_tracked(folder: Folder) -> None:
    git(folder.root, "rm", "-q", "--cached", "models/oil.yaml")


def in_a_folder_now(folder: Folder) -> None:
    (folder.root / "models/oil").mkdir()
    (folder.root / "models/oil.yaml").rename(folder.root / "models/oil/model.yaml")
    git(folder.root, "add", "-A")


def of_another_extension(folder: Folder) -> None:
    (folder.root / "models/oil.yaml").rename(folder.root / "models/oil.yml")
    commit(folder)
    git(folder.root, "tag", "-f", "before")


def a_link(folder: Folder) -> None:
    (folder.root / "models/oil.yaml").unlink()
    (folder.root / "models/oil.yaml").symlink_to("pen.yaml")


def with_a_picture(folder: Folder) -> None:
    folder.write("models/oil.png", png())
    git(folder.root, "add", "-A")


def with_a_picture_as_before(folder: Folder) -> None:
    with_a_picture(folder)
    commit(folder)
    git(folder.root, "tag", "-f", "before")


def with_a_picture_in_a_folder(folder: Folder) -> None:
    folder.write("models/ink/images/1.png", png())
    git(folder.root, "add", "-A")


def with_a_text(folder: Folder) -> None:
    folder.write("models/oil.md", "# Oil\n")
    git(folder.root, "add", "-A")


def without_the_picture_that_was(folder: Folder) -> None:
    with_a_picture_as_before(folder)
    git(folder.root, "rm", "-q", "models/oil.png")


def with_what_is_hidden(folder: Folder) -> None:
    for path in ("models/.gitkeep", "models/ink/.gitkeep", "models/.hidden/1.png"):
        folder.write(path, "")
    commit(folder)
    git(folder.root, "tag", "-f", "before")
    folder.write("models/.gitkeep", "x")


def with_a_name_that_looks_like_two(folder: Folder) -> None:
    folder.write("models/a\tmodels/b.yaml", MODEL)
    commit(folder)
    git(folder.root, "tag", "-f", "before")


def with_a_name_that_looks_like_a_manifest(folder: Folder) -> None:
    folder.write("models/a\tmodels/model.yaml", MODEL)
    commit(folder)
    git(folder.root, "tag", "-f", "before")


CHANGES: list[tuple[Callable[[Folder], None], frozenset[str]]] = [
    (lambda folder: None, ALL),
    (edited, BUT_OIL),
    (edited_and_committed, BUT_OIL),
    (gone, BUT_OIL),
    (not_tracked, BUT_OIL),
    (in_a_folder_now, BUT_OIL),
    (of_another_extension, BUT_OIL),
    (a_link, BUT_OIL),
    (with_a_picture, frozenset({"ink"})),
    (with_a_picture_as_before, frozenset({"ink"})),
    (with_a_picture_in_a_folder, NONE),
    (with_a_text, frozenset({"ink"})),
    (without_the_picture_that_was, frozenset({"ink"})),
    (with_what_is_hidden, ALL),
    (with_a_name_that_looks_like_two, frozenset({"ink"})),
    (with_a_name_that_looks_like_a_manifest, frozenset({"ink", "a\tmodels"})),
]


@pytest.mark.parametrize(("change", "left"), CHANGES, ids=[c.__name__ for c, _ in CHANGES])
def test_a_manifest_is_unchanged_while_nothing_it_may_name_differs(
    folder: Folder, change: Callable[[Folder], None], left: frozenset[str]
) -> None:
    change(folder)
    # Where a picture is gone, nobody knows who else has it.
    alone = NONE if change is without_the_picture_that_was else left
    assert unchanged(folder) == Unchanged(left, alone)
    assert index(folder).states().keys() == left


def test_the_same_manifest_has_the_same_state_and_no_other(folder: Folder) -> None:
    before = index(folder).states()
    edited_and_committed(folder)
    git(folder.root, "tag", "-f", "before")
    after = index(folder).states()
    assert {key for key in ALL if before[key] != after[key]} == {"oil"}


def test_a_manifest_rests_as_long_as_it_is_not_touched(folder: Folder) -> None:
    places = [folder.root / "models/oil.yaml", folder.root / "catalog.yaml"]
    last = max(place.lstat().st_ctime_ns for place in places)
    assert index(folder).rests(folder.root, "oil", last + 1)
    assert not index(folder).rests(folder.root, "oil", last)


def test_what_did_not_change_is_not_asked_of_git_again(folder: Folder) -> None:
    """Git need not even have it: a clone may lack what it never needed."""
    before = load_commit(folder.root, "before").catalog
    edited(folder)
    for key in BUT_OIL - {"ink"}:
        blob = git(folder.root, "rev-parse", f"before:models/{key}.yaml")
        (folder.root / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    now = load(folder.root)
    assert load_beside(folder.root, "before", now).catalog == before


def test_what_was_outlined_is_completed_from_its_own_place(folder: Folder) -> None:
    outlined = load(folder.root, outlined=unchanged(folder).alone)
    assert outlined != load(folder.root)
    assert completed(folder.root, outlined, ALL) == load(folder.root)


def test_a_folder_of_the_same_name_that_git_does_not_know_is_not_taken_for_a_model(
    folder: Folder,
) -> None:
    folder.write("models/oil/notes.txt", "nobody does")
    keys = unchanged(folder).alone
    assert keys == ALL
    assert [spec.key for spec in load(folder.root, outlined=keys).models] == sorted(ALL)


def test_a_second_manifest_of_one_key_is_told(folder: Folder) -> None:
    folder.write("models/oil/model.yaml", MODEL.replace("Ink", "Oil"))
    commit(folder)
    git(folder.root, "tag", "-f", "before")
    assert any('the key "oil" is also that of' in told for told in folder.problems())
    with pytest.raises(ManifestError) as caught:
        load(folder.root, outlined=unchanged(folder).alone)
    assert [str(problem) for problem in caught.value.problems] == folder.problems()


def test_a_key_that_looks_like_the_name_of_a_manifest_is_another_model(folder: Folder) -> None:
    folder.write("models/oil.yaml.yaml", MODEL.replace("Ink", "Oil as well"))
    commit(folder)
    git(folder.root, "tag", "-f", "before")
    before = load_commit(folder.root, "before").catalog
    edited(folder)
    assert unchanged(folder).keys == BUT_OIL | {"oil.yaml"}
    assert load_beside(folder.root, "before", load(folder.root)).catalog == before
