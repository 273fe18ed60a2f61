"""Whatever a manifest or the live catalog holds, a CI runner finds no command in what we print."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, write
from tests.review.hostile import HOSTILE
from tests.review.runner import commands


def manifests(text: str) -> list[dict[str, object]]:
    """A hostile text wherever it may stand: some of these manifests are refused."""
    return [
        {"name": text[:80], "type": "custom", "shortDescription": text[:80]},
        {"name": "Tags", "type": "custom", "tags": [text[:40]], "collections": [text[:40]]},
        {"name": "Texts", "type": "custom", "description": text, "promptGuide": text},
    ]


@pytest.fixture
def hostile(catalog: Path) -> Path:
    """The catalog with manifests for every hostile text; JSON is YAML."""
    found = (manifest for text in HOSTILE.values() for manifest in manifests(text))
    for number, manifest in enumerate(found):
        write(catalog / f"models/hostile-{number:03}.yaml", json.dumps(manifest))
    return catalog


def test_a_runner_finds_no_command_in_anything_printed(cli: Run, hostile: Path) -> None:
    wrong = json.loads(cli("validate", hostile, "--json").out)["error"]["problems"]
    told = [cli("validate", hostile), cli("plan", hostile), cli("plan", hostile, "--json")]
    for path in {problem["path"] for problem in wrong}:
        (hostile / path).unlink()
    kept = len(list(hostile.glob("models/hostile-*")))
    assert kept > len(HOSTILE)
    told += [cli("plan", hostile), cli("plan", hostile, "--json")]
    told.append(cli("apply", hostile, "--yes", "--verbose"))
    for path in hostile.glob("models/hostile-*"):
        write(path, '{"name": "::error::x ##[group]", "type": "custom", "description": "new"}')
    told += [cli("apply", hostile, "--yes"), cli("apply", hostile, "--yes", "--json")]
    for path in hostile.glob("models/hostile-*"):
        path.unlink()
    told += [cli("plan", hostile), cli("plan", hostile, "--prune"), cli("doctor", hostile)]
    assert [command for result in told for command in commands(result.out + result.err)] == []
    assert f"{kept} models bear this catalog's mark" in told[-3].out
