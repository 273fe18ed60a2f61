"""Any request to a forge may hang for ever: the command ends all the same, and says so."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from tests.forge.conftest import Result, Run, applied, plan
from tests.forge.fakes import FakeForge
from tests.forge.test_drift_issue import drift

COMMIT = "11aa22bb"


def github_job(forge: FakeForge) -> dict[str, str]:
    """The environment of a job that runs for a commit."""
    return {
        "GITHUB_API_URL": forge.url,
        "GITHUB_REPOSITORY": "acme/catalog",
        "GITHUB_RUN_ID": "7",
        "GITHUB_SHA": COMMIT,
        "GITHUB_TOKEN": "job-token-1",
    }


def gitlab_job(forge: FakeForge) -> dict[str, str]:
    """The environment of a job that runs for a commit."""
    return {
        "CI_API_V4_URL": forge.url,
        "CI_PROJECT_ID": "12",
        "CI_PIPELINE_ID": "7",
        "CI_JOB_URL": "https://gitlab.example/acme/catalog/-/jobs/8",
        "CI_COMMIT_SHA": COMMIT,
        "GITLAB_TOKEN": "project-token",
    }


JOBS = {"github": github_job, "gitlab": gitlab_job}


@dataclass(frozen=True)
class Command:
    """A command with the Markdown that it tells of, and what it told of before."""

    words: tuple[str, ...]
    text: str
    before: str = ""

    def run(self, run: Run, forge: FakeForge, text: str, *more: str) -> Result:
        """Run it with a text."""
        words = (*self.words, "--markdown", "told.md", *more)
        return run(*words, env=JOBS[self.words[0]](forge), **{"told.md": text})


DRIFT = ("drift-issue", "--exitcode", "2")
LABELLED = ("github", "comment", "--pull-request", "7", "--label", "catalog")
COMMANDS: Mapping[Command, tuple[str, ...]] = {
    Command(LABELLED, plan()): (
        "GET /repos/acme/catalog/issues/7/comments",
        "POST /repos/acme/catalog/issues/7/comments",
        "GET /repos/acme/catalog/issues/7/labels",
        "POST /repos/acme/catalog/issues/7/labels",
    ),
    Command(LABELLED, plan(changes=0), before=plan()): (
        "GET /repos/acme/catalog/issues/7/comments",
        "PATCH /repos/acme/catalog/issues/comments/100",
        "GET /repos/acme/catalog/issues/7/labels",
        "DELETE /repos/acme/catalog/issues/7/labels/catalog",
    ),
    Command(("github", "comment"), applied()): (
        f"GET /repos/acme/catalog/commits/{COMMIT}/pulls",
        "GET /repos/acme/catalog/issues/7/comments",
        "POST /repos/acme/catalog/issues/7/comments",
    ),
    Command(("github", *DRIFT), drift()): (
        "GET /repos/acme/catalog/issues",
        "POST /repos/acme/catalog/issues",
    ),
    Command(("github", *DRIFT), drift(2, "sha256:2"), before=drift()): (
        "GET /repos/acme/catalog/issues",
        "PATCH /repos/acme/catalog/issues/1",
    ),
    Command(("gitlab", "note", "--merge-request", "7"), plan()): (
        "GET /user",
        "GET /projects/12/merge_requests/7/notes",
        "POST /projects/12/merge_requests/7/notes",
    ),
    Command(("gitlab", "note", "--merge-request", "7"), plan(changes=0), before=plan()): (
        "GET /user",
        "GET /projects/12/merge_requests/7/notes",
        "PUT /projects/12/merge_requests/7/notes/100",
    ),
    Command(("gitlab", "note"), applied()): (
        f"GET /projects/12/repository/commits/{COMMIT}/merge_requests",
        "GET /user",
        "GET /projects/12/merge_requests/7/notes",
        "POST /projects/12/merge_requests/7/notes",
    ),
    Command(("gitlab", *DRIFT), drift()): (
        "GET /user",
        "GET /projects/12/issues",
        "POST /projects/12/issues",
    ),
    Command(("gitlab", *DRIFT), drift(2, "sha256:2"), before=drift()): (
        "GET /user",
        "GET /projects/12/issues",
        "PUT /projects/12/issues/1",
    ),
}
"""Every request of every command that talks to a forge; a webhook that hangs fails nothing."""


@pytest.fixture
def forges(github: FakeForge, gitlab: FakeForge) -> Mapping[str, FakeForge]:
    """Both forges, each with a request that was merged by the commit of the job."""
    github.merged[COMMIT] = [{"number": 7, "merged_at": "2026-01-01T00:00:00Z"}]
    gitlab.merged[COMMIT] = [{"iid": 7, "state": "merged"}]
    return {"github": github, "gitlab": gitlab}


def begun(run: Run, forges: Mapping[str, FakeForge], command: Command) -> FakeForge:
    """The forge of a command after what was told before."""
    forge = forges[command.words[0]]
    if command.before:
        assert command.run(run, forge, command.before).code == 0
    forge.seen.clear()
    return forge


@pytest.mark.parametrize("command", COMMANDS)
def test_the_table_holds_every_request(
    run: Run, forges: Mapping[str, FakeForge], command: Command
) -> None:
    forge = begun(run, forges, command)
    assert command.run(run, forge, command.text).code == 0
    assert tuple(seen.split("?")[0] for seen in forge.seen) == COMMANDS[command]


@pytest.mark.parametrize(
    ("command", "request_"),
    [(command, each) for command, requests in COMMANDS.items() for each in requests],
)
def test_a_request_that_hangs_ends_the_command(
    run: Run, forges: Mapping[str, FakeForge], command: Command, request_: str
) -> None:
    forge = begun(run, forges, command)
    forge.hangs = request_
    found = command.run(run, forge, command.text, "--timeout", "1")
    assert forge.hung
    assert found.code == 1
    assert "no answer in time" in found.err
