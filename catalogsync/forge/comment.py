"""The one comment that follows a pull request: found, written, closed; never somebody else's."""

from collections.abc import Iterable
from typing import Protocol

from catalogsync.errors import CatalogSyncError, UsageError
from catalogsync.forge.answers import TooLong
from catalogsync.forge.stamp import Kind, Marker, Run, Subject, read_marker, read_run, stamped
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as the forge has it; `author` is a login name."""

    id: int
    author: str
    body: str


@dataclass(frozen=True, slots=True)
class Writer:
    """The run that writes: which one, for which commit, where people can look at it."""

    run: Run
    commit: str
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What became of a text, in one sentence, and whether it is in the comment now."""

    sentence: str
    written: bool = True


class Thread(Protocol):
    """The comments of one pull request, as the token's own `author` sees and writes them."""

    @property
    def author(self) -> str:
        """The login name under which the token writes."""

    def comments(self) -> Iterable[Comment]:
        """Every comment, whoever wrote it."""

    def create(self, body: str) -> Comment:
        """Write a new one; `TooLong` if the server does not take so much."""

    def edit(self, comment: Comment, body: str) -> None:
        """Replace the text of one; `TooLong` if the server does not take so much."""


def marker_of(markdown: str) -> Marker:
    """What a text tells of; `UsageError` for one that is neither a plan nor an apply of ours."""
    marker = read_marker(markdown)
    if marker is None or marker.kind is Kind.DRIFT:
        raise UsageError(
            "the first line of the Markdown is not the marker of a plan",
            hint="give the file that `catalog-sync plan --markdown FILE` wrote",
        )
    return marker


def show(thread: Thread, markdown: str, writer: Writer) -> Shown:
    """Write a plan or an apply into its comment, and say what became of that.

    The later run wins; once a comment tells of an apply, plans leave it alone.
    """
    marker = marker_of(markdown)
    standing = _standing(thread, marker.subject)
    if standing and standing.marker.kind is Kind.APPLY and marker.kind is Kind.PLAN:
        return Shown("The comment tells what was applied; it was left alone.", written=False)
    if standing and standing.run > writer.run:
        return Shown("A later run has written the comment; it was left alone.", written=False)
    try:
        return Shown(_put(thread, standing, signed(markdown, writer)))
    except TooLong:
        said = _put(thread, standing, signed(shortened(markdown), writer))
        return Shown(f"{said} It is the short one: the whole is too long.")


def shortened(markdown: str) -> str:
    """The marker and the opening, for a server that does not take the whole."""
    first = markdown.partition("\n")[0]
    return f"{first}\n\n{opening(markdown)}\n\n{_TOO_LONG}"


def opening(markdown: str) -> str:
    """The title and the paragraph below it: what still fits when the whole does not."""
    blocks = markdown.partition("\n")[2].strip().split("\n\n", 2)
    title, sentence, *_ = [*blocks, "", ""]
    if not title.startswith("#") or "\n" in title:
        return ""
    parts = [title, sentence] if sentence[:1].isalnum() else [title]
    return "\n\n".join(part for part in parts if len(part) <= _LONGEST_PART)


_TOO_LONG = "The whole is too long to be shown here; the run has it."
_LONGEST_PART = 1000


def signed(markdown: str, writer: Writer) -> str:
    """The text with the run that writes it, for us on top and for people below."""
    commit, url = writer.commit[:12], writer.url
    text = stamped(markdown.rstrip(), writer.run)
    return f"{text}\n\n<sub>Commit {commit}, [this run]({url})</sub>\n"


@dataclass(frozen=True, slots=True)
class _Standing:
    """A comment of ours that is there already."""

    comment: Comment
    marker: Marker
    run: Run


def _standing(thread: Thread, subject: Subject) -> _Standing | None:
    """Our comment about the subject; of several, the one written last."""
    author = thread.author
    ours = [
        _Standing(comment, marker, read_run(comment.body))
        for comment in thread.comments()
        if comment.author == author
        and (marker := read_marker(comment.body)) is not None
        and marker.kind is not Kind.DRIFT
        and marker.subject == subject
    ]
    return max(ours, key=lambda standing: standing.run, default=None)


def _put(thread: Thread, standing: _Standing | None, body: str) -> str:
    if standing:
        thread.edit(standing.comment, body)
        return "The comment was brought up to date."
    written = thread.create(body)
    if written.author != thread.author:
        raise CatalogSyncError(
            f"the comment was written by {written.author}, and {thread.author} was expected",
            hint=f"give --author '{written.author}', or every run writes another comment",
        )
    return "The comment was written."
