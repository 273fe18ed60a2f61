"""Models made from weights, over real HTTP: priced in the plan, paid for once, tagged at once."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalogsync.sandbox import running
from tests.cli.conftest import Run, write
from tests.cli.terminal import Terminal

FLUX = "black-forest-labs/FLUX.1-dev"
SAFETENSORS = b"\2\0\0\0\0\0\0\0{}"

Get = Callable[[str], Any]


@pytest.fixture
def sourced(catalog: Path) -> Path:
    """A catalog of two models: one from Hugging Face, one from a file in two parts."""
    (catalog / "models/both.yaml").unlink()
    text = f"name: Flux\ntype: flux.1-lora\ntags: [base]\nsource: {{huggingFace: {FLUX}}}\n"
    write(catalog / "models/flux.yaml", text)
    text = "name: Ink\ntype: flux.1-lora\nexamples: [images/1.webp]\n"
    write(catalog / "models/ink-heroes/model.yaml", text + "source: {file: ink.safetensors}\n")
    weights = catalog / "models/ink-heroes/ink.safetensors"
    weights.write_bytes(SAFETENSORS + bytes(9 * 1024 * 1024))
    return catalog


@pytest.fixture
def get(server: Any, project: str) -> Get:
    """Reads from the test's project."""
    return reader(server.url, project)


def reader(url: str, project: str) -> Get:
    def read(path: str) -> Any:
        params = {"projectId": project}
        return httpx.get(f"{url}{path}", params=params, auth=("k", "s")).json()

    return read


def test_a_plan_tells_what_an_import_costs_and_imports_nothing(
    cli: Run, sourced: Path, get: Get
) -> None:
    planned = cli("plan", sourced)
    assert planned.code == 0, planned.err
    assert f"    source            huggingFace {FLUX}\n" in planned.out
    assert "    source            file ink.safetensors  9.4 MB\n" in planned.out
    assert "    cost              10 creative units\n" in planned.out
    assert "\nCost of imports: 10 creative units.\n" in planned.out
    assert "2 to create, 0 to update, 2 files to upload (9.4 MB)" in planned.out
    assert (get("/models")["models"], get("/collections")["collections"]) == ([], [])
    assert '"creative_units": 10' in cli("plan", sourced, "--json").out


def test_an_apply_imports_tags_and_fills_in_and_then_there_is_nothing_to_do(
    cli: Run, sourced: Path, get: Get, server: Any
) -> None:
    server.control.forget_requests()
    applied = cli("apply", sourced, "--yes")
    assert applied.code == 0, applied.out
    assert "Applied: 2 created, 0 updated, 2 files uploaded (9.4 MB)" in applied.out
    assert server.control.requests()["PUT part"] == 2
    models = {model["name"]: model for model in get("/models")["models"]}
    assert models.keys() == {"Flux", "Ink"}
    assert models["Flux"]["tags"] == ["base", "catalog-sync:acme/flux"]
    assert models["Flux"]["source"] == "huggingface"
    assert len(models["Ink"]["exampleAssetIds"]) == 1
    assert get("/collections")["collections"] == []
    server.control.forget_requests()
    again = cli("plan", sourced)
    assert again.out.endswith("No changes. 2 models match.\n")
    assert not server.control.requests()["POST /uploads"]


def test_what_the_server_will_not_import_is_refused_by_name_in_its_words(
    cli: Run, sourced: Path, get: Get, server: Any
) -> None:
    server.control.publish("nobody/nothing", None)
    path = sourced / "models/flux.yaml"
    write(path, path.read_text().replace(FLUX, "nobody/nothing"))
    planned = cli("plan", sourced)
    assert planned.code == 5
    assert "! refused flux: POST /uploads: nobody/nothing was not found (400)" in planned.out
    assert cli("apply", sourced, "--yes").code == 4
    assert [model["name"] for model in get("/models")["models"]] == ["Ink"]


def test_to_a_key_that_may_not_ask_the_cost_is_unknown(cli: Run, sourced: Path) -> None:
    planned = cli("plan", sourced, env={"SCENARIO_SDK_API_KEY": "reader-1"})
    assert planned.code == 0, planned.err
    assert "    cost              unknown\n" in planned.out
    assert "\nCost of imports: unknown.\n" in planned.out


def test_the_question_names_the_cost(sourced: Path, server: Any, project: str) -> None:
    terminal = Terminal("apply", sourced, url=server.url)
    terminal.until(
        f"Apply to 2 models in main {project}, cost of imports: 10 creative units? [y/N]"
    )
    terminal.type("n\n")
    assert terminal.end() == 1


def test_weights_that_are_not_here_are_told_before_anything_is_written(
    cli: Run, sourced: Path, get: Get
) -> None:
    head = "version https://git-lfs.github.com/spec/v1"
    pointer = f"{head}\noid sha256:{'ab' * 32}\nsize 6000000000\n"
    write(sourced / "models/ink-heroes/ink.safetensors", pointer)
    assert "file ink.safetensors  6.0 GB" in cli("plan", sourced).out
    applied = cli("apply", sourced, "--yes")
    assert applied.code == 1
    said = "models/ink-heroes/ink.safetensors:1:1: a Git LFS pointer, the file itself is not here"
    assert said in applied.err
    assert (get("/models")["models"], get("/collections")["collections"]) == ([], [])


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Any]:
    """A sandbox that takes an hour over an import."""
    with running(tmp_path / "slow", validate_s=1800, import_s=1800) as found:
        yield found


def test_an_apply_that_is_killed_while_the_server_imports_is_taken_up_again(
    cli: Run, sourced: Path, slow: Any, project: str
) -> None:
    get = reader(slow.url, project)
    write(sourced / "models/ink-heroes/model.yaml", "name: Ink\ntype: custom\n")
    command = [sys.executable, "-m", "catalogsync", "apply", str(sourced), "--yes"]
    keys = {"SCENARIO_SDK_API_KEY": "k", "SCENARIO_SDK_API_SECRET": "s"}
    environment = os.environ | keys | {"SCENARIO_BASE_URL": slow.url}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    while not [c for c in get("/collections")["collections"] if " as upload_" in c["name"]]:
        assert process.poll() is None
    process.kill()
    process.wait()
    planned = cli("plan", sourced, env={"SCENARIO_BASE_URL": slow.url})
    assert "nothing more: the import was begun by an earlier apply (upload_" in planned.out
    slow.control.advance(3600)
    slow.control.forget_requests()
    applied = cli("apply", sourced, "--yes", env={"SCENARIO_BASE_URL": slow.url})
    assert applied.code == 0, applied.out
    assert not slow.control.requests()["POST /uploads"]
    assert {model["name"] for model in get("/models")["models"]} == {"Flux", "Ink"}
    assert get("/collections")["collections"] == []
