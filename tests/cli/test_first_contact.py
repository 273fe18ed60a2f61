"""What somebody types who does not know the program yet, and what it says to type next."""

import shlex
import socket
from pathlib import Path
from typing import Any

import pytest

from catalogsync.manifest import load
from catalogsync.sandbox import running
from tests.cli.conftest import Run, live, write
from tests.manifest.test_commit import git


@pytest.mark.parametrize("words", [[], ["ci"], ["ci", "github"], ["sandbox"]], ids=" ".join)
def test_without_arguments_it_shows_the_help(cli: Run, words: list[str]) -> None:
    found = cli(*words)
    assert (found.code, found.out) == (64, "")
    assert found.err.startswith(f"Usage: {' '.join(['catalog-sync', *words])} ")
    assert found.err == cli(*words, "--help").out


WRONG = {
    ("plna",): 'did you mean "plan"?',
    ("nothing-like-it",): "see catalog-sync --help",
    ("plan", "--nope"): "see catalog-sync plan --help",
    ("train",): "see catalog-sync train --help",
    ("sandbox", "sevre"): "see catalog-sync sandbox --help",
}


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_a_command_line_that_is_wrong_says_what_to_type(cli: Run, words: tuple[str, ...]) -> None:
    found = cli(*words)
    assert found.code == 64
    assert found.err.splitlines()[1] == f"  what to do: {WRONG[words]}"


def next_command(told: str, begins: str) -> list[str]:
    """The words of the command in the line that begins so, as a shell takes them."""
    (line,) = (each for each in told.splitlines() if each.startswith(begins))
    program, *words = shlex.split(line.removeprefix(begins))
    assert program == "catalog-sync"
    return words


@pytest.fixture
def elsewhere(tmp_path: Path) -> Any:
    """A second server, that no variable leads to."""
    with running(tmp_path / "elsewhere") as server:
        yield server


def test_the_way_back_leads_to_the_same_server(cli: Run, catalog: Path, elsewhere: Any) -> None:
    address = ("--base-url", elsewhere.url)
    assert cli("apply", catalog, *address, "--yes").code == 0
    write(catalog / "models/both.yaml", "name: Both\ntype: flux.1-composition\n")
    write(catalog / "models/ink-heroes/description.md", "# Other\n")
    done = cli("apply", catalog, *address, "--yes")
    words = next_command(done.err, "To go back: ")
    elsewhere.control.forget_requests()
    assert cli(*words, "--yes").code == 0
    assert elsewhere.control.requests()["PUT /models/{}/description"] == 1


def test_what_to_do_about_drift_can_be_typed(
    cli: Run, clone: Path, project: str, elsewhere: Any
) -> None:
    address = ("--base-url", elsewhere.url)
    assert cli("apply", clone, *address, "--yes", "--record", "git-note").code == 0
    model = live(elsewhere, project)["Ink Heroes"]
    elsewhere.control.set_fields(model["id"], shortDescription="By hand.")
    told = cli("drift", clone, *address).out
    words = next_command(told, "To take it into Git: ")
    pulled = cli(*words)
    assert pulled.code == 0
    plan = next_command(pulled.err, "Next: ")
    assert cli(*plan).out.endswith("No changes. 2 models match.\n")


def test_a_folder_with_a_space_is_quoted(cli: Run, tmp_path: Path) -> None:
    found = cli("init", tmp_path / "Space Cat")
    assert f"git add {shlex.quote(str(tmp_path / 'Space Cat'))} (" in found.err


def test_init_takes_only_a_name_that_validate_takes(cli: Run, tmp_path: Path) -> None:
    found = cli("init", "mine", "--name", "Bad Name")
    assert found.code == 64
    assert "a-z 0-9 . -" in found.err
    assert not (tmp_path / "mine").exists()
    assert cli("init", "mine", "--name", "good.name").code == 0
    assert load(tmp_path / "mine").name == "good.name"


def test_the_catalog_after_sandbox_is_not_taken_for_its_folder(cli: Run, catalog: Path) -> None:
    found = cli("plan", "--sandbox", catalog)
    assert found.code == 64
    assert f"`{catalog} --sandbox`" in found.err


@pytest.mark.parametrize("value", ["1", "true", "YES"])
def test_a_variable_may_just_ask_for_the_sandbox(
    cli: Run, catalog: Path, tmp_path: Path, value: str
) -> None:
    assert cli("plan", catalog, env={"CATALOG_SYNC_SANDBOX": value}).code == 0
    assert (tmp_path / ".catalog-sync/sandbox/sandbox.sqlite3").exists()
    assert not (tmp_path / value).exists()


def test_git_does_not_see_the_sandbox(cli: Run, clone: Path) -> None:
    assert cli("plan", clone, "--sandbox", clone.parent / "box").code == 0
    assert git(clone.parent, "status", "--porcelain") == ""


def test_a_port_that_is_taken(cli: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = cli("sandbox", "serve", tmp_path / "box", "--port", port)
    assert found.code == 64
    assert f"port {port} is taken" in found.err


def test_an_address_where_no_api_is(cli: Run, catalog: Path, server: Any) -> None:
    address = server.url.removesuffix("/v1")
    found = cli("plan", catalog, "--base-url", address)
    assert found.code == 1
    assert f"no API answers at {address}: check the address" in found.err


def test_a_file_of_the_catalog_where_the_catalog_is_due(cli: Run, catalog: Path) -> None:
    found = cli("plan", catalog / "models/ink-heroes/model.yaml")
    assert found.code == 64
    assert "it is in the catalog catalog: name that" in found.err


def test_plan_names_problems_as_validate_does(cli: Run, catalog: Path) -> None:
    write(catalog / "models/both.yaml", "name: 3\ntype: custom\n")
    checked = cli("validate", catalog).out.splitlines()[0]
    assert checked.startswith("catalog/models/both.yaml:1:7: ")
    assert cli("plan", catalog).err.splitlines()[0] == checked
    offline = cli("plan", catalog, "--against", "snapshot:no-such-file")
    assert offline.err.splitlines()[0] == checked


def test_a_catalog_that_was_never_added_to_git(cli: Run, catalog: Path) -> None:
    git(catalog.parent, "init", "-q")
    for number in range(20):
        (catalog / f"models/ink-heroes/images/{number}.png").write_bytes(b"")
    names = ", ".join(f"images/{number}.png" for number in range(20))
    write(
        catalog / "models/ink-heroes/model.yaml",
        f"name: More\ntype: custom\nexamples: [{names}]\n",
    )
    told = cli("validate", catalog).out.splitlines()
    untracked = [line for line in told if "tracked by Git" in line]
    assert len(untracked) == 4, untracked
    assert "more places name files that are not tracked by Git; git add models" in untracked[0]


def test_doctor_knows_the_project_that_init_left_to_be_filled_in(cli: Run, tmp_path: Path) -> None:
    assert cli("init", "mine").code == 0
    found = cli("doctor", tmp_path / "mine")
    assert "proj_replace_me is no project" in found.out + found.err
    assert found.code == 64


def test_a_limit_may_be_written_as_sizes_are_told(cli: Run, catalog: Path) -> None:
    text = (catalog / "catalog.yaml").read_text()
    write(catalog / "catalog.yaml", f"{text}policy: {{maxUpload: 9 kB}}\n")
    assert load(catalog).policy.max_upload == 9000
