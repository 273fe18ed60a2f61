"""The repository proves its own claims: commands run, output is real, fields are documented."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from catalogsync.cli.main import program
from catalogsync.manifest import load
from catalogsync.sandbox import running

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

ELSEWHERE = {"script/demo", "pip install '.[sandbox]'"}
"""Commands of the README that have a test of their own: below, and in test_packaging.py."""


def commands() -> list[str]:
    """Every command that the README shows."""
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.fixture
def environment() -> dict[str, str]:
    """The user's environment with this installation first on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path}


def test_every_command_of_the_readme_runs(tmp_path: Path, environment: dict[str, str]) -> None:
    shown = commands()
    assert set(shown) >= ELSEWHERE
    script = "\n".join(line for line in shown if line not in ELSEWHERE)
    with running(tmp_path / "box") as server:
        server.control.create_model("proj_readme", name="Somebody's")
        done = subprocess.run(
            ["sh", "-eux", "-c", script.replace("proj_...", "proj_readme")],
            cwd=tmp_path,
            env=environment | {"SCENARIO_BASE_URL": server.url},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr


def test_the_demo_prints_what_the_readme_shows(tmp_path: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [ROOT / "script/demo"],
        env=environment | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert done.returncode == 0, done.stderr
    (shown,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    at = 0
    for line in shown.splitlines():
        words = re.escape(line.strip()).replace(r"\.\.\.", r"\S*")
        found = re.compile(words).search(done.stdout, at)
        assert found, f"{line!r} is not in the demo's output after what stands before it"
        at = found.end()


def test_the_readme_names_every_command() -> None:
    with click.Context(program) as context:
        names = program.list_commands(context)
    assert [name for name in names if f"| `{name}" not in README] == []


def leaves(command: click.Command) -> Iterator[click.Command]:
    """The command, or all those below it."""
    if not isinstance(command, click.Group):
        yield command
        return
    with click.Context(command) as context:
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from leaves(below)


def test_every_command_and_option_has_a_help_text() -> None:
    for command in leaves(program):
        assert command.help
        options = [p for p in command.params if isinstance(p, click.Option)]
        assert [option.opts for option in options if not option.help] == []


OWN_VARIABLES = {"SOURCE", "COMMIT"}
"""What the file for GitLab calls `CATALOG_SYNC_...` for itself: where the program is fetched."""


def test_every_variable_that_ci_sets_is_one_of_an_option() -> None:
    files = [ROOT / "action.yml", ROOT / "docs/ci.md", *ROOT.glob("examples/ci/*/*.yml")]
    texts = "\n".join(path.read_text(encoding="utf-8") for path in files)
    used = set(re.findall(r"CATALOG_SYNC_\w+", texts))
    known: set[str] = set()
    for command in leaves(program):
        for found in (p.envvar for p in command.params if p.envvar):
            known |= {found} if isinstance(found, str) else set(found)
    assert len(used) > 10
    assert used - known == {f"CATALOG_SYNC_{name}" for name in OWN_VARIABLES}


@pytest.mark.parametrize("name", ["catalog", "model"])
def test_every_field_of_a_schema_is_documented(name: str) -> None:
    schema = json.loads((ROOT / f"schemas/{name}.schema.json").read_text(encoding="utf-8"))
    text = (ROOT / "docs/catalog-format.md").read_text(encoding="utf-8")
    assert [field for field in schema["properties"] if f"`{field}`" not in text] == []


def test_every_key_of_a_saved_plan_is_documented() -> None:
    schema = json.loads((ROOT / "schemas/plan.schema.json").read_text(encoding="utf-8"))
    text = (ROOT / "docs/plans.md").read_text(encoding="utf-8")
    assert [key for key in schema["properties"] if f"`{key}`" not in text] == []


def test_every_example_manifest_validates() -> None:
    catalog = load(ROOT / "examples/catalog")
    assert len(catalog.models) >= 8
    assert len({spec.type for spec in catalog.models}) >= 8
    assert all(4 <= len(spec.examples or ()) <= 8 for spec in catalog.models)
    assert all(spec.thumbnail and spec.description for spec in catalog.models)


@pytest.mark.parametrize(
    "page", sorted(str(p.relative_to(ROOT)) for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
)
def test_links_between_the_documents_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    # What stands in code or in a fence is an example.
    text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    local = [target for target in targets if "://" not in target]
    assert [t for t in local if not (ROOT / page).parent.joinpath(t).exists()] == []


def test_every_promise_names_tests_that_are_there() -> None:
    text = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([0-9]+) \|.*\| (`tests/.*`) \|$", text, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 15))
    named = {path for _, cell in rows for path in re.findall("`([^`]+)`", cell)}
    assert [path for path in sorted(named) if not (ROOT / path).is_file()] == []
    tables = {f"tests/safety/{path.name}" for path in (ROOT / "tests/safety").glob("test_*.py")}
    assert tables - named == set()
