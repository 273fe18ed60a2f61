"""Git LFS pointers stand for their files, and Git says which files may be uploaded."""

import os
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from catalogsync.errors import FileChanged
from catalogsync.manifest import open_file
from catalogsync.manifest.lfs import pull_commands, pull_hint
from catalogsync.manifest.media import FORMATS
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
    git(folder.root, "init", "-q")
    git(folder.root, "add", ".")
    (file,) = folder.load().files.values()
    with pytest.raises(FileChanged) as caught:
        open_file(file)
    said = f"run: git -C {folder.root.resolve()} lfs pull --include=models/ink/x.webp"
    assert caught.value.hint == said


def test_the_command_counts_from_the_top_of_the_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    root = tmp_path / "art" / "catalog"
    root.mkdir(parents=True)
    said = pull_hint(root, ["models/a b/x,1.webp", "models/[x].glb"])
    files = "art/catalog/models/a b/x?1.webp,art/catalog/models/?x?.glb"
    assert said == f"run: git -C {tmp_path.resolve()} lfs pull '--include={files}'"


def test_a_long_list_becomes_several_commands(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    paths = [f"models/ink/images/{number:04}.webp" for number in range(2000)]
    commands = pull_commands(tmp_path, paths)
    named = [path for *_, last in commands for path in last.removeprefix("--include=").split(",")]
    assert named == paths
    assert len(commands) == 2
    assert pull_hint(tmp_path, paths).count(" lfs pull --include=") == 2


def test_outside_a_clone_no_command_is_named(folder: Folder) -> None:
    assert pull_hint(folder.root, ["models/ink/x.webp"]).endswith("copy the file itself here")


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
    git(folder.root, "init", "-q")
    git(folder.root, "add", ".")
    assert folder.problem().endswith(" lfs pull --include=models/ink/x.md")


def test_a_manifest_that_is_a_pointer_is_named_as_such(folder: Folder) -> None:
    folder.write("models/ink/model.yaml", pointer())
    assert "models/ink/model.yaml:1:1: a Git LFS pointer" in folder.problem()


@pytest.mark.parametrize("extension", sorted(FORMATS))
def test_a_pointer_can_be_a_file_of_any_kind(folder: Folder, extension: str) -> None:
    folder.write(f"models/ink/x/1.{extension}", pointer("cd" * 32))
    folder.write(f"models/ink/x/2.{extension}", pointer("ef" * 32))
    folder.write("models/ink/x.md", f"{{asset:x/1.{extension}}}")
    folder.model(f"examples: [{{glob: 'x/*.{extension}'}}]\ndescription: {{file: x.md}}\n")
    ink = folder.ink()
    assert [asset.sha256 for asset in ink.assets] == ["cd" * 32, "ef" * 32, "cd" * 32]
    assert {asset.kind for asset in ink.assets} == {FORMATS[extension].kind}


def test_a_pointer_is_shown_in_a_text(folder: Folder) -> None:
    folder.write("models/ink/x.png", pointer("cd" * 32))
    folder.model('description: "![pose](x.png)"\n')
    assert [asset.sha256 for asset in folder.ink().assets] == ["cd" * 32]


@pytest.mark.parametrize("size", [0, 5 * 1000**4 + 1])
def test_a_pointer_to_what_the_api_does_not_take_is_a_problem(folder: Folder, size: int) -> None:
    folder.write("models/ink/x.png", pointer(size=size))
    folder.model("thumbnail: x.png\n")
    assert 'thumbnail: "x.png": ' in folder.problem()


@pytest.mark.parametrize("first", ["a", "b"])
def test_of_two_files_with_one_content_the_one_that_is_here_is_sent(
    folder: Folder, first: str
) -> None:
    content = {"a": png(), "b": pointer(sha256(png()).hexdigest(), len(png()))}
    folder.write("models/ink/1.png", content[first])
    folder.write("models/ink/2.png", content["b" if first == "a" else "a"])
    folder.model("thumbnail: 1.png\nexamples: [2.png]\n")
    (file,) = folder.load().files.values()
    with open_file(file) as stream:
        assert stream.read() == png()


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
