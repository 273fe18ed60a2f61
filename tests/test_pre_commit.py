"""The hooks as a user has them: pre-commit itself, commits they stop, and one they let pass."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = ["catalogsync", "schemas", "pyproject.toml", "README.md", "LICENSE"]

CONFIG = """\
repos:
  - repo: {repo}
    rev: {rev}
    hooks:
      - id: catalog-sync-validate
        args: [catalog]
      - id: catalog-sync-fmt
        args: [catalog]
"""


class Repository:
    """A Git repository with an identity of its own."""

    def __init__(self, path: Path, env: dict[str, str]) -> None:
        self.path = path
        self.env = env | {
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@b",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        self.run("git", "init", "--quiet")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it."""
        return subprocess.run(command, cwd=self.path, env=self.env, capture_output=True, text=True)

    def commit(self) -> subprocess.CompletedProcess[str]:
        """Commit all that is there."""
        self.run("git", "add", "--all")
        return self.run("git", "commit", "--message", "a change")


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment where pre-commit is this one and keeps its things here."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    held = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    return held | {"PATH": path, "PRE_COMMIT_HOME": str(tmp_path / "pre-commit")}


def test_a_commit_with_a_broken_or_untidy_manifest_is_stopped(
    tmp_path: Path, env: dict[str, str]
) -> None:
    hooks, mine = tmp_path / "hooks", tmp_path / "mine"
    hooks.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    for name in PROJECT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, hooks / name)
    source = Repository(hooks, env)
    assert source.commit().returncode == 0
    rev = source.run("git", "rev-parse", "HEAD").stdout.strip()

    shutil.copytree(ROOT / "examples/catalog", mine / "catalog")
    config = CONFIG.format(repo=hooks, rev=rev)
    (mine / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
    catalog = Repository(mine, env)
    assert catalog.run("pre-commit", "install").returncode == 0

    manifest = mine / "catalog/models/ink-heroes/model.yaml"
    good = manifest.read_text(encoding="utf-8")
    manifest.write_text(good + "nmae: typo\n", encoding="utf-8")
    stopped = catalog.commit()
    assert stopped.returncode == 1
    assert "catalog/models/ink-heroes/model.yaml" in stopped.stderr

    manifest.write_text(good.replace("name: Ink Heroes", "name:  'Ink Heroes'"), encoding="utf-8")
    tidied = catalog.commit()
    assert tidied.returncode == 1
    assert "files were modified by this hook" in tidied.stderr
    assert manifest.read_text(encoding="utf-8") == good

    passed = catalog.commit()
    assert passed.returncode == 0, passed.stderr
    assert "Passed" in passed.stderr
