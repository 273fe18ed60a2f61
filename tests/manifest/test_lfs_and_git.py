"""Git LFS pointers stand for their files, and Git says which files may be uploaded."""

import os
import subprocess
from pathlib import Path

import pytest

from catalogsync.errors import FileChanged
from catalogsync.manifest import open_file
from catalogsync.manifest.lfs import pull_command
from catalogsync.model import AssetKind

from .support import Folder, png, pointer


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def test_a_pointer_stands_for_its_file(folder: Folder) -> None:
    folder.write("models/ink/x.webp", pointer("cd" * 32, 98765))
    folder.model("thumbnail: x.webp\n")
    catalog = folder.load()
    asset = catalog.models[0].thumbnail
    assert asset is not None
    assert (asset.sha256, asset.size, asset.name) == ("cd" * 32, 98765, "x.webp")
    assert (asset.kind, asset.media_type) == (AssetKind.IMAGE, "image/webp")
    assert (asset.width, asset.height) == (0, 0)
    assert catalog.files["cd" * 32].path == "models/ink/x.webp"


def test_a_pointer_does_not_open_and_says_how_to_get_the_file(folder: Folder) -> None:
    folder.write("models/ink/x.webp", pointer())
    folder.model("thumbnail: x.webp\n")
    (file,) = folder.load().files.values()
    with pytest.raises(FileChanged) as caught:
        open_file(file)
    assert caught.value.hint == "run: git lfs pull --include=models/ink/x.webp"


def test_the_command_counts_from_the_top_of_the_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    root = tmp_path / "art" / "catalog"
    root.mkdir(parents=True)
    said = pull_command(root, "models/a b/x,1.webp")
    assert said == "git lfs pull --include='art/catalog/models/a b/x?1.webp'"


def test_two_pointers_to_the_same_content_are_duplicates(folder: Folder) -> None:
    folder.write("models/ink/a.webp", pointer())
    folder.write("models/ink/b.webp", pointer())
    folder.model("examples: [a.webp, b.webp]\n")
    assert "is there twice, first in examples[0] on line 3" in folder.problem()


@pytest.mark.parametrize(
    "content",
    [
        b"version https://git-lfs.github.com/spec/v1\n",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:xyz\nsize 1\n",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize -1\n",
        pointer() + b"more\n",
    ],
)
def test_a_damaged_pointer_is_refused(folder: Folder, content: bytes) -> None:
    folder.write("models/ink/x.webp", content)
    folder.model("thumbnail: x.webp\n")
    assert "a damaged Git LFS pointer" in folder.problem()


def test_a_text_that_is_a_pointer_is_refused_with_the_command(folder: Folder) -> None:
    folder.write("models/ink/x.md", pointer())
    folder.model("description: {file: x.md}\n")
    assert folder.problem().endswith("run: git lfs pull --include=models/ink/x.md")


def test_in_a_repository_only_tracked_files_are_allowed(folder: Folder) -> None:
    folder.write("models/ink/x.png", png())
    folder.write("models/ink/x.md", "text")
    folder.model("thumbnail: x.png\ndescription: {file: x.md}\n")
    assert folder.ink()
    git(folder.root, "init", "-q")
    assert folder.problems() == [
        'models/ink/model.yaml:3:12: thumbnail: "x.png": not tracked by Git; '
        "git add it: only tracked files are uploaded",
        'models/ink/model.yaml:4:21: description.file: "x.md": not tracked by Git; '
        "git add it: only tracked files are uploaded",
    ]
    git(folder.root, "add", ".")
    assert folder.ink().thumbnail


def test_an_ignored_file_is_not_tracked(folder: Folder) -> None:
    git(folder.root, "init", "-q")
    folder.write(".gitignore", "*.png\n")
    folder.write("models/ink/x.png", png())
    folder.model("examples: [{glob: '*.png'}]\n")
    git(folder.root, "add", ".")
    assert "not tracked by Git" in folder.problem()


def test_a_catalog_deep_in_a_repository_asks_for_its_own_files(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    folder = Folder(tmp_path / "art")
    folder.write("models/ink/é x.png", png())
    folder.model("thumbnail: é x.png\n")
    assert "not tracked" in folder.problem()
    git(tmp_path, "add", ".")
    assert folder.ink().thumbnail


def test_variables_of_a_hook_do_not_mislead_git(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(folder.root, "init", "-q")
    folder.write("models/ink/x.png", png())
    folder.model("thumbnail: x.png\n")
    git(folder.root, "add", ".")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    assert folder.ink().thumbnail


def test_a_repository_that_git_cannot_read_is_a_problem(folder: Folder) -> None:
    folder.write(".git", "gitdir: /nowhere\n")
    folder.write("models/ink/x.png", png())
    folder.model("thumbnail: x.png\n")
    assert "git cannot tell which files are tracked" in folder.problem()


def test_without_git_nothing_is_asked(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    git(folder.root, "init", "-q")
    folder.write("models/ink/x.png", png())
    folder.model("thumbnail: x.png\n")
    monkeypatch.setenv("PATH", os.fspath(folder.root))
    assert folder.ink().thumbnail
