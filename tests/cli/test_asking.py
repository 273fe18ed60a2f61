"""A person at a terminal: the question, its answers, and what happens meanwhile."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import MODEL, Run, write
from tests.cli.terminal import Terminal

CREDENTIALS = {"SCENARIO_SDK_API_KEY": "k", "SCENARIO_SDK_API_SECRET": "s"}


@pytest.fixture
def edited(cli: Run, catalog: Path, project: str, server: Any) -> Iterator[Terminal]:
    """An apply of one edit that has just asked its question."""
    cli("apply", catalog, "--yes")
    text = MODEL.replace("Hand-inked", "Machine-inked")
    write(catalog / "models/ink-heroes/model.yaml", text)
    terminal = Terminal("apply", catalog, url=server.url)
    terminal.until(f"Apply to 1 model in main {project}? [y/N]")
    yield terminal
    terminal.process.kill()
    terminal.process.wait()


def test_yes_applies(edited: Terminal, cli: Run, catalog: Path) -> None:
    edited.type("y\n")
    assert edited.end() == 0
    assert "Applied: 0 created, 1 updated" in edited.shown
    assert cli("plan", catalog, "--detailed-exitcode").code == 0


def test_no_applies_nothing(edited: Terminal, cli: Run, catalog: Path) -> None:
    edited.type("n\n")
    assert edited.end() == 1
    assert "Nothing was applied." in edited.shown
    assert cli("plan", catalog, "--detailed-exitcode").code == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_the_question_ends_at_once(edited: Terminal, number: signal.Signals) -> None:
    edited.process.send_signal(number)
    assert edited.end() == 130
    assert "Applied" not in edited.shown
    assert "Traceback" not in edited.shown


def test_a_conflict_is_told_by_name_and_left_alone(
    edited: Terminal, server: Any, project: str
) -> None:
    params = {"projectId": project, "pageSize": "500"}
    models = httpx.get(f"{server.url}/models", params=params, auth=("k", "s")).json()["models"]
    (model_id,) = (model["id"] for model in models if model["name"] == "Ink Heroes")
    theirs = {"shortDescription": "theirs"}
    address = f"{server.url}/models/{model_id}"
    httpx.put(address, params={"projectId": project}, json=theirs, auth=("k", "s"))
    edited.type("y\n")
    assert edited.end() == 5
    assert "! conflict update the fields of ink-heroes: somebody changed" in edited.shown
    model = httpx.get(address, params={"projectId": project}, auth=("k", "s")).json()["model"]
    assert model["shortDescription"] == "theirs"


def test_without_anybody_to_ask_the_plan_is_shown_and_nothing_applied(
    cli: Run, catalog: Path
) -> None:
    found = cli("apply", catalog)
    assert found.code == 64
    assert "Plan: 2 to create" in found.out
    assert "--yes" in found.err
    assert "2 to create" in cli("plan", catalog).out
