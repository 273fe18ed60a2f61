"""What a run says of its requests: -v, -vv, and the same for programs."""

import json
import math
import os
import re
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from catalogsync.cli.choices import Choices
from catalogsync.cli.log import Log
from catalogsync.cli.session import log_of
from catalogsync.events import CoolingDown
from catalogsync.sandbox import running
from tests.cli.conftest import MODEL, Run, write
from tests.cli.terminal import Terminal
from tests.cli.test_errors import answering, program
from tests.cli.test_faults import Answers
from tests.cli.test_kinds import wav

REQUEST = re.compile(r"(GET|PUT|POST|DELETE) ([^ ?]+|part \d+): 200, \d+ ms, attempt \d+")


@pytest.mark.parametrize("verbose", ["-v", "--verbose"])
def test_verbose_says_one_line_for_every_request(
    cli: Run, catalog: Path, tmp_path: Path, verbose: str
) -> None:
    (catalog / "models/ink-heroes/voice.wav").write_bytes(wav(4096))
    text = MODEL.replace("images/3.webp]", "voice.wav]")
    write(catalog / "models/ink-heroes/model.yaml", text)
    with running(tmp_path / "box", validate_s=0, import_s=0) as server:
        found = cli("apply", catalog, "--base-url", server.url, "--yes", "--quiet", verbose)
        seen = server.control.requests()
    assert found.code == 0
    lines = found.err.splitlines()
    assert [line for line in lines if not REQUEST.fullmatch(line)] == []
    assert len(lines) == sum(seen.values())
    assert "PUT part 1: 200" in found.err


def test_quiet_says_nothing(cli: Run, catalog: Path) -> None:
    assert cli("plan", catalog, "--quiet").err == ""


@pytest.fixture
def slowed(cli: Run, catalog: Path, tmp_path: Path) -> Any:
    """The log of a plan that is told once to slow down, with a trace id."""

    def run(*options: str) -> list[str]:
        body = {"reason": "Too many", "remainingSeconds": 0.01, "trace_id": "trace-77"}
        answers = Answers([("GET", "/v1/models", 429, body)])
        with running(tmp_path / "box", middleware=(answers,)) as server:
            where = ["--base-url", server.url, "--project", "proj_log"]
            found = cli("plan", catalog, "--quiet", *where, *options)
        assert found.code == 0
        return found.err.splitlines()

    return run


def test_twice_verbose_also_says_retries_pace_cache_and_trace_id(slowed: Any) -> None:
    said = "\n".join(slowed("-vv"))
    assert re.search(r"GET /models: Too many \(429\).*, attempt 1, trace id trace-77\n", said)
    assert "GET /models: again in 0.0 s: Too many (429)" in said
    assert re.search(r"slowing down to [\d.]+ requests/s", said)
    assert re.search(r"GET /models: 200, \d+ ms, attempt 2\n", said)
    assert re.search(r"cache: \d+ files? known, not read again", said)
    once = "\n".join(slowed("-v"))
    assert "again in" not in once
    assert "trace-77" not in once
    assert "cache:" not in once


def test_the_log_as_json_says_the_same(slowed: Any) -> None:
    events = [json.loads(line) for line in slowed("-vv", "--log-json")]
    first, *_ = (event for event in events if event["event"] == "request")
    assert first.pop("ms") >= 0
    assert first == {
        "event": "request",
        "method": "GET",
        "path": "/models",
        "status": 429,
        "attempt": 1,
        "failure": "Too many (429); the server asks to wait 0 s",
        "trace_id": "trace-77",
    }
    kinds = Counter(event["event"] for event in events)
    assert (kinds["retry"], kinds["pace"]) == (1, 1)
    assert kinds["request"] >= 2
    assert kinds["cache"] >= 1


def test_a_request_without_an_answer_has_no_status(cli: Run, catalog: Path) -> None:
    """Nobody listens at the address."""
    where = ["--base-url", "http://127.0.0.1:9/v1"]
    event = json.loads(cli("doctor", catalog, *where, "-v", "--log-json").err.splitlines()[0])
    assert event["status"] is None
    assert event["failure"]


def test_a_success_that_cannot_be_used_is_told_with_its_status(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    middleware = (answering("/models", 200, "text/html", b"<html>"),)
    with running(tmp_path / "box", middleware=middleware) as server:
        found = cli("plan", catalog, "--base-url", server.url, "-v")
    assert "GET /models: the answer is not JSON but text/html (200), " in found.err


def cooling(seconds: float) -> Answers:
    """A server that wants every model listed later."""
    body = {"reason": "Cooling down", "remainingSeconds": seconds}
    return Answers([("GET", "/v1/models", 429, body)] * 9)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), r"Waiting 4 min, until \d\d:\d\d:\d\d, as the server asks: GET /models: Cooling down"),
        (("--log-json",), r'"event": "cooldown", .*"seconds": 240'),
        (("--max-wait", "999", "-v"), "Waiting 4 min"),
    ],
)
def test_a_cooldown_is_said_and_can_be_ended(
    catalog: Path, tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    with running(tmp_path / "box", middleware=(cooling(240),)) as server:
        process = subprocess.Popen(
            program("plan", catalog, "--base-url", server.url, *options),
            env=os.environ | {"SCENARIO_SDK_API_KEY": "k", "SCENARIO_SDK_API_SECRET": "s"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        assert any(re.search(told, line) for line in process.stderr)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130


@pytest.mark.parametrize(
    ("seconds", "options"), [(900, ()), (20, ("--max-wait", "19.5")), (0.1, ("--max-wait", "0"))]
)
def test_a_cooldown_that_is_too_long_ends_the_run_at_once(
    cli: Run, catalog: Path, tmp_path: Path, seconds: float, options: tuple[str, ...]
) -> None:
    with running(tmp_path / "box", middleware=(cooling(seconds),)) as server:
        found = cli("plan", catalog, "--base-url", server.url, *options)
        assert sum(server.control.requests().values()) == 0
    assert found.code == 1
    assert f"Cooling down (429); the server asks to wait {seconds:.0f} s\n" in found.err
    assert f"or let it wait with --max-wait {math.ceil(seconds)}\n" in found.err
    assert "Waiting" not in found.err


def test_a_cooldown_in_the_middle_of_an_apply_begins_nothing_more(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    for number in range(20):
        write(catalog / f"models/m{number}.yaml", f"name: M{number}\ntype: custom\n")
    body = {"reason": "Cooling down", "remainingSeconds": 900}
    answers = Answers([("POST", "/v1/models", 429, body)] * 20)
    with running(tmp_path / "box", middleware=(answers,)) as server:
        found = cli("apply", catalog, "--base-url", server.url, "--yes", "--jobs", "2")
    assert found.code in (1, 4)
    assert len(answers.due) >= 18
    assert "the server asks to wait\n" in found.out
    assert "or let it wait with --max-wait 900\n" in found.out


def test_waits_that_add_up_to_more_than_allowed_end_the_run(
    cli: Run, catalog: Path, tmp_path: Path
) -> None:
    answers = cooling(0.1)
    with running(tmp_path / "box", middleware=(answers,)) as server:
        found = cli("plan", catalog, "--base-url", server.url, "--max-wait", "0.25")
    assert found.code == 1
    assert len(answers.due) == 6


def test_a_wait_that_many_requests_share_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    log = Log(0, as_json=False)
    for path in ("/a", "/b", "/c"):
        log(CoolingDown("GET", path, 600, "Cooling down"))
    log(CoolingDown("GET", "/d", 1, "Too many"))
    log(CoolingDown("GET", "/e", 700, "Cooling down again"))
    said = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in said] == ["GET /a", "GET /e"]


def test_quiet_says_no_wait(capsys: pytest.CaptureFixture[str]) -> None:
    log_of(Choices(quiet=True))(CoolingDown("GET", "/a", 600, "Cooling down"))
    assert capsys.readouterr().err == ""


def test_at_a_terminal_a_line_stands_by_itself_above_the_bars(server: Any, catalog: Path) -> None:
    terminal = Terminal("plan", catalog, "-v", url=server.url)
    assert terminal.end() == 0
    lines = re.split(r"[\r\n]+", terminal.shown)
    told = [line for line in lines if "200, " in line]
    assert any(line.startswith("GET /models: 200, ") for line in told)
    assert [line for line in told if not REQUEST.fullmatch(line.rstrip())] == []
