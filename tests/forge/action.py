"""Runs a composite action as GitHub's runner does: its steps in order, as bash scripts."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]

_EXPRESSION = re.compile(r"\$\{\{ ([a-z.-]+) \}\}")
_CONDITION = re.compile(r"([a-z.-]+) (==|!=) '([a-z]*)'")


@dataclass
class Ran:
    """What an action left behind: its exit code, its log and its outputs."""

    code: int = 0
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)


def run_action(
    folder: Path,
    env: Mapping[str, str],
    inputs: Mapping[str, str],
    *,
    only: str = "",
    known: Mapping[str, str] | None = None,
) -> Ran:
    """Run the step of that name, by default all but the first, which installs the program.

    `folder` holds the workspace, `env` is the environment of the action's step, and `known` what
    earlier steps told and the runner knows.
    """
    defaults = {name: given["default"] for name, given in ACTION["inputs"].items()}
    values = {f"inputs.{name}": text for name, text in (defaults | dict(inputs)).items()}
    values |= known or {}
    ran = Ran()
    for step in STEPS:
        wanted = step["name"] == only if only else step is not STEPS[0]
        if not wanted or not _holds(step.get("if", ""), values):
            continue
        ran.steps.append(step["name"])
        told = _run_step(folder, step, values, env, ran)
        values |= {f"steps.{step.get('id')}.outputs.{name}": text for name, text in told.items()}
        if ran.code:
            break
    promised = {name: made["value"] for name, made in ACTION["outputs"].items()}
    ran.outputs = {name: _filled(text, values) for name, text in promised.items()}
    return ran


def _run_step(
    folder: Path, step: dict[str, Any], values: Mapping[str, str], env: Mapping[str, str], ran: Ran
) -> dict[str, str]:
    """Run one step, and return the outputs that it set."""
    (folder / "temp").mkdir(exist_ok=True)
    script, told = folder / "temp/step.sh", folder / "temp/outputs"
    script.write_text(step["run"], encoding="utf-8")
    told.write_text("", encoding="utf-8")
    own = {name: _filled(str(text), values) for name, text in step.get("env", {}).items()}
    runner = {
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_OUTPUT": str(told),
        "GITHUB_STEP_SUMMARY": str(folder / "temp/summary.md"),
        "RUNNER_TEMP": str(folder / "temp"),
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
        cwd=folder / "workspace",
        env={**os.environ, **runner, **env, **own},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    ran.code, ran.log = done.returncode, ran.log + done.stdout
    return read_outputs(told.read_text(encoding="utf-8"))


def _filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its expressions evaluated; what was never set is empty."""
    return _EXPRESSION.sub(lambda found: values.get(found[1], ""), text)


def _holds(condition: str, values: Mapping[str, str]) -> bool:
    """Whether a step runs: comparisons of values with words, joined by `&&`."""
    parts = condition.split(" && ") if condition else []
    found = [_CONDITION.fullmatch(part) for part in parts]
    assert all(found), f"{condition} is more than this runner understands"
    return all((values[m[1]] == m[3]) == (m[2] == "==") for m in found if m)


def read_outputs(text: str) -> dict[str, str]:
    """The outputs as GitHub's runner reads them: `name=value`, or lines up to a delimiter."""
    values: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            values[line[:equals]] = line[equals + 1 :]
            continue
        assert heredoc >= 0, f"the runner refuses {line!r}"
        held = []
        while (at := next(lines)) != line[heredoc + 2 :]:
            held.append(at)
        values[line[:heredoc]] = "\n".join(held)
    return values
