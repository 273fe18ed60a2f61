"""`validate` in every format, for a catalog below the root of a real repository."""

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Run, write
from tests.review.runner import commands


@pytest.fixture
def broken(catalog: Path, tmp_path: Path) -> Path:
    """The catalog in a Git repository, with a problem in it."""
    write(catalog / "models/both.yaml", "name: 3\ntype: custom\n")
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return catalog


def test_paths_lead_from_the_root_of_the_repository(
    cli: Run, broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(broken)
    path = "catalog/models/both.yaml"
    (annotation,) = commands(cli("validate", "--format", "github").out)
    assert annotation.properties["file"] == path
    found = cli("validate", "--format", "sarif")
    (result,) = json.loads(found.out)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == path
    (entry,) = json.loads(cli("validate", "--format", "codequality").out)
    assert entry["location"]["path"] == path
    case = ElementTree.fromstring(cli("validate", "--format", "junit").out).find(".//testcase")
    assert case is not None
    assert case.get("file") == path
    assert found.code == 1


def test_without_a_repository_paths_lead_from_here(cli: Run, catalog: Path) -> None:
    write(catalog / "models/both.yaml", "name: 3\ntype: custom\n")
    (annotation,) = commands(cli("validate", catalog, "--format", "github").out)
    assert annotation.properties["file"] == "catalog/models/both.yaml"


@pytest.mark.parametrize(
    "asked", [["--json"], ["--format", "json"], ["--format=json"]], ids=" ".join
)
def test_json_is_one_document_whatever_the_end(cli: Run, catalog: Path, asked: list[str]) -> None:
    fine = cli("validate", catalog, *asked)
    assert (fine.code, json.loads(fine.out)["manifests"]) == (0, 2)
    write(catalog / "models/both.yaml", "name: 3\ntype: custom\n")
    wrong = cli("validate", catalog, *asked)
    assert (wrong.code, len(json.loads(wrong.out)["error"]["problems"])) == (1, 1)
    nowhere = cli("validate", "nowhere", *asked)
    assert (nowhere.code, json.loads(nowhere.out)["error"]["exit_code"]) == (64, 64)


@pytest.mark.parametrize("name", ["text", "json", "github", "sarif", "codequality", "junit"])
def test_a_sound_catalog_is_exit_0_in_every_format(cli: Run, catalog: Path, name: str) -> None:
    found = cli("validate", catalog, "--format", name)
    assert (found.code, found.err) == (0, "")
    assert commands(found.out) == []
