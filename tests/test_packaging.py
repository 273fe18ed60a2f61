"""What is installed from a wheel is complete: the program, the schemas, nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the project was installed as `pip install .` does."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--no-deps", "--no-build-isolation", "--target", folder, "."], cwd=ROOT, check=True
    )
    return folder


def run(site: Path, *arguments: str) -> str:
    """Run the installed program from a folder that is not the checkout."""
    done = subprocess.run(
        [sys.executable, "-c", "from catalogsync.cli import main; main()", *arguments],
        cwd=site,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("name", ["model", "catalog", "plan"])
def test_the_schemas_are_in_the_wheel(site: Path, name: str) -> None:
    held = site / f"catalogsync/schemas/{name}.schema.json"
    original = (ROOT / f"schemas/{name}.schema.json").read_text(encoding="utf-8")
    assert held.read_text(encoding="utf-8") == original
    assert run(site, "schema", name) == original


def test_the_installed_program_plans(site: Path, tmp_path: Path) -> None:
    run(site, "init", str(tmp_path / "new"))
    planned = run(site, "plan", str(tmp_path / "new"), "--sandbox", str(tmp_path / "box"))
    assert "Plan: 1 to create" in planned


def test_the_wheel_holds_the_package_only(site: Path) -> None:
    names = {path.name.split("-")[0] for path in site.iterdir()}
    assert names <= {"catalogsync", "catalog_sync", "bin"}
