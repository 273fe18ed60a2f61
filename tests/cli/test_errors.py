"""What the program says, and with which exit code, when something is wrong."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from catalogsync.sandbox import running
from tests.cli.conftest import Run, write

CANARY_KEY, CANARY_SECRET = "canary-key-7f3", "canary-secret-9b1"


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "--no-such-option"],
        ["no-such-command"],
        ["plan", "no-such-folder"],
        ["plan", "{catalog}", "--jobs", "0"],
        ["plan", "{catalog}", "--target", "nowhere"],
        ["plan", "{catalog}", "--only", "nothing-matches"],
        ["plan", "{catalog}", "--allow-upload", "lots"],
        ["plan", "{catalog}", "--base-url", "http://example.com/v1"],
        ["plan", "{catalog}", "--base-url", "https://key:secret@example.com/v1"],
        ["plan", "{catalog}", "--sandbox", "{catalog}"],
        ["plan", "{catalog}", "--prune", "--only", "both"],
        ["plan", "{catalog}", "--only", "both", "--only", "nothing-matches"],
        ["plan", "{catalog}", "--allow-upload", "1.2.3GB"],
        ["schema", "no-such-schema"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_64(cli: Run, catalog: Path, arguments: list[str]) -> None:
    found = cli(*(argument.format(catalog=catalog) for argument in arguments))
    assert found.code == 64
    assert found.out == ""
    assert found.err


def test_several_targets_without_a_default_must_be_chosen_from(cli: Run, catalog: Path) -> None:
    text = "apiVersion: catalogsync/v1\nname: acme\n"
    write(
        catalog / "catalog.yaml", text + "targets: {a: {project: proj_a}, b: {project: proj_b}}\n"
    )
    found = cli("apply", catalog, "--yes")
    assert found.code == 64
    assert "choose one with --target: a, b" in found.err


def test_usage_errors_are_json_too(cli: Run, catalog: Path) -> None:
    found = cli("plan", catalog, "--json", "--jobs", "0")
    assert json.loads(found.out)["error"]["exit_code"] == found.code == 64


def test_a_sandbox_wants_a_folder_of_its_own(cli: Run, catalog: Path, tmp_path: Path) -> None:
    assert cli("sandbox", "serve", catalog).code == 64
    assert cli("plan", catalog, "--sandbox", tmp_path).code == 64
    assert not (catalog / "sandbox.sqlite3").exists()


def test_a_file_system_that_refuses_is_no_traceback(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    found = cli("plan", catalog, "--sandbox", tmp_path / "file" / "box")
    assert found.code == 1
    assert "file" in found.err
    assert "Traceback" not in found.err


def test_every_problem_of_every_manifest_is_told_at_once(cli: Run, catalog: Path) -> None:
    write(catalog / "models/both.yaml", "name: 3\ntipe: custom\n")
    write(catalog / "models/more.yaml", "name: More\ntype: custom\nexamples: [gone.webp]\n")
    found = cli("plan", catalog)
    assert found.code == 1
    assert "models/both.yaml:1:7: " in found.err
    assert "models/both.yaml:2:1: " in found.err
    assert "models/more.yaml:3:12: " in found.err
    checked = cli("validate", catalog)
    assert checked.code == 1
    assert f"{catalog}/models/both.yaml:1:7: " in checked.out.replace("\ncatalog/", f"\n{catalog}/")


def test_missing_credentials_are_exit_3_and_say_what_to_do(cli: Run, catalog: Path) -> None:
    found = cli("plan", catalog, env={"SCENARIO_SDK_API_KEY": ""})
    assert found.code == 3
    assert "SCENARIO_SDK_API_KEY" in found.err
    assert "--sandbox" in found.err


def test_a_key_that_may_only_read_can_plan_and_not_apply(cli: Run, catalog: Path) -> None:
    reader = {"SCENARIO_SDK_API_KEY": "reader-key"}
    assert cli("plan", catalog, env=reader).code == 0
    applied = cli("apply", catalog, "--yes", env=reader)
    assert applied.code == 3
    assert "editor role" in applied.out


def test_wrong_credentials_are_exit_3(catalog: Path, cli: Run, tmp_path: Path) -> None:
    with running(tmp_path / "box", key="right", secret="right") as server:
        found = cli("plan", catalog, "--base-url", server.url)
    assert found.code == 3
    assert "SCENARIO_SDK_API_KEY" in found.err


def test_errors_are_one_json_document_too(cli: Run, catalog: Path) -> None:
    found = cli("plan", catalog, "--json", env={"SCENARIO_SDK_API_KEY": ""})
    assert json.loads(found.out)["error"]["exit_code"] == found.code == 3
    write(catalog / "models/both.yaml", "name: 3\ntype: custom\n")
    found = cli("plan", catalog, "--json")
    (problem,) = json.loads(found.out)["error"]["problems"]
    assert (found.code, problem["line"], problem["column"]) == (1, 1, 7)


def answering(path: str, status: int, kind: str, body: bytes) -> Any:
    """A middleware that answers every request to a path in place of the API."""

    def wrap(app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or not scope["path"].endswith(path):
                await app(scope, receive, send)
                return
            headers = [(b"content-type", kind.encode())]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        return serve

    return wrap


FAILURES: dict[str, tuple[int, str, bytes, int]] = {
    "403": (403, "application/json", b'{"message": "no"}', 3),
    "401": (401, "application/json", b'{"message": "who?"}', 3),
    "400": (400, "application/json", b'{"reason": "bad"}', 1),
    "html": (200, "text/html", b"<html>please log in</html>", 1),
    "broken json": (400, "application/json", b'{"models": [', 1),
    "no list": (200, "application/json", b"{}", 1),
    "null list": (200, "application/json", b'{"models": null, "assets": null}', 1),
    "nothing": (204, "application/json", b"", 1),
    "redirect": (302, "text/html", b"", 1),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("path", ["/models", "/assets/get-bulk", "/assets"])
def test_a_failed_read_is_never_taken_for_absence(
    cli: Run, catalog: Path, tmp_path: Path, path: str, failure: str
) -> None:
    with running(tmp_path / "box") as server:
        assert cli("apply", catalog, "--base-url", server.url, "--yes").code == 0
    if path == "/assets":
        # Only a file that no model uses yet makes the engine look at the newest assets.
        image = catalog / "models/ink-heroes/images/1.webp"
        write_other_image(image)
    status, kind, body, code = FAILURES[failure]
    middleware = (answering(path, status, kind, body),)
    with running(tmp_path / "box", middleware=middleware) as server:
        found = cli("apply", catalog, "--base-url", server.url, "--yes")
        sent = server.control.requests()
    assert found.code == code
    assert not [name for name in sent if name.startswith(("PUT", "DELETE", "POST /models"))]


def write_other_image(path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (5, 5), (1, 2, 3)).save(path, lossless=True)


def test_a_repeated_page_token_ends_the_run(cli: Run, catalog: Path, tmp_path: Path) -> None:
    body = b'{"models": [], "nextPaginationToken": "again"}'
    middleware = (answering("/models", 200, "application/json", body),)
    with running(tmp_path / "box", middleware=middleware) as server:
        found = cli("apply", catalog, "--base-url", server.url, "--yes")
    assert found.code == 1
    assert "repeats a page token" in found.err


def test_an_address_where_nobody_answers_is_exit_1(cli: Run, catalog: Path) -> None:
    found = cli("doctor", catalog, "--base-url", "http://127.0.0.1:9/v1")
    assert found.code == 1
    assert "FAIL  api" in found.out


@pytest.mark.parametrize(
    "setup",
    ["unreachable", "denied", "not json", "bad manifest", "no catalog", "usage", "fine"],
)
def test_credentials_appear_nowhere(cli: Run, catalog: Path, tmp_path: Path, setup: str) -> None:
    body = b"<html>https://cdn.example/x?Signature=canary-signature</html>"
    servers: dict[str, dict[str, Any]] = {
        "denied": {"key": "other"},
        "not json": {"middleware": (answering("/models", 200, "text/html", body),)},
    }
    settings = servers.get(setup, {})
    if setup == "bad manifest":
        write(catalog / "models/both.yaml", "name: [\n")
    with running(tmp_path / "box", **settings) as server:
        url = "http://127.0.0.1:9/v1" if setup == "unreachable" else server.url
        folder = tmp_path if setup == "no catalog" else catalog
        extra = ["--nonsense"] if setup == "usage" else []
        env = {"SCENARIO_SDK_API_KEY": CANARY_KEY, "SCENARIO_SDK_API_SECRET": CANARY_SECRET}
        command = "doctor" if setup == "unreachable" else "plan"
        found = cli(command, folder, "--base-url", url, "--verbose", *extra, env=env)
    assert (found.code == 0) is (setup == "fine")
    assert "canary" not in found.out + found.err


def program(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "catalogsync", *map(str, arguments)]


def test_ctrl_c_finishes_what_is_in_flight_and_the_next_run_does_the_rest(
    catalog: Path, tmp_path: Path, cli: Run
) -> None:
    for number in range(30):
        write(catalog / f"models/m{number}.yaml", f"name: M{number}\ntype: custom\n")
    with running(tmp_path / "box", latency_ms=30) as server:
        process = subprocess.Popen(
            program("apply", catalog, "--base-url", server.url, "--yes", "--jobs", 2),
            env=os.environ | {"SCENARIO_SDK_API_KEY": "k", "SCENARIO_SDK_API_SECRET": "s"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not server.control.requests()["POST /models"]:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 130, err
        assert "skipped" in out
        assert "Applied: " in out
        assert cli("apply", catalog, "--base-url", server.url, "--yes").code == 0
        again = cli("plan", catalog, "--base-url", server.url)
    assert again.out.endswith("No changes. 32 models match.\n")


def test_a_reader_that_goes_away_is_no_traceback(catalog: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        program("plan", catalog, "--sandbox", tmp_path / "box"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=30)
    assert "Traceback" not in err


def test_escapes_in_names_cannot_change_the_screen(cli: Run, catalog: Path) -> None:
    hostile = '"\\e[2Jcleared \\u202e reversed \\u200b"'
    write(catalog / "models/both.yaml", f"name: {hostile}\ntype: custom\ntags: [{hostile}]\n")
    found = cli("plan", catalog)
    for char in "\x1b\u202e\u200b":
        assert char not in found.out + found.err


def test_colour_is_for_terminals_and_those_who_ask(cli: Run, catalog: Path) -> None:
    assert "\x1b[" not in cli("plan", catalog).out
    assert "\x1b[" in cli("plan", catalog, "--color", "always").out
    assert "\x1b[" in cli("plan", catalog, env={"FORCE_COLOR": "1"}).out
    assert "\x1b[" not in cli("plan", catalog, env={"NO_COLOR": "1", "FORCE_COLOR": "1"}).out


def test_the_apis_trace_id_is_told_with_every_error(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    body = json.dumps({"reason": "no", "trace_id": "trace-77"}).encode()
    told = "trace id of the API: trace-77\n"
    reads = (answering("/v1/models", 400, "application/json", body),)
    with running(tmp_path / "box", middleware=reads) as server:
        where = ["plan", catalog, "--base-url", server.url]
        assert told in cli(*where).err
        assert json.loads(cli(*where, "--json").out)["error"]["trace_id"] == "trace-77"
        assert told in cli("doctor", *where[1:]).out
    writes = (answering("/description", 400, "application/json", body),)
    with running(tmp_path / "box", middleware=writes) as server:
        applied = cli("apply", catalog, "--base-url", server.url, "--yes", "--json")
    assert told in applied.err
    outcomes = json.loads(applied.out)["outcomes"]
    assert "trace-77" in {outcome["trace_id"] for outcome in outcomes}


def test_faults_that_nobody_knows(cli: Run, tmp_path: Path) -> None:
    result = cli("sandbox", "serve", tmp_path / "box", "--faults", "seed=7,nonsense=0.1")
    assert result.code == 64
    assert "--faults: 'nonsense' is no fault; there are: reset-before, " in result.err
    assert "what to do: for example: seed=7,rate=0.05" in result.err
