"""Files are written below the catalog's folder, whole, and never by way of a link."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogsync.errors import FileChanged
from catalogsync.pull.grounds import FileText
from catalogsync.pull.writer import Writer


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalog's folder beside one that nobody may write into."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/kept.md").write_text("kept")
    (tmp_path / "catalog/models").mkdir(parents=True)
    return tmp_path / "catalog"


def everything_in(folder: Path) -> list[str]:
    """The paths of all files and folders."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_new_folder_appears_with_all_its_files(root: Path) -> None:
    writer = Writer(root)
    number, descriptor = writer.begin()
    os.write(descriptor, b"picture")
    os.close(descriptor)
    writer.settle(number, ("models", "ink", "images", "1.webp"))
    assert everything_in(root / "models") == []
    writer.put_new(("models", "ink"), {("models", "ink", "model.yaml"): b"name: x"})
    writer.close()
    assert everything_in(root) == [
        "models",
        "models/ink",
        "models/ink/images",
        "models/ink/images/1.webp",
        "models/ink/model.yaml",
    ]
    assert (root / "models/ink/images/1.webp").read_bytes() == b"picture"


def test_what_was_begun_and_not_used_is_gone(root: Path) -> None:
    writer = Writer(root)
    os.close(writer.begin()[1])
    writer.close()
    assert everything_in(root) == ["models"]


def test_nothing_that_is_there_is_taken_for_new(root: Path) -> None:
    (root / "models/ink").mkdir()
    writer = Writer(root)
    with pytest.raises(FileChanged, match="models/ink is there already"):
        writer.put_new(("models", "ink"), {("models", "ink", "model.yaml"): b"x"})
    writer.close()
    assert everything_in(root) == ["models", "models/ink"]


def test_a_file_is_replaced_with_the_rights_it_had(root: Path) -> None:
    path = root / "models/a.yaml"
    path.write_bytes(b"old")
    path.chmod(0o640)
    writer = Writer(root)
    writer.replace(FileText(("models", "a.yaml"), b"old", b"new"))
    writer.close()
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)
    assert everything_in(root) == ["models", "models/a.yaml"]


@pytest.mark.parametrize("now", [b"changed", None], ids=["changed", "gone"])
def test_a_file_that_changed_meanwhile_is_left_alone(root: Path, now: bytes | None) -> None:
    path = root / "models/a.yaml"
    if now is not None:
        path.write_bytes(now)
    writer = Writer(root)
    with pytest.raises(FileChanged, match=r"models/a\.yaml changed while pull ran"):
        writer.replace(FileText(("models", "a.yaml"), b"old", b"new"))
    writer.close()
    assert (path.read_bytes() if path.exists() else None) == now


@pytest.mark.parametrize("link", ["models", "models/ink", ".catalog-sync", "models/ink/a.md"])
def test_no_link_is_followed(root: Path, link: str) -> None:
    outside = root.parent / "outside"
    (root / link).parent.mkdir(parents=True, exist_ok=True)
    if (root / link).is_dir():
        (root / link).rmdir()
    (root / link).symlink_to(outside / "kept.md" if link.endswith(".md") else outside)
    writer = Writer(root)
    attempts: tuple[Callable[[], None], ...] = (
        lambda: writer.replace(FileText(("models", "ink", "a.md"), b"kept", b"evil")),
        lambda: writer.replace(FileText(("models", "ink", "kept.md"), b"kept", b"evil")),
        lambda: writer.put_new(("models", "ink"), {("models", "ink", "model.yaml"): b"evil"}),
    )
    failed = 0
    for attempt in attempts:
        try:
            attempt()
        except FileChanged:
            failed += 1
    writer.close()
    assert failed >= 2
    assert everything_in(outside) == ["kept.md"]
    assert (outside / "kept.md").read_text() == "kept"
    assert (root / link).is_symlink()
