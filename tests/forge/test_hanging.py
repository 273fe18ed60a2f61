"""Any request to a forge may hang for ever: the command ends all the same, and says so."""

from collections.abc import Iterator

import pytest

from tests.forge.conftest import Run, applied, plan
from tests.forge.test_drift_issue import drift
from tests.scenario.server import Server, Step, hang, reply

GITHUB = {
    "GITHUB_REPOSITORY": "acme/catalog",
    "GITHUB_RUN_ID": "7",
    "GITHUB_SHA": "11aa22bb",
    "GITHUB_TOKEN": "job-token",
}
GITLAB = {
    "CI_PROJECT_ID": "12",
    "CI_PROJECT_URL": "https://gitlab.example/acme/catalog",
    "CI_PIPELINE_ID": "7",
    "CI_PIPELINE_IID": "7",
    "CI_JOB_ID": "8",
    "CI_JOB_URL": "https://gitlab.example/acme/catalog/-/jobs/8",
    "CI_COMMIT_SHA": "11aa22bb",
    "GITLAB_TOKEN": "project-token",
}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.mark.parametrize("before", [[], [reply(200, [])]], ids=["the listing", "the comment"])
def test_github(run: Run, server: Server, before: list[Step]) -> None:
    server.script(*before, *[hang] * 3)
    env = GITHUB | {"GITHUB_API_URL": server.url}
    arguments = ("--markdown", "plan.md", "--pull-request", "3", "--timeout", "1")
    found = run("github", "comment", *arguments, env=env, **{"plan.md": plan()})
    assert len(server.requests) > len(before)
    assert found.code == 1
    assert "no answer in time" in found.err


def test_github_asked_for_the_pull_request_of_a_push(run: Run, server: Server) -> None:
    server.script(*[hang] * 3)
    env = GITHUB | {"GITHUB_API_URL": server.url}
    arguments = ("--markdown", "done.md", "--timeout", "1")
    found = run("github", "comment", *arguments, env=env, **{"done.md": applied()})
    assert server.requests
    assert found.code == 1
    assert "no answer in time" in found.err


def test_the_listing_of_issues(run: Run, server: Server) -> None:
    server.script(*[hang] * 3)
    env = GITHUB | {"GITHUB_API_URL": server.url}
    arguments = ("--markdown", "drift.md", "--exitcode", "2", "--timeout", "1")
    found = run("github", "drift-issue", *arguments, env=env, **{"drift.md": drift()})
    assert server.requests
    assert found.code == 1
    assert "no answer in time" in found.err


WHO = reply(200, {"username": "project_12_bot_1"})


@pytest.mark.parametrize("before", [[], [WHO], [WHO, reply(200, [])]], ids=len)
def test_gitlab(run: Run, server: Server, before: list[Step]) -> None:
    server.script(*before, *[hang] * 3)
    env = GITLAB | {"CI_API_V4_URL": server.url}
    arguments = ("--markdown", "plan.md", "--merge-request", "3", "--timeout", "1")
    found = run("gitlab", "note", *arguments, env=env, **{"plan.md": plan()})
    assert len(server.requests) > len(before)
    assert found.code == 1
    assert "no answer in time" in found.err
