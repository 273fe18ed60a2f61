"""`fmt`: which files it takes, what it prints, what it writes, and what it leaves alone."""

import subprocess
from pathlib import Path

import pytest

from catalogsync.manifest import load
from tests.cli.conftest import Run, write

UNTIDY = """\
# ours
type: custom

name:  'Both'   # two in one
"""
TIDY = """\
# ours
name: Both      # two in one
type: custom
"""


@pytest.fixture
def folder(catalog: Path, cli: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The catalog in canonical layout, but for one file."""
    assert cli("fmt", catalog).code == 0
    write(catalog / "models/both.yaml", UNTIDY)
    monkeypatch.chdir(catalog)
    return catalog


def test_a_file_is_rewritten_and_named(cli: Run, folder: Path) -> None:
    file = folder / "models/both.yaml"
    file.chmod(0o640)
    done = cli("fmt")
    assert (done.code, done.err) == (0, "")
    assert done.out == "models/both.yaml\n1 file laid out anew, 2 as they should be.\n"
    assert file.read_text("utf-8") == TIDY
    assert file.stat().st_mode & 0o777 == 0o640
    assert {path.name for path in file.parent.iterdir()} == {"both.yaml", "ink-heroes"}
    assert cli("fmt").out == "0 files laid out anew, 3 as they should be.\n"


def test_a_file_that_is_as_it_should_be_is_not_written(cli: Run, folder: Path) -> None:
    before = (folder / "catalog.yaml").stat()
    assert cli("fmt").code == 0
    after = (folder / "catalog.yaml").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_check_lists_and_writes_nothing(cli: Run, folder: Path) -> None:
    found = cli("fmt", "--check")
    assert found.code == 1
    assert found.out == "models/both.yaml\n1 file to be laid out anew, 2 as they should be.\n"
    assert (folder / "models/both.yaml").read_text("utf-8") == UNTIDY
    cli("fmt")
    assert cli("fmt", "--check").code == 0


def test_the_diff_is_one_that_git_applies(cli: Run, folder: Path) -> None:
    for end in ("\n", "\r\n"):
        write(folder / "models/both.yaml", UNTIDY.replace("\n", end).rstrip("\r\n"))
        shown = cli("fmt", "--diff")
        assert shown.code == 0
        assert cli("fmt", "--diff", "--check").code == 1
        done = subprocess.run(
            ["git", "apply", "--whitespace=nowarn"],
            input=shown.out.encode(),
            cwd=folder,
            check=False,
        )
        assert done.returncode == 0
        assert (folder / "models/both.yaml").read_bytes() == TIDY.replace("\n", end).encode()


@pytest.mark.parametrize(
    ("places", "touched"),
    [
        (["models/both.yaml"], True),
        (["models"], True),
        (["catalog.yaml"], False),
        (["models/ink-heroes", "catalog.yaml"], False),
        (["."], True),
    ],
)
def test_only_what_is_named_is_looked_at(
    cli: Run, folder: Path, places: list[str], touched: bool
) -> None:
    assert cli("fmt", *places).code == 0
    assert ((folder / "models/both.yaml").read_text("utf-8") == TIDY) == touched


def test_what_is_no_file_of_a_catalog_is_refused(cli: Run, folder: Path) -> None:
    refused = cli("fmt", "models/ink-heroes/description.md")
    assert refused.code == 64
    assert "is no file of a catalog" in refused.err
    assert (folder / "models/both.yaml").read_text("utf-8") == UNTIDY


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name:  3\ntype: custom\n", "models/ink-heroes/model.yaml:1:8: name: YAML reads 3"),
        ("type: custom\nname: &x Ink\n", "an anchor (&x) is not allowed"),
        ("\ufeffname: Ink\ntype: custom\n", "a byte order mark at the start"),
        ("type: custom\nname: [\n", "models/ink-heroes/model.yaml:3:1: the file ends inside a ["),
        ("type: custom\nname: Ink\nnmae: x\n", "did you mean"),
    ],
)
def test_a_file_with_an_error_is_left_and_the_others_are_done(
    cli: Run, folder: Path, text: str, says: str
) -> None:
    wrong = folder / "models/ink-heroes/model.yaml"
    write(wrong, text)
    done = cli("fmt")
    assert done.code == 1
    assert says in done.err
    assert wrong.read_bytes() == text.encode()
    assert (folder / "models/both.yaml").read_text("utf-8") == TIDY


def test_a_link_is_not_followed(cli: Run, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.yaml"
    write(target, UNTIDY)
    (folder / "models/linked.yaml").symlink_to(target)
    done = cli("fmt")
    assert done.code == 1
    assert "models/linked.yaml" in done.err
    assert target.read_text("utf-8") == UNTIDY


def test_the_catalog_means_what_it_meant(cli: Run, catalog: Path) -> None:
    text = (catalog / "models/ink-heroes/model.yaml").read_text("utf-8")
    write(catalog / "models/ink-heroes/model.yaml", "\r\n".join(reversed(text.splitlines())))
    sets = "defaults: {tags: [z, a]}\nignoreTags: [y, 'x:*']\n"
    write(catalog / "catalog.yaml", f"name: acme\n{sets}apiVersion: catalogsync/v1\n")
    before = load(catalog)
    assert cli("fmt", catalog).out.endswith("laid out anew, 0 as they should be.\n")
    after = load(catalog)
    assert after.models == before.models
    assert sorted(after.ignore_tags) == sorted(before.ignore_tags)
