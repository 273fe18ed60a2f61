"""The comment of a pull request: one, ours, of the newest run, closed by the apply."""

import json
from pathlib import Path

import pytest

from catalogsync.forge.stamp import Run as CiRun
from catalogsync.forge.stamp import read_run
from tests.forge.conftest import BOT, Result, Run, applied, plan
from tests.forge.fakes import FakeForge, Fault

HEAD = "8b2f0c5d" * 5
MERGE = "11aa22bb" * 5


@pytest.fixture
def event(tmp_path: Path) -> Path:
    """What triggered the run: pull request 7."""
    path = tmp_path / "event.json"
    data = {"pull_request": {"number": 7, "head": {"sha": HEAD}}}
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


class Job:
    """Runs `ci github comment` as a job of a workflow would."""

    def __init__(self, run: Run, forge: FakeForge, event: Path) -> None:
        self.run = run
        self.forge = forge
        self.env = {
            "GITHUB_API_URL": forge.url,
            "GITHUB_REPOSITORY": "acme/catalog",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_SHA": MERGE,
            "GITHUB_TOKEN": "job-token-1",
        }

    def plans(self, text: str, *more: str, run: int = 10, attempt: int = 1, **env: str) -> Result:
        """Comment a plan."""
        arguments = ("github", "comment", "--markdown", "plan.md", *more)
        return self.run(*arguments, env=self._env(run, attempt, env), **{"plan.md": text})

    def applies(self, text: str, *more: str, run: int = 20, attempt: int = 1) -> Result:
        """Comment an apply, in the run of a push."""
        return self.plans(text, *more, run=run, attempt=attempt, GITHUB_EVENT_PATH="")

    def _env(self, run: int, attempt: int, more: dict[str, str]) -> dict[str, str]:
        number = {"GITHUB_RUN_ID": str(run), "GITHUB_RUN_ATTEMPT": str(attempt)}
        return self.env | number | more


@pytest.fixture
def job(run: Run, github: FakeForge, event: Path) -> Job:
    """A job of pull request 7."""
    return Job(run, github, event)


def test_the_first_plan_is_a_new_comment(job: Job) -> None:
    result = job.plans(plan())
    assert (result.code, result.out, result.err) == (0, "", "The comment was written.\n")
    (body,) = job.forge.bodies
    lines = body.splitlines()
    assert lines[0] == plan().splitlines()[0]
    assert lines[2:5] == ["", "## ~ 1 change", ""]
    assert lines[-1] == (
        f"<sub>Commit {HEAD[:12]}, [this run](https://github.com/acme/catalog/actions/runs/10)</sub>"
    )


def test_the_next_plan_takes_its_place(job: Job) -> None:
    job.plans(plan())
    result = job.plans(plan("Plan: 2 to create."), run=11)
    assert result.err == "The comment was brought up to date.\n"
    (body,) = job.forge.bodies
    assert "Plan: 2 to create." in body
    assert "Plan: 1 to create." not in body
    assert body.count("catalog-sync-run") == 1


def test_another_catalog_or_target_has_a_comment_of_its_own(job: Job) -> None:
    job.plans(plan())
    job.plans(plan(target="staging"))
    job.plans(plan(catalog="other"))
    assert len(job.forge.comments) == 3


def test_it_is_found_on_any_page(job: Job) -> None:
    for number in range(250):
        job.forge.say("someone", f"remark {number}")
    job.plans(plan())
    for number in range(30):
        job.forge.say("someone", f"answer {number}")
    job.forge.seen.clear()
    assert job.plans(plan("Plan: 3 to create."), run=11).code == 0
    assert len(job.forge.comments) == 281
    pages = [request for request in job.forge.seen if request.startswith("GET")]
    assert len(pages) == 3
    assert all("per_page=100" in page for page in pages)


def test_an_impostor_is_never_edited(job: Job) -> None:
    job.plans(plan())
    (ours,) = job.forge.bodies
    job.forge.comments.clear()
    for name in ("mallory", "github-actions", "GitHub-Actions[bot]"):
        job.forge.say(name, ours)
    assert job.plans(plan("Plan: 4 to create."), run=11).err == "The comment was written.\n"
    assert job.forge.bodies[:3] == [ours, ours, ours]
    assert job.forge.comments[3]["user"]["login"] == BOT


def test_a_marker_that_is_not_on_the_first_line_is_a_quotation(job: Job) -> None:
    job.forge.say(BOT, f"Somebody wrote:\n\n{plan()}")
    job.plans(plan())
    assert len(job.forge.comments) == 2


@pytest.mark.parametrize(("number", "attempt"), [(9, 1), (9, 7), (10, 1)])
def test_an_older_run_finishing_late_changes_nothing(job: Job, number: int, attempt: int) -> None:
    job.plans(plan("The newest."), run=10, attempt=2)
    before = job.forge.bodies
    result = job.plans(plan("Stale."), run=number, attempt=attempt)
    assert (result.code, job.forge.bodies) == (0, before)
    assert result.err == "A later run has written the comment; it was left alone.\n"


def test_a_further_attempt_of_the_same_run_is_later(job: Job) -> None:
    job.plans(plan("First."), run=10, attempt=9)
    job.plans(plan("Second."), run=10, attempt=10)
    assert "Second." in job.forge.bodies[0]


def test_of_two_comments_the_later_one_is_kept_up_to_date(job: Job) -> None:
    job.plans(plan("First."), run=10)
    first = job.forge.comments.pop()
    job.plans(plan("Second."), run=11)
    job.forge.comments.insert(0, first | {"id": 50})
    job.plans(plan("Third."), run=12)
    assert "First." in job.forge.bodies[0]
    assert "Third." in job.forge.bodies[1]


def test_a_token_that_only_reads_is_said_and_fails_nothing(job: Job) -> None:
    result = job.plans(plan(), GITHUB_TOKEN="fork-token")
    assert result.code == 0
    assert "Not commented: POST" in result.err
    assert "Resource not accessible by integration (403)" in result.err
    assert "a fork's token only reads" in result.err
    assert job.forge.comments == []


def test_a_token_that_is_none_is_an_error(job: Job) -> None:
    assert job.plans(plan(), GITHUB_TOKEN="wrong").code == 3
    result = job.plans(plan(), GITHUB_TOKEN="")
    assert result.code == 3
    assert "GITHUB_TOKEN not set" in result.err


def test_a_body_that_is_too_long_is_told_by_its_sentence(job: Job) -> None:
    result = job.plans(plan() + "| long |\n" * 10_000)
    assert result.code == 0
    assert "the whole is too long" in result.err
    (body,) = job.forge.bodies
    assert "## ~ 1 change\n\nPlan: 1 to create.\n\nThe whole is too long" in body
    assert "actions/runs/10" in body
    assert "| long |" not in body
    job.plans(plan("Short again."), run=11)
    assert len(job.forge.comments) == 1
    assert "Short again." in job.forge.bodies[0]
    job.plans(plan("Long again.") + "| long |\n" * 10_000, run=12)
    assert "Long again.\n\nThe whole is too long" in job.forge.bodies[0]


SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_secondary_rate_limit_is_waited_for(job: Job, status: int, method: str) -> None:
    job.forge.faults.append(Fault(method, status, SECONDARY, {"Retry-After": "0"}))
    assert job.plans(plan()).code == 0
    assert len(job.forge.comments) == 1


def test_a_limit_that_lasts_too_long_is_an_error_and_no_lack_of_rights(job: Job) -> None:
    job.forge.faults.append(Fault("POST", 403, SECONDARY, {"Retry-After": "3600"}))
    result = job.plans(plan())
    assert result.code == 1
    assert "asks to wait 3600 s" in result.err


def test_an_answer_that_is_lost_does_not_lead_to_a_second_comment(job: Job) -> None:
    job.forge.faults.append(Fault("POST", 502, b"<html>Bad Gateway</html>"))
    assert job.plans(plan()).code == 1
    assert [r for r in job.forge.seen if r.startswith("POST")] == [
        "POST /repos/acme/catalog/issues/7/comments"
    ]


def test_the_apply_closes_the_comment_of_the_merged_pull_request(job: Job) -> None:
    open_one = {"number": 3, "merged_at": None}
    job.forge.merged[MERGE] = [open_one, {"number": 7, "merged_at": "2026-01-01T00:00:00Z"}]
    job.plans(plan())
    assert job.applies(applied()).code == 0
    (body,) = job.forge.bodies
    assert "Applied: 1 created." in body
    assert "Plan: 1 to create." not in body
    assert f"Commit {MERGE[:12]}" in body
    assert read_run(body) == CiRun(20, 1)


def test_a_closed_comment_is_left_alone_by_plans_and_told_anew_by_applies(job: Job) -> None:
    job.plans(plan())
    job.applies(applied("Applied: 1 not finished."), "--pull-request", "7")
    before = job.forge.bodies
    result = job.plans(plan("Too late."), run=30)
    assert result.err == "The comment tells what was applied; it was left alone.\n"
    assert job.forge.bodies == before
    job.applies(applied(), "--pull-request", "7", run=20, attempt=2)
    assert "Applied: 1 created." in job.forge.bodies[0]
    job.applies(applied("Older."), "--pull-request", "7", run=19)
    assert "Applied: 1 created." in job.forge.bodies[0]


def test_an_apply_whose_plan_was_not_commented_has_a_comment_of_its_own(job: Job) -> None:
    assert job.applies(applied(), "--pull-request", "7").err == "The comment was written.\n"
    assert len(job.forge.comments) == 1


def test_an_apply_that_no_pull_request_brought_comments_nothing(job: Job) -> None:
    result = job.applies(applied())
    assert (result.code, "No pull request belongs" in result.err) == (0, True)
    assert job.forge.comments == []


def test_a_plan_outside_of_a_pull_request_comments_nothing(job: Job) -> None:
    job.forge.merged[MERGE] = [{"number": 7, "merged_at": "2026-01-01T00:00:00Z"}]
    result = job.plans(plan(), GITHUB_EVENT_PATH="")
    assert (result.code, "No pull request belongs" in result.err) == (0, True)
    assert job.forge.comments == []


def test_another_author_is_chosen_and_a_wrong_one_is_noticed(job: Job) -> None:
    result = job.plans(plan(), GITHUB_TOKEN="app-token")
    assert result.code == 1
    assert "--author 'acme-app[bot]'" in result.err
    author = ("--author", "acme-app[bot]")
    assert job.plans(plan(), *author, run=11, GITHUB_TOKEN="app-token").code == 0
    assert len(job.forge.comments) == 1


def test_what_the_server_says_is_inert_and_holds_no_token(job: Job) -> None:
    said = "no\n::add-mask::x ##[group] \x1b[31m job-token-1"
    job.forge.faults.append(Fault("POST", 400, {"message": said}))
    result = job.plans(plan())
    assert result.code == 1
    assert "***" in result.err
    for bad in ("::add", "##[", "\x1b", "job-token-1"):
        assert bad not in result.err


@pytest.mark.parametrize("text", ["", "# no marker\n", "<!-- {broken -->\n", '<!-- {"a": 1} -->\n'])
def test_markdown_that_is_no_plan_is_refused(job: Job, text: str) -> None:
    result = job.plans(text)
    assert result.code == 64
    assert "not the marker of a plan" in result.err


def test_outside_of_a_job_it_says_what_is_missing(run: Run) -> None:
    arguments = ("github", "comment", "--markdown", "plan.md")
    result = run(*arguments, env={"GITHUB_REPOSITORY": ""}, **{"plan.md": plan()})
    assert result.code == 64
    assert "GITHUB_REPOSITORY is not set" in result.err


LABEL = ("--label", "catalog / change")


def test_a_label_is_on_while_the_plan_has_changes(job: Job) -> None:
    job.forge.labels = [f"other {number}" for number in range(120)]
    result = job.plans(plan(), *LABEL)
    assert (result.code, result.out) == (0, "")
    assert result.err.endswith("The label catalog / change was put on.\n")
    assert job.forge.labels[120:] == ["catalog / change"]
    assert "left as it is" in job.plans(plan(), *LABEL, run=11).err
    assert "was taken off" in job.plans(plan(changes=0), *LABEL, run=12).err
    assert "left as it is" in job.plans(plan(changes=0), *LABEL, run=13).err
    assert len(job.forge.labels) == 120
    changed = [seen for seen in job.forge.seen if not seen.startswith(("GET", "PATCH"))]
    assert [seen.rpartition("/issues/7/")[2] for seen in changed] == [
        *("comments", "labels", "labels/catalog%20%2F%20change")
    ]


def test_a_label_is_known_in_any_case_and_without_one_none_is_asked_for(job: Job) -> None:
    job.forge.labels = ["Catalog / Change"]
    job.plans(plan(changes=0))
    assert job.forge.labels == ["Catalog / Change"]
    assert not [seen for seen in job.forge.seen if "labels" in seen]
    job.plans(plan(), *LABEL, run=11)
    assert job.forge.labels == ["Catalog / Change"]
    job.plans(plan(changes=0), *LABEL, run=12)
    assert job.forge.labels == []


def test_a_label_follows_the_newest_plan_only(job: Job) -> None:
    job.plans(plan(), *LABEL, run=10)
    job.plans(plan(changes=0), *LABEL, run=9)
    job.applies(applied(), *LABEL, "--pull-request", "7")
    job.plans(plan(changes=0), *LABEL, run=30)
    assert job.forge.labels == ["catalog / change"]


def test_a_label_that_somebody_else_took_off_first_is_off(job: Job) -> None:
    job.forge.labels = ["catalog / change"]
    job.forge.faults.append(Fault("DELETE", 404, {"message": "Label does not exist"}))
    assert job.plans(plan(changes=0), *LABEL).code == 0


def test_a_token_that_may_not_label_is_said_and_fails_nothing(job: Job) -> None:
    job.plans(plan())
    job.forge.faults.append(Fault("POST", 403, {"message": "Resource not accessible"}))
    result = job.plans(plan("Newer."), *LABEL, run=11)
    assert result.code == 0
    assert "Not labelled: POST /repos/acme/catalog/issues/7/labels" in result.err
    assert "Newer." in job.forge.bodies[0]
