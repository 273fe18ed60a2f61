"""The one issue that tells of drift: opened, kept up to date, closed when there is none."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol

from catalogsync.errors import CatalogSyncError, UsageError
from catalogsync.forge.answers import TooLong
from catalogsync.forge.comment import Writer, shortened, signed
from catalogsync.forge.stamp import Kind, Marker, Run, Subject, read_marker, read_run
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as the forge has it; `author` is a login name, `url` where people look at it."""

    number: int
    author: str
    title: str
    body: str
    is_open: bool
    url: str = ""


class Tracker(Protocol):
    """The issues of one repository, as the token's own `author` sees and writes them."""

    @property
    def author(self) -> str:
        """The login name under which the token writes."""

    def issues(self) -> Iterable[Issue]:
        """Every issue of the author, open or closed."""

    def create(self, title: str, body: str) -> Issue:
        """Write a new one; `TooLong` if the server does not take so much."""

    def edit(self, issue: Issue, title: str, body: str, *, is_open: bool) -> None:
        """Replace one's title and text, and open or close it; `TooLong` as above."""


class Event(StrEnum):
    """What became of the drift since somebody was told last."""

    OPENED = "opened"
    CHANGED = "changed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of the issue, in one sentence, the event if there is one, and the issue's URL."""

    sentence: str
    event: Event | None = None
    url: str = ""


def drift_marker_of(markdown: str) -> Marker:
    """What a text tells of; `UsageError` for one that is no drift of ours."""
    marker = read_marker(markdown)
    if marker is None or marker.kind is not Kind.DRIFT:
        raise UsageError(
            "the first line of the Markdown is not the marker of a drift",
            hint="give the file that `catalog-sync drift --markdown FILE` wrote",
        )
    return marker


def follow(tracker: Tracker, markdown: str, writer: Writer) -> Followed:
    """Bring the issue in line with what a drift check found; of two runs the later one wins."""
    marker = drift_marker_of(markdown)
    standing = _standing(tracker, marker.subject)
    if standing and standing.run > writer.run:
        return Followed("A later run has written the issue; it was left alone.")
    if marker.changes:
        return _tell(tracker, standing, marker, markdown, writer)
    if not marker.known:
        return Followed("The check could not compare every model; the issue was left alone.")
    if not (standing and standing.issue.is_open):
        return Followed("There is no drift, and no open issue.")
    _edit(tracker, standing.issue, marker, markdown, writer, is_open=False)
    return Followed("The issue was closed.", Event.RESOLVED, standing.issue.url)


@dataclass(frozen=True, slots=True)
class _Standing:
    """An issue of ours that is there already."""

    issue: Issue
    marker: Marker
    run: Run


def _standing(tracker: Tracker, subject: Subject) -> _Standing | None:
    """Our issue about the subject; of several the one that is open, and was written last."""
    author = tracker.author
    ours = [
        _Standing(issue, marker, read_run(issue.body))
        for issue in tracker.issues()
        if issue.author == author
        and (marker := read_marker(issue.body)) is not None
        and marker.kind is Kind.DRIFT
        and marker.subject == subject
    ]
    return max(ours, key=lambda standing: (standing.issue.is_open, standing.run), default=None)


def _tell(
    tracker: Tracker, standing: _Standing | None, marker: Marker, markdown: str, writer: Writer
) -> Followed:
    if standing is None:
        opened = _create(tracker, marker, markdown, writer)
        return Followed("An issue was opened.", Event.OPENED, opened.url)
    issue = standing.issue
    if issue.is_open and standing.marker.digest == marker.digest:
        return Followed("The issue tells of this already.", url=issue.url)
    _edit(tracker, issue, marker, markdown, writer, is_open=True)
    if issue.is_open:
        return Followed("The issue was brought up to date.", Event.CHANGED, issue.url)
    return Followed("The issue was reopened.", Event.OPENED, issue.url)


def _title(subject: Subject) -> str:
    return f"Catalog drift: {subject.catalog}" + (f" → {subject.target}" if subject.target else "")


def _create(tracker: Tracker, marker: Marker, markdown: str, writer: Writer) -> Issue:
    title = _title(marker.subject)
    try:
        written = tracker.create(title, signed(markdown, writer))
    except TooLong:
        written = tracker.create(title, signed(shortened(markdown), writer))
    if written.author != tracker.author:
        raise CatalogSyncError(
            f"the issue was opened by {written.author}, and {tracker.author} was expected",
            hint=f"give --author '{written.author}', or every run opens another issue",
        )
    return written


def _edit(
    tracker: Tracker, issue: Issue, marker: Marker, markdown: str, writer: Writer, *, is_open: bool
) -> None:
    title = _title(marker.subject)
    try:
        tracker.edit(issue, title, signed(markdown, writer), is_open=is_open)
    except TooLong:
        tracker.edit(issue, title, signed(shortened(markdown), writer), is_open=is_open)
