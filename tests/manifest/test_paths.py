"""No path leads out of the catalog, and no link is followed."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogsync.errors import FileChanged
from catalogsync.manifest import open_file
from catalogsync.manifest.paths import split
from catalogsync.manifest.words import Unfit
from catalogsync.model import LocalFile

from .support import MODEL, Folder, png

HOSTILE = [
    "",
    "/etc/passwd",
    "/",
    "//server/share/x.png",
    "\\\\server\\share\\x.png",
    "\\\\?\\C:\\x.png",
    "\\x.png",
    "C:/x.png",
    "c:x.png",
    "a:b.png",
    "C:\\x.png",
    "~/x.png",
    "~root/x.png",
    "~",
    "..",
    ".",
    "../x.png",
    "../../x.png",
    "images/../../x.png",
    "images/../x.png",
    "images/..",
    "./x.png",
    "images/./x.png",
    "images/.",
    "images//x.png",
    "images/",
    ".env",
    ".git/config",
    ".hidden.png",
    "images/.hidden.png",
    ".ssh/id_rsa",
    "images/.git/x.png",
    "...",
    "..x/y.png",
    "a\0.png",
    "\0",
    "x.png\0.txt",
    "a\nb.png",
    "a\rb.png",
    "a\tb.png",
    "a\x1b[31m.png",
    "a\x7f.png",
    "a\x85b.png",
    "a\x9bb.png",
    "images\\x.png",
    "images\\..\\..\\x.png",
    "a\ud800.png",
    "%2e%2e/../x.png",
    "x/~/../../y.png",
]
GOOD = [
    "x.png",
    "images/01.webp",
    "a b/c d.png",
    "é/日本.png",
    "ab:c.png",
    "x..png",
    "a~b.png",
    "-x.png",
]


@pytest.mark.parametrize("path", HOSTILE)
def test_hostile_paths_are_refused(path: str) -> None:
    with pytest.raises(Unfit) as caught:
        split(path)
    assert str(caught.value)


@pytest.mark.parametrize("path", GOOD)
def test_plain_paths_are_taken(path: str) -> None:
    assert "/".join(split(path)) == path


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("./\\~:\0C"))))
def test_no_path_that_is_taken_leads_out(path: str) -> None:
    try:
        parts = split(path)
    except Unfit:
        return
    assert not path.startswith("/")
    assert all(part and part[0] != "." and "\\" not in part and "\0" not in part for part in parts)


@pytest.mark.parametrize("path", [path for path in HOSTILE if path.isprintable() and path])
def test_hostile_paths_are_refused_wherever_a_path_may_stand(folder: Folder, path: str) -> None:
    quoted = "'" + path.replace("'", "''") + "'"
    folder.model(
        f"thumbnail: {quoted}\nexamples: [{quoted}, {{file: {quoted}}}, {{glob: {quoted}}}]\n"
        f"description: {{file: {quoted}}}\nsource: {{file: {quoted}}}\n"
        f"promptGuide: '![x](<{path}>) {{asset:{path}}}'\n"
    )
    problems = "\n".join(folder.problems())
    for field in ("thumbnail", "examples[0]", "examples[1].file", "examples[2].glob"):
        assert f" {field}: " in problems
    assert " description.file: " in problems
    assert " source.file: " in problems
    assert '"{asset:' in problems


def test_nothing_of_a_file_is_quoted(folder: Folder) -> None:
    folder.write("models/ink/secret.png", "TOP-SECRET-VALUE")
    folder.write("models/ink/secret.md", b"TOP-SECRET-VALUE \xff")
    folder.model("thumbnail: secret.png\ndescription: {file: secret.md}\n")
    problems = "\n".join(folder.problems())
    assert problems.count("\n") == 1
    assert "TOP-SECRET" not in problems


def outside(folder: Folder) -> Path:
    file = folder.root.parent / f"{folder.root.name}-outside" / "x.png"
    file.parent.mkdir()
    file.write_bytes(png())
    return file


def test_a_link_to_a_file_is_refused(folder: Folder) -> None:
    folder.link("models/ink/x.png", outside(folder))
    folder.model("thumbnail: x.png\n")
    assert folder.problem() == (
        'models/ink/model.yaml:3:12: thumbnail: "x.png": "x.png" is a link; '
        "put the file itself there"
    )


def test_a_link_to_a_file_in_the_catalog_is_refused_too(folder: Folder) -> None:
    folder.write("models/ink/real.png", png())
    folder.link("models/ink/x.png", "real.png")
    folder.model("thumbnail: x.png\n")
    assert "is a link" in folder.problem()


def test_a_link_in_the_middle_of_a_path_is_refused(folder: Folder) -> None:
    folder.link("models/ink/images", outside(folder).parent)
    folder.model("thumbnail: images/x.png\n")
    assert '"images" is a link' in "\n".join(folder.problems())


def test_a_dangling_link_is_refused(folder: Folder) -> None:
    folder.link("models/ink/x.png", "nowhere")
    folder.model("thumbnail: x.png\n")
    assert "is a link" in folder.problem()


def test_a_manifest_that_is_a_link_is_refused(folder: Folder, tmp_path: Path) -> None:
    folder.link("models/twin.yaml", "ink/model.yaml")
    assert folder.problem().startswith('models/twin.yaml:1:1: "twin.yaml" is a link')


def test_a_folder_of_manifests_that_is_a_link_is_refused(folder: Folder) -> None:
    folder.link("models/more", outside(folder).parent)
    assert folder.problem().startswith("models/more:1:1: a link to a folder")


def test_a_catalog_file_that_is_a_link_is_refused(folder: Folder) -> None:
    (folder.root / "catalog.yaml").rename(folder.root / "real.yaml")
    folder.link("catalog.yaml", "real.yaml")
    assert folder.problem().startswith('catalog.yaml:1:1: "catalog.yaml" is a link')


def test_a_link_to_models_is_refused(folder: Folder) -> None:
    (folder.root / "models").rename(folder.root / "real")
    folder.link("models", "real")
    assert any('"models" is a link' in problem for problem in folder.problems())


@pytest.mark.parametrize("field", ["thumbnail: x.png", "description: {file: x.md}"])
def test_a_fifo_is_refused_without_waiting(folder: Folder, field: str) -> None:
    os.mkfifo(folder.root / "models/ink/x.png")
    os.mkfifo(folder.root / "models/ink/x.md")
    folder.model(field + "\n")
    assert "is no regular file" in folder.problem()


def test_a_manifest_that_is_a_fifo_is_refused(folder: Folder) -> None:
    os.mkfifo(folder.root / "models/pipe.yaml")
    assert folder.problem().startswith('models/pipe.yaml:1:1: "models/pipe.yaml" is no regular')


def test_a_folder_in_the_place_of_a_file_is_refused(folder: Folder) -> None:
    (folder.root / "models/ink/x.png").mkdir()
    folder.model("thumbnail: x.png\n")
    assert "is a folder" in folder.problem()


def test_a_file_in_the_place_of_a_folder_is_refused(folder: Folder) -> None:
    folder.write("models/ink/images", "text")
    folder.model("thumbnail: images/x.png\n")
    assert '"images" is no folder' in folder.problem()


def test_a_missing_file_names_the_nearest_one(folder: Folder) -> None:
    folder.write("models/ink/images/cover.png", png())
    folder.model("thumbnail: images/covr.png\n")
    assert folder.problem().endswith('"covr.png" is not there; did you mean "cover.png"?')


def test_a_path_too_long_for_the_system_is_a_problem(folder: Folder) -> None:
    folder.model(f"thumbnail: {'x' * 300}.png\n")
    assert "cannot be opened: File name too long" in folder.problem()


def loaded(folder: Folder) -> LocalFile:
    folder.write("models/ink/images/x.png", png())
    folder.model("thumbnail: images/x.png\n")
    catalog = folder.load()
    thumbnail = catalog.models[0].thumbnail
    assert thumbnail is not None
    return catalog.files[thumbnail.sha256]


def test_a_loaded_file_opens(folder: Folder) -> None:
    file = loaded(folder)
    assert file.path == "models/ink/images/x.png"
    with open_file(file) as stream:
        assert stream.read() == png()


def test_a_file_swapped_for_a_link_does_not_open(folder: Folder) -> None:
    file = loaded(folder)
    (folder.root / file.path).unlink()
    folder.link(file.path, outside(folder))
    with pytest.raises(FileChanged, match="is a link"):
        open_file(file)


def test_a_folder_swapped_for_a_link_does_not_open(folder: Folder) -> None:
    file = loaded(folder)
    (folder.root / "models/ink/images").rename(folder.root / "models/ink/moved")
    folder.link("models/ink/images", outside(folder).parent)
    with pytest.raises(FileChanged, match="is a link"):
        open_file(file)


def test_a_file_that_is_gone_does_not_open(folder: Folder) -> None:
    file = loaded(folder)
    (folder.root / file.path).unlink()
    with pytest.raises(FileChanged, match="is not there"):
        open_file(file)


def test_a_fifo_put_in_the_place_of_a_file_does_not_open(folder: Folder) -> None:
    file = loaded(folder)
    (folder.root / file.path).unlink()
    os.mkfifo(folder.root / file.path)
    with pytest.raises(FileChanged, match="no regular file"):
        open_file(file)


def test_a_catalog_that_is_gone_does_not_open(folder: Folder) -> None:
    file = LocalFile(folder.root / "gone", ("x.png",))
    with pytest.raises(FileChanged, match="cannot be opened"):
        open_file(file)


def test_no_descriptor_stays_open(folder: Folder) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    file = loaded(folder)
    open_file(file).close()
    (folder.root / file.path).unlink()
    for _ in range(3):
        with pytest.raises(FileChanged):
            open_file(file)
    folder.write("models/ink/model.yaml", MODEL + "thumbnail: images/x.png\n")
    assert folder.problems()
    assert len(list(Path("/dev/fd").iterdir())) == before
