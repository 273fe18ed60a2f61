"""The workflows to copy keep what docs/ci.md promises: who gets which secret, and what may run."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from catalogsync.cli.main import program
from tests.forge.action import ACTION, ROOT

WORKFLOWS = sorted((ROOT / "examples/ci/github").glob("*.yml"))
DOCS = (ROOT / "docs/ci.md").read_text(encoding="utf-8")


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    """The jobs of a workflow by name."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return found


ALL_JOBS = [(path, name) for path in WORKFLOWS for name in jobs(path)]


def secrets_of(job: dict[str, Any]) -> set[str]:
    """The secrets that a job names."""
    return set(re.findall(r"secrets\.(\w+)", yaml.safe_dump(job)))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_started_by_nothing_dangerous(path: Path) -> None:
    # YAML 1.1 takes the key `on` for a boolean.
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    allowed = {"pull_request", "push", "schedule", "workflow_dispatch"}
    assert set(workflow[True]) <= allowed
    assert workflow["permissions"] == {}


@pytest.mark.parametrize(("path", "name"), ALL_JOBS)
def test_every_action_is_pinned_and_no_expression_is_in_a_script(path: Path, name: str) -> None:
    for step in jobs(path)[name]["steps"]:
        assert re.search(r"@[0-9a-f]{40}$", step.get("uses", f"@{'0' * 40}"))
        assert "${{" not in step.get("run", "")
        if step.get("uses", "").startswith("your-org/catalog-sync@"):
            assert set(step["with"]) <= set(ACTION["inputs"])


@pytest.mark.parametrize(("path", "name"), ALL_JOBS)
def test_secrets_are_in_environments_and_the_editors_key_is_for_main(path: Path, name: str) -> None:
    job = jobs(path)[name]
    secrets = secrets_of(job)
    assert bool(secrets) is ("environment" in job)
    if any("EDITOR" in secret for secret in secrets):
        assert (path.name, job["environment"]) == ("apply.yml", "catalog-production")


def test_what_runs_for_forks_has_no_secret_and_a_token_that_reads() -> None:
    found = jobs(ROOT / "examples/ci/github/plan.yml")
    for_forks = {name for name, job in found.items() if "!github" not in job.get("if", "")}
    assert for_forks == {"validate", "offline"}
    for name in for_forks:
        assert secrets_of(found[name]) == set()
        assert found[name]["permissions"] == {"contents": "read"}


def test_a_forks_plan_is_against_a_commit() -> None:
    steps = jobs(ROOT / "examples/ci/github/plan.yml")["offline"]["steps"]
    (ours,) = (step for step in steps if step["uses"].startswith("your-org/catalog-sync@"))
    assert ours["with"]["against"] == "git:HEAD^1"
    assert "env" not in ours
    (checkout,) = (step for step in steps if step["uses"].startswith("actions/checkout@"))
    assert checkout["with"]["fetch-depth"] == 2
    (command,) = (line for line in commands_of("offline") if line[0] == "catalog-sync")
    assert command[command.index("--against") + 1] == "git:FETCH_HEAD"


def test_an_apply_is_never_stopped() -> None:
    workflow = yaml.safe_load((ROOT / "examples/ci/github/apply.yml").read_text(encoding="utf-8"))
    assert workflow["concurrency"] == {"group": "catalog-apply", "cancel-in-progress": False}


GITLAB, SHARDED = (
    yaml.safe_load((ROOT / f"examples/ci/gitlab/{name}").read_text(encoding="utf-8"))
    for name in (".gitlab-ci.yml", "plan-sharded.yml")
)


def lines_of(job: dict[str, Any]) -> list[str]:
    """What a job of the GitLab file runs."""
    return [*job.get("before_script", []), *job.get("script", [])]


def commands_of(name: str, file: dict[str, Any] = GITLAB) -> list[list[str]]:
    """The commands of a job of the GitLab file, as words."""
    parts = (part for line in lines_of(file[name]) for part in re.split(r"\|\||&&|;|>", line))
    words = (shlex.split(part.strip().removeprefix("then ")) for part in parts)
    return [command for command in words if command]


IN_GITLAB = [(GITLAB, name) for name in ("validate", "offline", "plan", "apply", "nightly")]
IN_GITLAB += [(SHARDED, name) for name in ("plan", "review")]


@pytest.mark.parametrize(
    ("file", "name"), IN_GITLAB, ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_gitlab_file_uses_options_that_exist(file: dict[str, Any], name: str) -> None:
    ours = [command[1:] for command in commands_of(name, file) if command[0] == "catalog-sync"]
    assert ours
    for words in ours:
        command: click.Command = program
        context = click.Context(program)
        while isinstance(command, click.Group):
            found = command.get_command(context, words.pop(0))
            assert found is not None
            command = found
        given = {word for word in words if word.startswith("--") and word != "--"}
        assert given <= {name for param in command.params for name in param.opts}


def test_every_line_of_the_gitlab_file_is_a_command() -> None:
    files = (*GITLAB.values(), *SHARDED.values())
    lines = [line for job in files if isinstance(job, dict) for line in lines_of(job)]
    assert len(lines) > 10
    for line in lines:
        # A colon in the wrong place would make a mapping of a command.
        assert isinstance(line, str)
        subprocess.run(["bash", "-n", "-c", line], check=True)


@pytest.mark.parametrize("name", [*ACTION["inputs"], *ACTION["outputs"]])
def test_every_input_and_output_of_the_action_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCS


def test_the_shards_of_a_plan_are_complete_and_shown_together() -> None:
    found = jobs(ROOT / "examples/ci/github/plan-sharded.yml")
    shards = found["plan"]["strategy"]["matrix"]["shard"]
    assert shards == [f"{number}/{len(shards)}" for number in range(1, len(shards) + 1)]
    saved, shown = (
        next(step for step in found[job]["steps"] if f"{what}-artifact@" in step.get("uses", ""))
        for job, what in (("plan", "upload"), ("review", "download"))
    )
    assert saved["with"]["name"].partition("-")[0] == shown["with"]["pattern"].partition("-")[0]
    (script,) = (step["run"] for step in found["review"]["steps"] if "run" in step)
    place = shown["with"]["path"].replace("${{ runner.temp }}", '"$RUNNER_TEMP"')
    assert f"{place}/*/plan.json" in script
    program = re.search(r"program=(\S+)", script)
    assert program
    assert any(f'"{program[1]}"' in step.get("run", "") for step in ACTION["runs"]["steps"])


def test_the_action_takes_a_shard_from_the_environment() -> None:
    with click.Context(program) as context:
        plan = program.get_command(context, "plan")
    assert plan
    (option,) = (each for each in plan.params if each.name == "shard")
    (planned,) = (
        step
        for step in jobs(ROOT / "examples/ci/github/plan-sharded.yml")["plan"]["steps"]
        if step.get("id") == "plan"
    )
    assert option.envvar in planned["env"]
