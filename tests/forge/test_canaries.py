"""The token of a job appears in nothing that a run tells, however the forge answers."""

import base64
import json
from pathlib import Path

import pytest

from tests.forge.conftest import Run, plan
from tests.forge.fakes import FakeForge, Fault, GitHub, GitLab

TOKEN = "canary-token-5d2e"
PAIR = base64.b64encode(TOKEN.encode()).decode()
ECHO = f"you sent Bearer {TOKEN} and {TOKEN}"
EVIL = f"https://evil.example/?token={TOKEN}"

FAILURES = [
    *((status, {"message": ECHO}) for status in (307, 400, 401, 403, 413, 422, 429, 503)),
    (200, {"message": ECHO, "id": ECHO}),
    (200, [{"id": ECHO, "user": {"login": ECHO}, "author": {"username": ECHO}, "body": ECHO}]),
    (200, [{"id": 7, "user": ECHO, "author": ECHO, "body": ECHO, "name": ECHO}]),
    (200, f'{{"message": "{ECHO}'.encode()),
    (200, b"[" * 100_000 + ECHO.encode()),
    (403, {"errors": [{"message": ECHO}, ECHO, {"field": [ECHO]}], "error": {"x": ECHO}}),
    (422, {"message": f"too long: {ECHO}"}),
    (502, f"<html>{ECHO}</html>".encode()),
]
HEADERS = {
    "Retry-After": "9999",
    "Location": EVIL,
    "Link": f'<{EVIL}>; rel="next"',
    "X-RateLimit-Reset": TOKEN,
}


def told(run: Run, forge: FakeForge, folder: Path) -> tuple[int, str]:
    """The exit code of a comment with a label, and all that it tells and leaves."""
    github = isinstance(forge, GitHub)
    names = ("github", "comment", "--label", "x") if github else ("gitlab", "note")
    env = {
        "GITHUB_API_URL": forge.url,
        "GITHUB_REPOSITORY": "acme/catalog",
        "GITHUB_RUN_ID": "11",
        "GITHUB_EVENT_PATH": str(folder / "event"),
        "GITHUB_TOKEN": TOKEN,
        "CI_API_V4_URL": forge.url,
        "CI_PROJECT_ID": "12",
        "CI_PIPELINE_ID": "11",
        "CI_MERGE_REQUEST_IID": "7",
        "GITLAB_TOKEN": TOKEN,
    }
    files = {"plan.md": plan(), "event": json.dumps({"pull_request": {"number": 7}})}
    result = run(*names, "--markdown", "plan.md", env=env, **files)
    left = [path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()]
    return result.code, "".join([result.out, result.err, *left])


@pytest.mark.parametrize("method", ["GET", "POST", "edit"])
@pytest.mark.parametrize(("kind", "edit"), [(GitHub, "PATCH"), (GitLab, "PUT")])
@pytest.mark.parametrize(("status", "body"), FAILURES, ids=range(len(FAILURES)))
def test_no_answer_makes_a_run_tell_its_token(
    run: Run,
    tmp_path: Path,
    kind: type[FakeForge],
    edit: str,
    method: str,
    status: int,
    body: object,
) -> None:
    with kind({TOKEN: "github-actions[bot]"}, {TOKEN}) as forge:
        if method == "edit":
            forge.say("github-actions[bot]", plan("Older."))
        forge.faults.append(Fault(edit if method == "edit" else method, status, body, HEADERS))
        code, said = told(run, forge, tmp_path)
    assert forge.faults == []
    assert code in (0, 1, 3)
    assert "Traceback" not in said
    assert [canary for canary in (TOKEN, PAIR) if canary in said] == []
    assert [
        canary for canary in (TOKEN, PAIR) if any(canary in body for body in forge.bodies)
    ] == []


def test_no_address_makes_a_run_tell_its_token(run: Run, tmp_path: Path) -> None:
    (tmp_path / "plan.md").write_text(plan(), encoding="utf-8")
    for address in ("http://example.org", "https://[", "nowhere", f"https://{TOKEN}@x.invalid"):
        env = {
            "GITHUB_API_URL": address,
            "GITHUB_REPOSITORY": "acme/catalog",
            "GITHUB_RUN_ID": "11",
            "GITHUB_TOKEN": TOKEN,
        }
        arguments = ("--markdown", "plan.md", "--pull-request", "7")
        result = run("github", "comment", *arguments, env=env)
        assert result.code in (1, 64)
        assert TOKEN not in result.out + result.err, address
