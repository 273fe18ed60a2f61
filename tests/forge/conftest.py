"""The program inside a job of GitHub or GitLab, with a forge of its own."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalogsync.cli import main
from tests.forge.fakes import FakeForge, GitHub, GitLab

BOT = "github-actions[bot]"
WORDS = {401: "Bad credentials", 403: "Resource not accessible by integration"}


@dataclass(frozen=True)
class Result:
    """What a run of the program said, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


def plan(
    sentence: str = "Plan: 1 to create.",
    *,
    catalog: str = "acme",
    target: str = "main",
    kind: str = "plan",
    changes: int = 1,
) -> str:
    """A plan as Markdown, in the form of the real ones."""
    data = {"kind": kind, "catalog": catalog, "target": target, "project": "p", "digest": "x"}
    marker = json.dumps(data | {"changes": changes})
    text = f"## ~ 1 change\n\n{sentence}\n\n| model |\n|---|\n| a |\n"
    return f"<!-- catalog-sync {marker} -->\n\n{text}"


def applied(sentence: str = "Applied: 1 created.") -> str:
    """What an apply did, as Markdown."""
    return plan(sentence, kind="apply")


@pytest.fixture
def github() -> Iterator[FakeForge]:
    """A GitHub where the workflow's token may comment."""
    tokens = {"job-token-1": BOT, "fork-token": BOT, "app-token": "acme-app[bot]"}
    with GitHub(tokens, {"job-token-1", "app-token"}, words=WORDS) as forge:
        yield forge


@pytest.fixture
def gitlab() -> Iterator[FakeForge]:
    """A GitLab with a project access token."""
    tokens = {"project-token": "project_12_bot_1", "reader-token": "project_12_bot_2"}
    words = {401: "401 Unauthorized", 403: "403 Forbidden"}
    with GitLab(tokens, {"project-token"}, words=words) as forge:
        yield forge


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run `catalog-sync ci` with an environment and files of the given texts."""

    def ran(*arguments: object, env: dict[str, str], **files: str) -> Result:
        monkeypatch.chdir(tmp_path)
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        with monkeypatch.context() as changed:
            for name, value in env.items():
                changed.setenv(name, value)
            with pytest.raises(SystemExit) as stop:
                main(["ci", *map(str, arguments)])
        said = capsys.readouterr()
        return Result(int(stop.value.code or 0), said.out, said.err)

    return ran
