"""Readings of a plan: shown again without network, and written to files, all or none."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.test_errors import program


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


def test_a_saved_plan_is_shown_again_word_for_word(
    cli: Run, catalog: Path, tmp_path: Path, server: Any
) -> None:
    saved = tmp_path / "plan.json"
    printed = cli("plan", catalog, "--out", saved)
    server.control.forget_requests()
    assert cli("show", saved).out == printed.out
    assert cli("show", saved, "--json").out.encode() == saved.read_bytes()
    assert not server.control.requests()


def test_show_needs_neither_catalog_nor_network_nor_credentials(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "plan.json"
    cli("plan", catalog, "--out", saved)
    script = (
        "import socket, sys\n"
        "def no(*arguments): raise AssertionError('a socket')\n"
        "socket.socket = socket.create_connection = no\n"
        "from catalogsync.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "show", saved],
        cwd="/",
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Plan: 2 to create" in done.stdout


def test_what_is_on_stdout_can_be_saved_too(cli: Run, catalog: Path, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    saved.write_text(cli("plan", catalog, "--json").out)
    assert cli("apply", catalog, saved).code == 0


def test_several_readings_come_out_of_one_run(
    cli: Run, catalog: Path, tmp_path: Path, server: Any
) -> None:
    out, into = tmp_path / "plan.json", tmp_path / "into.json"
    server.control.forget_requests()
    printed = cli("plan", catalog, "--out", out, "--json-into", into, "--json")
    # What is there, and, as nothing is yet, what was deleted.
    assert server.control.requests()["GET /models"] == 2
    assert out.read_bytes() == into.read_bytes() == printed.out.encode()
    assert files_in(tmp_path) == {"plan.json", "into.json"}


def test_apply_writes_what_became_of_it(cli: Run, catalog: Path, tmp_path: Path) -> None:
    printed = cli("apply", catalog, "--yes", "--json-into", tmp_path / "done.json")
    made = json.loads((tmp_path / "done.json").read_bytes())
    assert printed.out.endswith(f"{made['result']}\n")
    assert {outcome["status"] for outcome in made["outcomes"]} == {"done"}
    shown = cli("show", tmp_path / "done.json")
    assert (shown.code, shown.out) == (1, "")


def test_a_file_that_is_there_is_replaced_and_a_failed_run_leaves_it(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "plan.json"
    saved.write_text("old")
    assert cli("plan", catalog, "--out", saved, env={"SCENARIO_SDK_API_KEY": ""}).code == 3
    assert saved.read_text() == "old"
    assert cli("plan", catalog, "--out", saved).code == 0
    assert cli("show", saved).code == 0


def test_all_files_are_written_or_none(cli: Run, catalog: Path, tmp_path: Path) -> None:
    out, unfit = tmp_path / "plan.json", tmp_path / ("x" * 250 + ".json")
    found = cli("plan", catalog, "--out", out, "--json-into", unfit)
    assert found.code == 1
    assert "File name too long" in found.err
    assert files_in(tmp_path) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--out", "no-such-folder/plan.json"],
        ["--out", "{folder}"],
        ["--out", "same.json", "--json-into", "{folder}/same.json"],
        ["--json-into", ""],
    ],
    ids=" ".join,
)
def test_what_cannot_be_written_is_told_before_anything_is_read(
    cli: Run, catalog: Path, tmp_path: Path, server: Any, arguments: list[str]
) -> None:
    server.control.forget_requests()
    found = cli("plan", catalog, *(each.format(folder=tmp_path) for each in arguments))
    assert (found.code, found.out) == (64, "")
    assert not server.control.requests()
    assert files_in(tmp_path) == set()


def test_a_file_may_be_a_pipe_or_stdout_itself(cli: Run, catalog: Path, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    cli("plan", catalog, "--out", saved)
    for target in ("/dev/stdout", "/dev/fd/1"):
        done = subprocess.run(
            program("show", saved, "--json-into", target), capture_output=True, check=True
        )
        assert saved.read_bytes() in done.stdout
    assert Path("/dev/stdout").is_symlink()


def test_a_link_to_a_file_stays_one(cli: Run, catalog: Path, tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to("plan.json")
    assert cli("plan", catalog, "--out", tmp_path / "link.json").code == 0
    assert (tmp_path / "link.json").is_symlink()
    assert cli("show", tmp_path / "plan.json").code == 0
