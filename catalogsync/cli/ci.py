"""`catalog-sync ci`: tell GitHub or GitLab of a plan, from inside one of their jobs."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalogsync.cli.drift_issue import could_tell, drift_options, tell_tracker
from catalogsync.cli.options import option, timeout_option
from catalogsync.cli.output import say
from catalogsync.errors import AccessDenied, UsageError
from catalogsync.review.words import duration, visible

if TYPE_CHECKING:
    from catalogsync.forge.comment import Thread, Writer

_FILE = click.Path(path_type=Path, dir_okay=False)

markdown_option = option(
    "--markdown",
    type=_FILE,
    required=True,
    help="What `plan --markdown` or `apply --markdown` wrote.",
)


@click.group("ci")
def command() -> None:
    """Tell GitHub or GitLab of a plan, from inside one of their jobs."""


@command.group("github")
def github() -> None:
    """For a job of GitHub Actions."""


@github.command("comment")
@markdown_option
@option("--pull-request", type=click.IntRange(1), metavar="N", help="Not the job's own.")
@option(
    "--author",
    metavar="LOGIN",
    default="github-actions[bot]",
    show_default=True,
    help="Who the token is; nobody else's comment is touched.",
)
@option("--label", metavar="NAME", help="On the pull request while its plan has changes.")
@timeout_option
def comment(
    markdown: Path, pull_request: int | None, author: str, label: str | None, timeout: float
) -> None:
    """Write the one comment of a pull request, or bring it up to date; an apply closes it.

    A label follows what the comment says; an apply leaves it as it is. The token is taken from
    GITHUB_TOKEN. A token that may only read is said and fails nothing.
    """
    from catalogsync.forge import github as forge
    from catalogsync.forge.comment import marker_of
    from catalogsync.forge.stamp import Kind

    text = _text(markdown)
    job = forge.github_job(os.environ)
    with _said_to_readers(), forge.github_api(job, os.environ, _pause, timeout=timeout) as api:
        number = pull_request or job.pull_request
        marker = marker_of(text)
        if marker.kind is Kind.APPLY and not number:
            number = forge.merged_by(api, job)
        thread = forge.PullRequest(api, job, number, author) if number else None
        shown = _show(thread, text, job.writer)
        if thread and label and shown and marker.kind is Kind.PLAN:
            with _said_to_readers("Not labelled"):
                say(visible(thread.label(label, wanted=marker.changes > 0)))


@github.command("drift-issue")
@drift_options
@option(
    "--author",
    metavar="LOGIN",
    default="github-actions[bot]",
    show_default=True,
    help="Who the token is; nobody else's issue is touched.",
)
def github_drift_issue(
    markdown: Path,
    exitcode: int,
    author: str,
    label: str | None,
    webhook: str | None,
    timeout: float,
) -> None:
    """Keep the one issue that tells of drift: open it, bring it up to date, close it.

    A check that failed leaves it as it is. The token is taken from GITHUB_TOKEN.
    """
    from catalogsync.forge import github as forge

    if not could_tell(exitcode):
        return
    text = _text(markdown)
    job = forge.github_job(os.environ)
    with (
        _said_to_readers(_NOT_TOLD),
        forge.github_api(job, os.environ, _pause, timeout=timeout) as api,
    ):
        tracker = forge.Repository(api, job, author, label)
        tell_tracker(tracker, text, job.writer, webhook, _pause)


@github.command("summary")
@markdown_option
def summary(markdown: Path) -> None:
    """Add a plan or an apply to the page of the run."""
    from catalogsync.forge.runner import add_summary

    add_summary(_runner_file("GITHUB_STEP_SUMMARY"), _text(markdown))


@github.command("outputs")
@option("--plan", type=_FILE, help="The plan's document, as `plan --out` wrote it.")
@option("--report", type=_FILE, help="The page that `plan --html` wrote.")
@option("--exitcode", type=int, required=True, help="What the plan exited with.")
def outputs(plan: Path | None, report: Path | None, exitcode: int) -> None:
    """Set the outputs of the step: the exit code, and what a plan amounts to if there is one."""
    from catalogsync.forge.runner import add_outputs, plan_outputs

    values = {"exitcode": str(exitcode)}
    if plan and plan.is_file():
        values |= {**plan_outputs(_document(plan)), "plan-path": str(plan)}
    if report and report.is_file():
        values["report-path"] = str(report)
    add_outputs(_runner_file("GITHUB_OUTPUT"), values)


@command.group("gitlab")
def gitlab() -> None:
    """For a job of GitLab CI."""


@gitlab.command("note")
@markdown_option
@option("--merge-request", type=click.IntRange(1), metavar="IID", help="Not the job's own.")
@timeout_option
def note(markdown: Path, merge_request: int | None, timeout: float) -> None:
    """Write the one note of a merge request, or bring it up to date; an apply closes it.

    The token is taken from GITLAB_TOKEN. A token that may only read is said and fails nothing.
    """
    from catalogsync.forge import gitlab as forge
    from catalogsync.forge.comment import marker_of
    from catalogsync.forge.stamp import Kind

    text = _text(markdown)
    job = forge.gitlab_job(os.environ)
    with _said_to_readers(), forge.gitlab_api(job, os.environ, _pause, timeout=timeout) as api:
        iid = merge_request or job.merge_request
        if marker_of(text).kind is Kind.APPLY and not iid:
            iid = forge.merged_by(api, job)
        _show(forge.MergeRequest(api, job, iid) if iid else None, text, job.writer)


@gitlab.command("drift-issue")
@drift_options
def gitlab_drift_issue(
    markdown: Path, exitcode: int, label: str | None, webhook: str | None, timeout: float
) -> None:
    """Keep the one issue that tells of drift: open it, bring it up to date, close it.

    A check that failed leaves it as it is. The token is taken from GITLAB_TOKEN.
    """
    from catalogsync.forge import gitlab as forge

    if not could_tell(exitcode):
        return
    text = _text(markdown)
    job = forge.gitlab_job(os.environ)
    with (
        _said_to_readers(_NOT_TOLD),
        forge.gitlab_api(job, os.environ, _pause, timeout=timeout) as api,
    ):
        tell_tracker(forge.Project(api, job, label), text, job.writer, webhook, _pause)


_NOT_TOLD = "No issue was written"


def _show(thread: "Thread | None", text: str, writer: "Writer") -> bool:
    """Write the comment, say what became of it, and tell whether it holds the text now."""
    from catalogsync.forge.comment import show

    if thread is None:
        say("No pull request belongs to this run; there is nothing to comment.")
        return False
    shown = show(thread, text, writer)
    say(visible(shown.sentence))
    return shown.written


@contextmanager
def _said_to_readers(what: str = "Not commented") -> Iterator[None]:
    """Say that the token may only read, as that of a fork's job, and fail nothing."""
    try:
        yield
    except AccessDenied as error:
        if error.status != 403:
            raise
        say(f"{what}: {visible(error.message)}")
        say(f"  what to do: {visible(error.hint)}")


def _pause(seconds: float) -> None:
    say(f"Waiting {duration(seconds)} before the next attempt.")
    time.sleep(seconds)


def _runner_file(variable: str) -> Path:
    if not os.environ.get(variable):
        raise UsageError(
            f"{variable} is not set", hint="this command runs inside a job of GitHub Actions"
        )
    return Path(os.environ[variable])


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not text") from error


def _document(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(_text(file))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is not JSON") from error
    if not isinstance(document, dict):
        raise UsageError(f"{file} is not a document of catalog-sync")
    return document
