"""The note of a merge request keeps the same rules, and GitLab's own."""

import pytest

from catalogsync.forge.gitlab import without_quick_actions
from tests.forge.conftest import Result, Run, applied, plan
from tests.forge.fakes import FakeForge, Fault

BOT = "project_12_bot_1"


class Job:
    """Runs `ci gitlab note` as a job would."""

    def __init__(self, run: Run, forge: FakeForge) -> None:
        self.run = run
        self.forge = forge
        self.env = {
            "CI_API_V4_URL": forge.url,
            "CI_PROJECT_ID": "12",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_COMMIT_SHA": "8b2f0c5d" * 5,
            "CI_PIPELINE_URL": "https://gitlab.com/acme/catalog/-/pipelines/10",
            "GITLAB_TOKEN": "project-token",
        }

    def plans(self, text: str, *, pipeline: int = 10, job: int = 100, **env: str) -> Result:
        """Note a plan."""
        numbers = {"CI_PIPELINE_ID": str(pipeline), "CI_JOB_ID": str(job)}
        arguments = ("gitlab", "note", "--markdown", "plan.md")
        return self.run(*arguments, env=self.env | numbers | env, **{"plan.md": text})

    def applies(self, text: str) -> Result:
        """Note an apply, in a pipeline of the main branch."""
        return self.plans(text, pipeline=20, job=200, CI_MERGE_REQUEST_IID="")


@pytest.fixture
def job(run: Run, gitlab: FakeForge) -> Job:
    """A job of merge request 7."""
    return Job(run, gitlab)


def test_one_note_is_written_and_kept_up_to_date(job: Job) -> None:
    assert job.plans(plan()).code == 0
    assert job.plans(plan("Plan: 2 to create."), pipeline=11).code == 0
    (note,) = job.forge.comments
    assert note["author"]["username"] == BOT
    assert "Plan: 2 to create." in note["body"]
    assert "[this run](https://gitlab.com/acme/catalog/-/pipelines/10)" in note["body"]


def test_it_is_found_on_any_page(job: Job) -> None:
    for number in range(130):
        job.forge.say("someone", f"remark {number}")
    job.plans(plan())
    job.plans(plan("Plan: 2 to create."), pipeline=11)
    assert len(job.forge.comments) == 131


def test_an_impostor_and_gitlab_itself_are_never_edited(job: Job) -> None:
    job.forge.say("mallory", plan())
    job.forge.say(BOT, plan())["system"] = True
    job.plans(plan())
    assert job.forge.bodies[:2] == [plan(), plan()]
    assert len(job.forge.comments) == 3


def test_an_older_pipeline_or_job_changes_nothing(job: Job) -> None:
    job.plans(plan("Newest."), pipeline=10, job=101)
    before = job.forge.bodies
    job.plans(plan("Stale."), pipeline=9, job=500)
    job.plans(plan("Stale."), pipeline=10, job=100)
    assert job.forge.bodies == before


def test_a_token_that_only_reads_is_said_and_fails_nothing(job: Job) -> None:
    result = job.plans(plan(), GITLAB_TOKEN="reader-token")
    assert result.code == 0
    assert "Not commented: POST" in result.err


def test_a_missing_or_wrong_token_is_an_error(job: Job) -> None:
    assert job.plans(plan(), GITLAB_TOKEN="wrong").code == 3
    result = job.plans(plan(), GITLAB_TOKEN="")
    assert (result.code, "project access token" in result.err) == (3, True)


TOO_LARGE = Fault("POST", 413, b"<html>Request Entity Too Large</html>")


def test_a_note_that_is_too_long_is_told_by_its_sentence(job: Job) -> None:
    job.plans(plan() + "| long |\n" * 120_000)
    assert "Plan: 1 to create.\n\nThe whole is too long" in job.forge.bodies[0]


def test_so_is_one_that_a_proxy_finds_too_large(job: Job) -> None:
    job.forge.faults.append(TOO_LARGE)
    job.plans(plan())
    assert "Plan: 1 to create.\n\nThe whole is too long" in job.forge.bodies[0]


def test_a_rate_limit_is_waited_for(job: Job) -> None:
    job.forge.faults.append(Fault("POST", 429, b"Retry later", {"Retry-After": "0"}))
    assert job.plans(plan()).code == 0
    assert len(job.forge.comments) == 1


def test_the_apply_closes_the_note_of_the_merged_request(job: Job) -> None:
    job.plans(plan())
    sha = job.env["CI_COMMIT_SHA"]
    job.forge.merged[sha] = [{"iid": 3, "state": "opened"}, {"iid": 7, "state": "merged"}]
    job.applies(applied())
    job.plans(plan("Too late."), pipeline=30)
    assert "Applied: 1 created." in job.forge.bodies[0]
    assert "Too late." not in job.forge.bodies[0]


@pytest.mark.parametrize(
    "hostile", ["/merge", "````\n/approve\n````", "x\n\r/close", "x\r\n/label ~a"]
)
def test_no_line_is_a_quick_action(job: Job, hostile: str) -> None:
    job.plans(plan() + f"\n{hostile}\n")
    (body,) = job.forge.bodies
    # As GitLab does: carriage returns go first, then lines that begin with a slash are carried out.
    assert not [line for line in body.replace("\r", "").split("\n") if line.startswith("/")]


def test_other_text_is_left_as_it_is() -> None:
    assert without_quick_actions("a/b\n - /c\n") == "a/b\n - /c\n"
