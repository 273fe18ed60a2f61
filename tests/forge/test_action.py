"""The composite action, step by step as the runner would run it, against a real sandbox."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogsync.sandbox import running
from tests.forge.action import ACTION, ROOT, STEPS, run_action
from tests.forge.conftest import plan
from tests.forge.fakes import FakeForge

CREDENTIALS = {"SCENARIO_SDK_API_KEY": "key", "SCENARIO_SDK_API_SECRET": "secret"}


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runner's folder: a workspace with the example catalog and with traps, and a temp folder."""
    folder = tmp_path_factory.mktemp("runner")
    shutil.copytree(ROOT / "examples/catalog", folder / "workspace/catalog")
    for name in ("catalogsync", "click", "pip", "venv", "yaml", "hatchling"):
        trap = "raise SystemExit('the workspace was imported')\n"
        (folder / f"workspace/{name}.py").write_text(trap, encoding="utf-8")
    installed = run_action(folder, {}, {}, only="Install catalog-sync")
    assert installed.code == 0, installed.log
    return folder


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of the action's step, with an empty project behind it."""
    with running(tmp_path / "box") as server:
        yield CREDENTIALS | {"SCENARIO_BASE_URL": server.url}


CATALOG = {"path": "catalog", "comment": "false"}


def test_it_validates_plans_and_applies(job: Path, env: dict[str, str]) -> None:
    checked = run_action(job, {}, CATALOG | {"command": "validate"})
    assert (checked.code, checked.outputs["exitcode"]) == (0, "0"), checked.log
    planned = run_action(job, env, CATALOG | {"html": "true"})
    assert (planned.code, planned.outputs["exitcode"]) == (0, "2"), planned.log
    assert "Plan: 12 to create" in planned.log
    told = planned.outputs
    names = ("changes", "to-create", "to-update", "to-delete", "refused")
    assert [told[name] for name in names] == ["12", "12", "0", "0", "0"]
    assert int(told["upload-bytes"]) > 1_000_000
    saved = json.loads(Path(told["plan-path"]).read_text(encoding="utf-8"))
    assert saved["digest"] == told["plan-digest"]
    assert "data:image/webp" in Path(told["report-path"]).read_text(encoding="utf-8")
    approved = {"command": "apply", "expect": told["plan-digest"]}
    applied = run_action(job, env, CATALOG | approved)
    assert (applied.code, applied.outputs["exitcode"]) == (0, "0"), applied.log
    reading = Path(applied.outputs["plan-path"]).parent / "reading.md"
    way_back = Path(applied.outputs["undo-path"])
    assert way_back == reading.with_name("apply.undo.json")
    assert json.loads(way_back.read_bytes())["undo"]["created"]
    assert '"kind": "apply"' in reading.read_text(encoding="utf-8").partition("\n")[0]
    again = run_action(job, env, CATALOG)
    assert (again.code, again.outputs["exitcode"]) == (0, "0"), again.log
    assert (again.outputs["changes"], again.outputs["undo-path"]) == ("0", "")
    other = run_action(job, env, CATALOG | approved)
    assert (other.code, other.outputs["exitcode"]) == (5, "5"), other.log


def cloned(job: Path, folder: Path) -> Path:
    """A runner's folder whose workspace is a clone with one commit; the workspace."""
    shutil.copytree(job / "workspace", folder / "workspace")
    (folder / "temp").symlink_to(job / "temp")
    workspace = folder / "workspace"
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "catalog"], [*identity, "commit", "-qm", "all"]):
        subprocess.run(["git", *command], cwd=workspace, check=True)
    return workspace


def rewrite(workspace: Path, old: str, new: str) -> None:
    """Change a manifest without a commit."""
    manifest = workspace / "catalog/models/ink-heroes/model.yaml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace(old, new), encoding="utf-8")


def test_a_forks_plan_against_a_commit_needs_no_key(job: Path, tmp_path: Path) -> None:
    rewrite(cloned(job, tmp_path), "Ink Heroes", "Ink Heroines")
    nothing = dict.fromkeys(CREDENTIALS, "") | {"SCENARIO_BASE_URL": "http://127.0.0.1:9"}
    planned = run_action(tmp_path, nothing, CATALOG | {"against": "git:HEAD"})
    assert (planned.code, planned.outputs["exitcode"]) == (0, "2"), planned.log
    assert planned.outputs["to-update"] == "1"


def test_an_apply_records_and_a_plan_takes_the_base_that_it_is_given(
    job: Path, env: dict[str, str], tmp_path: Path
) -> None:
    workspace = cloned(job, tmp_path)
    recording = {"command": "apply", "record": "git-tag:applied"}
    applied = run_action(tmp_path, env, CATALOG | recording)
    assert (applied.code, applied.outputs["exitcode"]) == (0, "0"), applied.log
    rewrite(workspace, "Ink Heroes", "Ink Heroines")
    mine = {"base": "applied", "only-mine": "true"}
    planned = run_action(tmp_path, env, CATALOG | mine)
    assert (planned.code, planned.outputs["to-update"]) == (0, "1"), planned.log
    assert "told apart by commit" in planned.log
    without = run_action(tmp_path, env, CATALOG | {"only-mine": "true"})
    assert (without.code, without.outputs["exitcode"]) == (64, "64"), without.log


NOBODY = dict.fromkeys(CREDENTIALS, "")


@pytest.mark.parametrize(
    ("more", "inputs", "code"),
    [
        ({}, {"path": "nowhere"}, 64),
        (NOBODY, {}, 3),
        ({}, {"command": "delete"}, 64),
        ({}, {"target": "nowhere"}, 64),
    ],
)
def test_what_fails_fails_the_job(
    job: Path, env: dict[str, str], more: dict[str, str], inputs: dict[str, str], code: int
) -> None:
    ran = run_action(job, env | more, CATALOG | inputs)
    assert ran.code == code, ran.log


@pytest.mark.parametrize("hostile", ["$(touch pwned)", "`touch pwned`", "'; touch pwned; '", "-h"])
def test_an_input_is_never_a_script(job: Path, env: dict[str, str], hostile: str) -> None:
    assert run_action(job, env, dict.fromkeys(("path", "target", "max-delete"), hostile)).code == 64
    assert not list(job.rglob("pwned"))


@pytest.mark.parametrize("own", ["", "app-token"])
def test_the_comment_is_written_with_the_workflows_token_or_a_given_one(
    job: Path, github: FakeForge, tmp_path: Path, own: str
) -> None:
    (tmp_path / "event.json").write_text('{"pull_request": {"number": 7}}', encoding="utf-8")
    (tmp_path / "reading.md").write_text(plan(), encoding="utf-8")
    env = {
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": "acme/catalog",
        "GITHUB_RUN_ID": "10",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_TOKEN": own,
        "CATALOG_SYNC_AUTHOR": github.tokens[own or "job-token-1"],
    }
    known = {"steps.run.outputs.folder": str(tmp_path), "github.token": "job-token-1"}
    for name in ("Show", "Comment"):
        ran = run_action(job, env, {"label": "catalog"}, only=name, known=known)
        assert (ran.code, ran.steps) == (0, [name]), ran.log
    (comment,) = github.comments
    assert comment["user"]["login"] == env["CATALOG_SYNC_AUTHOR"]
    assert github.labels == ["catalog"]
    assert "Plan: 1 to create." in (job / "temp/summary.md").read_text(encoding="utf-8")


def test_every_step_has_the_secrets_that_it_needs_and_no_other() -> None:
    for step in STEPS[:-1]:
        held = step["env"]
        uses_scenario = step.get("id") == "run"
        uses_github = step["name"] in ("Comment", "Issue")
        for name in CREDENTIALS:
            assert (held.get(name) == "") is not uses_scenario, step["name"]
        assert (held.get("GITHUB_TOKEN") == "") is not uses_github, step["name"]


def test_nothing_is_written_into_a_script() -> None:
    assert [step["name"] for step in STEPS if "${{" in step["run"]] == []


def test_every_output_comes_from_the_run() -> None:
    for name, made in ACTION["outputs"].items():
        assert made["value"] == f"${{{{ steps.run.outputs.{name} }}}}"
