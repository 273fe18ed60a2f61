"""The one issue that tells of drift, at both forges, and the webhook that is told of events."""

import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.forge.conftest import BOT, Result, Run
from tests.forge.fakes import FakeForge, Fault
from tests.scenario.server import Server, hang

SECRET = "hook-secret-canary"


def drift(
    changes: int = 1, digest: str = "sha256:1", *, known: bool = True, target: str = "main"
) -> str:
    """What `drift --markdown` writes, in the form of the real ones."""
    data = {"kind": "drift", "catalog": "acme", "target": target, "project": "p"}
    marker = json.dumps(data | {"changes": changes, "digest": digest, "known": known})
    return f"<!-- catalog-sync {marker} -->\n\n## {changes} changed\n\nDrift: {digest}.\n"


class Job:
    """Runs `drift-issue` as a scheduled job would; `state` is what open issues are called."""

    def __init__(self, run: Run, forge: FakeForge, name: str, env: Callable[[int], dict[str, str]]):
        self.run, self.forge, self.name, self.env = run, forge, name, env

    def checks(
        self, text: str, *more: object, run: int = 10, exitcode: int | None = None, **env: str
    ) -> Result:
        """Tell of a check; its exit code is that of a drift with changes, if not given."""
        code = exitcode if exitcode is not None else 0 if '"changes": 0' in text else 2
        arguments = (self.name, "drift-issue", "--markdown", "d.md", "--exitcode", code, *more)
        return self.run(*arguments, env=self.env(run) | env, **{"d.md": text})

    @property
    def open_issues(self) -> list[str]:
        """The text of every open issue."""
        opened = [issue for issue in self.forge.issues if issue["state"].startswith("open")]
        return [issue.get("body") or issue["description"] for issue in opened]


@pytest.fixture(params=["github", "gitlab"])
def job(request: pytest.FixtureRequest, run: Run, github: FakeForge, gitlab: FakeForge) -> Job:
    """A scheduled job of each forge."""
    if request.param == "github":
        return Job(
            run,
            github,
            "github",
            lambda number: {
                "GITHUB_API_URL": github.url,
                "GITHUB_REPOSITORY": "acme/catalog",
                "GITHUB_RUN_ID": str(number),
                "GITHUB_TOKEN": "job-token-1",
            },
        )
    return Job(
        run,
        gitlab,
        "gitlab",
        lambda number: {
            "CI_API_V4_URL": gitlab.url,
            "CI_PROJECT_ID": "12",
            "CI_PIPELINE_ID": str(number),
            "CI_PIPELINE_URL": "https://gitlab.com/acme/catalog/-/pipelines/10",
            "GITLAB_TOKEN": "project-token",
        },
    )


def test_drift_opens_one_issue_and_tells_of_it_once(job: Job) -> None:
    assert job.checks(drift()).err.startswith("An issue was opened. https://")
    assert job.checks(drift(), run=11).err.startswith("The issue tells of this already.")
    (body,) = job.open_issues
    assert body.splitlines()[0] == drift().splitlines()[0]
    assert job.forge.issues[0]["title"] == "Catalog drift: acme → main"


def test_other_drift_rewrites_it(job: Job) -> None:
    job.checks(drift())
    assert "brought up to date" in job.checks(drift(2, "sha256:2"), run=11).err
    (body,) = job.open_issues
    assert "Drift: sha256:2." in body


def test_it_is_closed_when_clean_and_reopened_by_the_next_drift(job: Job) -> None:
    job.checks(drift())
    assert "was closed" in job.checks(drift(0), run=11).err
    assert job.open_issues == []
    assert "no open issue" in job.checks(drift(0), run=12).err
    assert "was reopened" in job.checks(drift(), run=13).err
    assert len(job.open_issues) == len(job.forge.issues) == 1


@pytest.mark.parametrize("exitcode", [1, 3, 64, 130])
def test_a_check_that_failed_leaves_it_alone(job: Job, exitcode: int) -> None:
    job.checks(drift())
    seen = len(job.forge.seen)
    result = job.checks(drift(0), run=11, exitcode=exitcode)
    assert (result.code, len(job.forge.seen)) == (0, seen)
    assert result.err == (f"The check failed (exit code {exitcode}); the issue was left alone.\n")


def test_a_check_that_could_not_compare_every_model_does_not_close_it(job: Job) -> None:
    job.checks(drift())
    assert "left alone" in job.checks(drift(0, known=False), run=11).err
    assert len(job.open_issues) == 1


def test_an_earlier_run_that_comes_late_does_not_touch_it(job: Job) -> None:
    job.checks(drift(), run=20)
    assert "A later run" in job.checks(drift(0), run=19).err
    assert len(job.open_issues) == 1


def test_every_target_has_an_issue_of_its_own(job: Job) -> None:
    job.checks(drift())
    job.checks(drift(target="staging"), run=11)
    assert len(job.open_issues) == 2
    job.checks(drift(0, target="staging"), run=12)
    (body,) = job.open_issues
    assert '"target": "main"' in body.splitlines()[0]


def test_somebody_elses_issue_is_never_touched(job: Job) -> None:
    theirs = job.forge.issue(1, "mallory", {"title": "x", "body": drift(), "description": drift()})
    job.forge.issues.append(theirs)
    job.checks(drift(2, "sha256:2"))
    assert job.forge.issues[0] == theirs
    assert len(job.forge.issues) == 2


def test_it_is_found_behind_many_others(job: Job) -> None:
    job.checks(drift())
    owner = BOT if job.name == "github" else "project_12_bot_1"
    for number in range(2, 251):
        other = {"title": "t", "body": "b", "description": "b"}
        job.forge.issues.append(job.forge.issue(number, owner, other))
    assert "tells of this already" in job.checks(drift(), run=11).err


def test_a_plan_is_not_taken_for_drift(job: Job) -> None:
    result = job.checks(drift().replace('"drift"', '"plan"'))
    assert result.code == 64
    assert "not the marker of a drift" in result.err


def test_a_token_that_may_only_read_is_said_and_fails_nothing(job: Job) -> None:
    env: dict[str, Any] = {"GITHUB_TOKEN": "fork-token", "GITLAB_TOKEN": "reader-token"}
    result = job.checks(drift(), **env)
    assert result.code == 0
    assert result.err.startswith("No issue was written: ")


def test_a_lost_answer_opens_no_second_issue(job: Job) -> None:
    job.forge.faults.append(Fault("POST", 502))
    assert job.checks(drift()).code == 1
    assert [seen.split()[0] for seen in job.forge.seen].count("POST") == 1


class Hook:
    """A webhook that keeps what it gets; `answers` are its next status codes."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                hook.got.append(({n.lower(): v for n, v in self.headers.items()}, body))
                self.send_response(hook.answers.pop(0) if hook.answers else 200)
                self.send_header("location", "http://127.0.0.1:9/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook-path-canary"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    @property
    def events(self) -> list[str]:
        return [json.loads(body)["event"] for _, body in self.got]


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    monkeypatch.setattr("catalogsync.forge.webhook._FIRST_WAIT", 0.0)
    made = Hook()
    made.thread.start()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


def test_the_webhook_is_told_of_every_event_and_of_nothing_else(job: Job, hook: Hook) -> None:
    checks = [drift(), drift(), drift(2, "sha256:2"), drift(0), drift(0), drift()]
    for number, text in enumerate(checks, 10):
        job.checks(text, "--webhook", hook.url, run=number)
    assert hook.events == ["opened", "changed", "resolved", "opened"]
    event = json.loads(hook.got[0][1])
    assert (event["catalog"], event["changes"], event["fingerprint"]) == ("acme", 1, "sha256:1")
    assert event["text"].startswith("Catalog acme (main): drift opened. 1 changed on the server. ")


def test_the_webhook_can_tell_that_it_is_us(job: Job, hook: Hook) -> None:
    env: dict[str, Any] = {"CATALOG_SYNC_WEBHOOK_SECRET": SECRET, "CATALOG_SYNC_WEBHOOK": hook.url}
    result = job.checks(drift(), **env)
    ((headers, body),) = hook.got
    signed = hmac.new(SECRET.encode(), body, "sha256").hexdigest()
    assert headers["x-catalog-sync-signature-256"] == f"sha256={signed}"
    assert "canary" not in result.out + result.err


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_webhook_that_fails_is_tried_three_times_and_fails_nothing(
    job: Job, hook: Hook, status: int
) -> None:
    hook.answers = [status] * 3
    result = job.checks(drift(), "--webhook", hook.url)
    assert (result.code, len(hook.got)) == (0, 3)
    assert result.err.splitlines()[-1] == f"The webhook could not be told: it answered {status}."


def test_a_webhook_that_comes_to_itself_is_told_once(job: Job, hook: Hook) -> None:
    hook.answers = [503]
    assert "The webhook was told." in job.checks(drift(), "--webhook", hook.url).err
    assert len(hook.got) == 2


def test_a_webhook_that_nobody_answers_fails_nothing(job: Job, hook: Hook) -> None:
    result = job.checks(drift(), "--webhook", "http://127.0.0.1:9/canary")
    assert result.code == 0
    assert "The webhook could not be told: ConnectError." in result.err
    assert "canary" not in result.err


def test_a_webhook_that_hangs_fails_nothing(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalogsync.forge.webhook._SECONDS", 0.2)
    monkeypatch.setattr("catalogsync.forge.webhook._FIRST_WAIT", 0.0)
    with Server() as server:
        server.script(*[hang] * 3)
        result = job.checks(drift(), "--webhook", server.url)
    assert result.code == 0
    assert "The webhook could not be told: no answer in time." in result.err


@pytest.mark.parametrize(
    "url",
    ["http://example.com/canary", "ftp://h/canary", "https://u:p@h/canary", "canary", "http://"],
)
def test_only_an_https_address_is_told_and_another_fails_nothing(job: Job, url: str) -> None:
    result = job.checks(drift(), "--webhook", url)
    assert result.code == 0
    assert "The webhook cannot be told: it is no https address." in result.err
    assert "canary" not in result.err
    assert len(job.open_issues) == 1


def test_a_text_that_is_too_long_is_shortened(job: Job, tmp_path: Path) -> None:
    job.forge.longest = 2_000
    job.checks(drift() + "long " * 1_000)
    (body,) = job.open_issues
    assert "The whole is too long" in body
