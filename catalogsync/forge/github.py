"""GitHub: a job's surroundings, and the comments of a pull request."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from urllib.parse import quote

from catalogsync.errors import AccessDenied, NotFound
from catalogsync.forge.api import Api, Bounds
from catalogsync.forge.comment import Comment, Writer
from catalogsync.forge.event import event, within
from catalogsync.forge.fields import comment_of, issue_of, number_of, required
from catalogsync.forge.stamp import Run
from catalogsync.forge.tracker import Issue
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """What the runner tells a job of itself; `pull_request` is None in the run of a push."""

    api: str
    repository: str
    writer: Writer
    pull_request: int | None


def github_job(environ: Mapping[str, str]) -> Job:
    """The job that these environment variables tell of."""
    repository = required(environ, "GITHUB_REPOSITORY", "GitHub Actions")
    number = required(environ, "GITHUB_RUN_ID", "GitHub Actions")
    attempt = environ.get("GITHUB_RUN_ATTEMPT") or "1"
    server = environ.get("GITHUB_SERVER_URL") or "https://github.com"
    pull = within(event(environ), "pull_request")
    head = within(pull, "head").get("sha")
    commit = head if isinstance(head, str) else environ.get("GITHUB_SHA", "")
    run = Run(number_of(number, "GITHUB_RUN_ID"), number_of(attempt, "GITHUB_RUN_ATTEMPT"))
    url = f"{server}/{quote(repository)}/actions/runs/{run.number}"
    found = pull.get("number")
    return Job(
        api=environ.get("GITHUB_API_URL") or "https://api.github.com",
        repository=quote(repository),
        writer=Writer(run, commit, url),
        pull_request=found if type(found) is int else None,
    )


def github_api(
    job: Job,
    environ: Mapping[str, str],
    pause: Callable[[float], object],
    *,
    timeout: float,
) -> Api:
    """The API of the job's GitHub, with the token of the environment."""
    token = environ.get("GITHUB_TOKEN", "")
    if not token:
        raise AccessDenied(
            "GITHUB_TOKEN not set",
            hint="give the step `env: {GITHUB_TOKEN: ${{ github.token }}}`",
        )
    auth = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    return Api(job.api, token, auth, bounds=Bounds().within(timeout), pause=pause)


class PullRequest:
    """The comments of one pull request; `author` is the login name of the token."""

    def __init__(self, api: Api, job: Job, number: int, author: str) -> None:
        self._api = api
        self._issues = f"/repos/{job.repository}/issues"
        self._number = number
        self.author = author

    def comments(self) -> Iterator[Comment]:
        """Every comment, whoever wrote it."""
        path = f"{self._issues}/{self._number}/comments?per_page=100"
        for data in self._api.pages(path):
            yield _comment(data)

    def create(self, body: str) -> Comment:
        """Write a new comment."""
        path = f"{self._issues}/{self._number}/comments"
        return _comment(self._api.create(path, {"body": body}))

    def edit(self, comment: Comment, body: str) -> None:
        """Replace the text of a comment."""
        self._api.change("PATCH", f"{self._issues}/comments/{comment.id}", {"body": body})

    def label(self, name: str, *, wanted: bool) -> str:
        """Put a label on or take it off, and say in one sentence what became of that."""
        path = f"{self._issues}/{self._number}/labels"
        on = {str(data.get("name")) for data in self._api.pages(f"{path}?per_page=100")}
        # GitHub takes two names that differ in case only for the same label.
        there = next((each for each in on if each.casefold() == name.casefold()), None)
        if wanted and there is None:
            self._api.change("POST", path, {"labels": [name]})
            return f"The label {name} was put on."
        if not wanted and there is not None:
            with suppress(NotFound):
                # Somebody took it off meanwhile.
                self._api.change("DELETE", f"{path}/{quote(there, safe='')}", None)
            return f"The label {name} was taken off."
        return f"The label {name} was left as it is."


class Repository:
    """The issues of the job's repository; `author` is the login name of the token."""

    def __init__(self, api: Api, job: Job, author: str, label: str | None = None) -> None:
        self._api = api
        self._issues = f"/repos/{job.repository}/issues"
        self._labels = [label] if label else []
        self.author = author

    def issues(self) -> Iterator[Issue]:
        """Every issue of the author, open or closed; GitHub counts pull requests among them."""
        creator = quote(self.author, safe="")
        for data in self._api.pages(f"{self._issues}?state=all&creator={creator}&per_page=100"):
            if "pull_request" not in data:
                yield _issue(data)

    def create(self, title: str, body: str) -> Issue:
        """Open a new one."""
        new = {"title": title, "body": body, "labels": self._labels}
        return _issue(self._api.create(self._issues, new))

    def edit(self, issue: Issue, title: str, body: str, *, is_open: bool) -> None:
        """Replace one's title and text, and open or close it."""
        new = {"title": title, "body": body, "state": "open" if is_open else "closed"}
        self._api.change("PATCH", f"{self._issues}/{issue.number}", new)


def merged_by(api: Api, job: Job) -> int | None:
    """The pull request by whose merge the job's commit came in."""
    path = f"/repos/{job.repository}/commits/{quote(job.writer.commit)}/pulls"
    for pull in api.pages(path):
        number = pull.get("number")
        if pull.get("merged_at") and type(number) is int:
            return number
    return None


def _issue(data: object) -> Issue:
    return issue_of(data, ("number", "user", "login", "body", "html_url"), opened="open")


def _comment(data: object) -> Comment:
    return comment_of(data, "user", "login")
