"""What a run says of its requests: -v, -vv, and the same for programs."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from catalogsync.sandbox import running
from tests.cli.conftest import MODEL, Run, write
from tests.cli.test_errors import answering
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
