"""GitLab: a job's surroundings, and the notes of a merge request."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from urllib.parse import quote

from catalogsync.errors import AccessDenied, BadResponse
from catalogsync.forge.api import Api, Bounds
from catalogsync.forge.comment import Comment, Writer
from catalogsync.forge.fields import comment_of, issue_of, number_of, required
from catalogsync.forge.stamp import Run
from catalogsync.forge.tracker import Issue
from catalogsync.values import dataclass

_QUICK_ACTION = re.compile(r"(^|\n)(\r*)/")


@dataclass(frozen=True, slots=True)
class Job:
    """What the runner tells a job of itself; `merge_request` is None on a branch."""

    api: str
    project: str
    writer: Writer
    merge_request: int | None


def gitlab_job(environ: Mapping[str, str]) -> Job:
    """The job that these environment variables tell of."""
    project = environ.get("CI_MERGE_REQUEST_PROJECT_ID") or environ.get("CI_PROJECT_ID", "")
    pipeline = number_of(required(environ, "CI_PIPELINE_ID", "GitLab CI"), "CI_PIPELINE_ID")
    job = number_of(environ.get("CI_JOB_ID") or "0", "CI_JOB_ID")
    iid = environ.get("CI_MERGE_REQUEST_IID")
    source = environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")
    url = environ.get("CI_PIPELINE_URL") or environ.get("CI_JOB_URL", "")
    return Job(
        api=required(environ, "CI_API_V4_URL", "GitLab CI"),
        project=str(number_of(project, "CI_PROJECT_ID")),
        writer=Writer(Run(pipeline, job), source or environ.get("CI_COMMIT_SHA", ""), url),
        merge_request=number_of(iid, "CI_MERGE_REQUEST_IID") if iid else None,
    )


def gitlab_api(
    job: Job,
    environ: Mapping[str, str],
    pause: Callable[[float], object],
    *,
    timeout: float,
) -> Api:
    """The API of the job's GitLab, with the token of the environment."""
    token = environ.get("GITLAB_TOKEN", "")
    if not token:
        raise AccessDenied(
            "GITLAB_TOKEN not set",
            hint="make a project access token with the scope api; a job's own token cannot write",
        )
    auth = {"PRIVATE-TOKEN": token}
    return Api(job.api, token, auth, bounds=Bounds().within(timeout), pause=pause)


class MergeRequest:
    """The notes of one merge request, as the owner of the token sees and writes them."""

    def __init__(self, api: Api, job: Job, iid: int) -> None:
        self._api = api
        self._notes = f"/projects/{job.project}/merge_requests/{iid}/notes"

    @cached_property
    def author(self) -> str:
        """The user name of the token."""
        return _user(self._api)

    def comments(self) -> Iterator[Comment]:
        """Every note that somebody wrote; those of GitLab itself are left out."""
        for data in self._api.pages(f"{self._notes}?per_page=100"):
            if data.get("system") is not True:
                yield _note(data)

    def create(self, body: str) -> Comment:
        """Write a new note."""
        return _note(self._api.create(self._notes, {"body": without_quick_actions(body)}))

    def edit(self, comment: Comment, body: str) -> None:
        """Replace the text of a note."""
        new = {"body": without_quick_actions(body)}
        self._api.change("PUT", f"{self._notes}/{comment.id}", new)


class Project:
    """The issues of the job's project, as the owner of the token sees and writes them."""

    def __init__(self, api: Api, job: Job, label: str | None = None) -> None:
        self._api = api
        self._issues = f"/projects/{job.project}/issues"
        self._labels = label or ""

    @cached_property
    def author(self) -> str:
        """The user name of the token."""
        return _user(self._api)

    def issues(self) -> Iterator[Issue]:
        """Every issue of the author, open or closed."""
        who = quote(self.author, safe="")
        for data in self._api.pages(f"{self._issues}?scope=all&author_username={who}&per_page=100"):
            yield _issue(data)

    def create(self, title: str, body: str) -> Issue:
        """Open a new one."""
        text = without_quick_actions(body)
        new = {"title": title, "description": text, "labels": self._labels}
        return _issue(self._api.create(self._issues, new))

    def edit(self, issue: Issue, title: str, body: str, *, is_open: bool) -> None:
        """Replace one's title and text, and open or close it."""
        new = {"title": title, "description": without_quick_actions(body)}
        if issue.is_open != is_open:
            new["state_event"] = "reopen" if is_open else "close"
        self._api.change("PUT", f"{self._issues}/{issue.number}", new)


def _user(api: Api) -> str:
    """The user name of the token: GitLab tells it."""
    match api.get("/user"):
        case {"username": str(name)}:
            return name
        case _:
            raise BadResponse("GET /user: the answer names no user")


def merged_by(api: Api, job: Job) -> int | None:
    """The merge request by whose merge the job's commit came in."""
    path = f"/projects/{job.project}/repository/commits/{quote(job.writer.commit)}/merge_requests"
    for merge in api.pages(path):
        iid = merge.get("iid")
        if merge.get("state") == "merged" and type(iid) is int:
            return iid
    return None


def without_quick_actions(body: str) -> str:
    """The text with no line that GitLab would carry out, as /merge or /approve.

    GitLab looks for them before it reads the Markdown, and takes fences longer than three
    backticks for none.
    """
    return _QUICK_ACTION.sub(r"\1\2\\/", body)


def _issue(data: object) -> Issue:
    names = ("iid", "author", "username", "description", "web_url")
    return issue_of(data, names, opened="opened")


def _note(data: object) -> Comment:
    return comment_of(data, "author", "username")
