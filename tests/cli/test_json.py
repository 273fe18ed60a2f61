"""With --json stdout is one document, whatever the exit code."""

import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from catalogsync.sandbox import running
from tests.cli.conftest import Result, Run, write
from tests.cli.holding import Held
from tests.cli.test_crash import crashing
from tests.cli.test_errors import answering, program
from tests.cli.test_plan_and_apply import rewrite

CREDENTIALS = {"SCENARIO_SDK_API_KEY": "k", "SCENARIO_SDK_API_SECRET": "s"}
REFUSED = "name: Lent\ntype: flux.1-lora\nepoch: '000001'\n"


def document(found: Result, code: int) -> dict[str, Any]:
    """The one document on stdout; `error` is in it exactly where the exit code is an error's."""
    made: dict[str, Any] = json.loads(found.out)
    assert found.code == code
    assert ("error" in made) is (code in (1, 3, 64, 130))
    if "error" in made:
        assert made["error"]["exit_code"] == code
        assert made["error"]["message"]
    assert made["format_version"] == "1.3"
    return made


def test_a_plan_in_every_way_it_can_end_well(cli: Run, catalog: Path) -> None:
    plan = ["plan", catalog, "--json"]
    assert document(cli(*plan), 0)["counts"]["create"] == 2
    assert document(cli(*plan, "--detailed-exitcode"), 2)["counts"]["create"] == 2
    write(catalog / "models/lent.yaml", REFUSED)
    assert document(cli(*plan), 5)["counts"]["refused"] == 1


def test_an_apply_in_every_way_it_can_end_well(cli: Run, catalog: Path, tmp_path: Path) -> None:
    apply = ["apply", catalog, "--json"]
    cli("plan", catalog, "--out", tmp_path / "plan.json")
    write(catalog / "models/lent.yaml", REFUSED)
    assert document(cli(*apply, tmp_path / "plan.json"), 4)["counts"]["create"] == 2
    assert document(cli(*apply, "--yes"), 5)["outcomes"] == []
    (catalog / "models/lent.yaml").unlink()
    assert document(cli(*apply, "--yes"), 0)["result"].startswith("Applied: 0 created")
    write(catalog / "models/both.yaml", "name: Both\ntype: custom\n")
    assert document(cli(*apply, "--expect", "sha256:" + "0" * 64), 5)["outcomes"] == []


def test_the_sandbox_and_the_environment_change_nothing(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    box = ["--sandbox", tmp_path / "box"]
    document(cli("plan", catalog, *box, env={"CATALOG_SYNC_JSON": "1"}), 0)
    document(cli("plan", catalog, *box, env={"CATALOG_SYNC_JSON": "maybe"}), 64)
    assert "Plan: 2 to create" in cli("plan", catalog, *box, env={"CATALOG_SYNC_JSON": "0"}).out
    found = cli("plan", catalog, "--target", "x", env={"CATALOG_SYNC_JSON": "false"})
    assert (found.code, found.out) == (64, "")


@pytest.mark.parametrize("command", ["plan", "apply", "show"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "--no-such-option"],
        ["--json", "--color", "mauve"],
        ["--json", "no-such-place", "nor-this", "nor-that"],
        ["no-such-place", "--json", "--json-into", "no/such/folder.json"],
        ["no-such-place", "--json", "--json-into"],
    ],
    ids=" ".join,
)
def test_wrong_usage(cli: Run, command: str, arguments: list[str]) -> None:
    found = cli(command, *arguments)
    assert document(found, 64)["error"]["kind"] == "UsageError"
    assert "catalog-sync: " in found.err


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_errors_before_anything_is_read(cli: Run, catalog: Path, command: str) -> None:
    run = [command, catalog, "--json"]
    assert document(cli(*run, env={"SCENARIO_SDK_API_KEY": ""}), 3)
    assert document(cli(*run, "--base-url", "http://127.0.0.1:9/v1", "--jobs", "1"), 1)
    write(catalog / "models/both.yaml", "name: 3\n")
    assert len(document(cli(*run), 1)["error"]["problems"]) == 2


def test_there_is_nobody_to_ask(cli: Run, catalog: Path) -> None:
    document(cli("apply", catalog, "--json"), 64)


def test_a_saved_plan_that_cannot_be_taken(cli: Run, catalog: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text("{}")
    assert document(cli("show", plan, "--json"), 1)["error"]["kind"] == "BadPlan"
    assert document(cli("apply", catalog, plan, "--json"), 1)["error"]["kind"] == "BadPlan"
    document(cli("show", tmp_path / "none.json", "--json"), 64)


def test_a_plan_for_another_place_is_refused_with_exit_5_and_says_so(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    cli("plan", catalog, "--out", tmp_path / "plan.json")
    found = cli("apply", catalog, tmp_path / "plan.json", "--project", "proj_2", "--json")
    assert found.code == 5
    assert json.loads(found.out)["error"]["kind"] == "Refused"


@pytest.mark.parametrize(
    ("status", "code", "kind"), [(400, 1, "Rejected"), (403, 3, "AccessDenied")]
)
def test_an_apply_that_fails_tells_the_error_and_every_outcome(
    cli: Run, catalog: Path, tmp_path: Path, status: int, code: int, kind: str
) -> None:
    cli("apply", catalog, "--base-url", "x", "--sandbox", tmp_path / "box", "--yes")
    rewrite(catalog, "[comic, ink]", "[comic, noir]")
    middleware = (answering("/tags", status, "application/json", b'{"reason": "no"}'),)
    with running(tmp_path / "box", middleware=middleware) as server:
        found = cli("apply", catalog, "--yes", "--json", "--base-url", server.url)
    made = document(found, code)
    assert made["error"]["kind"] == kind
    assert [outcome["status"] for outcome in made["outcomes"]] == ["failed"]


@contextmanager
def started(*arguments: object, url: str, stdin: int = subprocess.DEVNULL) -> Iterator[Any]:
    process = subprocess.Popen(
        program(*arguments),
        env=os.environ | CREDENTIALS | {"SCENARIO_BASE_URL": url},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: Any) -> Result:
    out, err = process.communicate(timeout=30)
    return Result(process.returncode, out, err)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"]], ids=" ".join)
def test_interrupted_while_it_reads(
    catalog: Path, tmp_path: Path, command: list[str], number: signal.Signals
) -> None:
    held = Held("GET", "/models")
    with (
        running(tmp_path / "box", middleware=(held,)) as server,
        started(*command, catalog, "--json", "--jobs", 1, url=server.url) as process,
    ):
        assert held.arrived.wait(30)
        process.send_signal(number)
        held.let_go.set()
        found = ended(process)
    assert document(found, 130)["error"]["kind"] == "Interrupted"


def test_interrupted_while_it_writes(catalog: Path, tmp_path: Path) -> None:
    for number in range(20):
        write(catalog / f"models/m{number}.yaml", f"name: M{number}\ntype: custom\n")
    arguments = ["apply", catalog, "--yes", "--json", "--jobs", 2]
    with (
        running(tmp_path / "box", latency_ms=30) as server,
        started(*arguments, url=server.url) as process,
    ):
        while not server.control.requests()["POST /models"]:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        found = ended(process)
    made = document(found, 130)
    assert {outcome["status"] for outcome in made["outcomes"]} == {"done", "skipped"}


@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("", 130)], ids=["no", "ctrl-c"])
def test_a_person_who_does_not_agree(catalog: Path, tmp_path: Path, answer: str, code: int) -> None:
    ours, theirs = pty.openpty()
    with (
        running(tmp_path / "box") as server,
        started("apply", catalog, "--json", url=server.url, stdin=theirs) as process,
    ):
        while "[y/N]" not in process.stderr.readline():
            assert process.poll() is None
        if answer:
            os.write(ours, answer.encode())
        else:
            process.send_signal(signal.SIGINT)
        found = ended(process)
    os.close(ours)
    os.close(theirs)
    document(found, code)


def test_a_full_disk_is_no_traceback(catalog: Path, tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            program("plan", catalog, "--sandbox", tmp_path / "box", "--json"),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr.endswith("the output cannot be written: No space left on device\n")


def test_a_defect_is_an_error_document_and_a_report(catalog: Path, tmp_path: Path) -> None:
    done = crashing(tmp_path, "plan", catalog, "--json")
    made = document(Result(done.returncode, done.stdout, done.stderr), 1)
    assert "RuntimeError" in made["error"]["message"]
    assert "catalog-sync-crash-" in made["error"]["hint"]
