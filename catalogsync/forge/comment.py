"""The one comment that follows a pull request: found, written, closed; never somebody else's."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from catalogsync.errors import CatalogSyncError, UsageError
from catalogsync.forge.answers import TooLong
from catalogsync.forge.stamp import Run, Stamp, Subject, read_stamp, run_line, split

_BELOW = "\n---\n<!-- catalog-sync: what was planned -->\n"
_LONGEST_PART = 1000


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

    @property
    def footer(self) -> str:
        """The last line of a comment, so that its readers see how old it is."""
        return f"<sub>Commit {self.commit[:12]}, [this run]({self.url})</sub>"


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


def show_plan(thread: Thread, markdown: str, writer: Writer) -> str:
    """Write the plan into its comment, and say in one sentence what became of that."""
    mine = read_stamp(markdown)
    if mine is None:
        raise UsageError(
            "the first line of the Markdown is not the marker of a plan",
            hint="give the file that `catalog-sync plan --markdown FILE` wrote",
        )
    standing = _standing(thread, mine.subject)
    if standing and standing.stamp.closed:
        return "The comment tells what was applied; it was left alone."
    if standing and standing.stamp.run > writer.run:
        return _OVERTAKEN
    marker, text = split(markdown)
    head = f"{marker}\n{run_line(writer.run, closed=False)}\n"
    full = f"{head}{text.rstrip()}\n\n{writer.footer}\n"
    short = f"{head}{opening(text)}\n\n{_TOO_LONG}\n\n{writer.footer}\n"
    return _write(thread, standing, full, short)


def show_outcome(thread: Thread, outcome: str, about: Subject, writer: Writer) -> str:
    """Put what an apply did on top of the plan's comment, and close it for later plans."""
    standing = _standing(thread, about)
    if standing is None:
        return "No plan was commented there; there is nothing to close."
    if standing.stamp.run > writer.run:
        return _OVERTAKEN
    marker, text = split(standing.comment.body)
    planned = text.partition(_BELOW)[2] or text
    short = f"{marker}\n{run_line(writer.run, closed=True)}\n{outcome}\n\n{writer.footer}\n"
    return _write(thread, standing, f"{short}{_BELOW}\n{planned.strip()}\n", short)


def opening(markdown: str) -> str:
    """The title and the paragraph below it: what still fits when the whole does not."""
    title, sentence, *_ = [*markdown.strip().split("\n\n", 2), "", ""]
    if not title.startswith("#") or "\n" in title:
        return ""
    parts = [title, sentence] if sentence[:1].isalnum() or sentence[:2] == "**" else [title]
    return "\n\n".join(part for part in parts if len(part) <= _LONGEST_PART)


_OVERTAKEN = "A later run has written the comment; it was left alone."
_TOO_LONG = "The whole plan is too long for a comment; the run has it."


@dataclass(frozen=True, slots=True)
class _Standing:
    """A comment of ours that is there already."""

    comment: Comment
    stamp: Stamp


def _standing(thread: Thread, about: Subject) -> _Standing | None:
    """Our comment about the same catalog and target; of several, the one written last."""
    author = thread.author
    ours = [
        _Standing(comment, stamp)
        for comment in thread.comments()
        if comment.author == author
        and (stamp := read_stamp(comment.body)) is not None
        and stamp.subject == about
    ]
    return max(ours, key=lambda standing: standing.stamp.run, default=None)


def _write(thread: Thread, standing: _Standing | None, full: str, short: str) -> str:
    try:
        return _put(thread, standing, full)
    except TooLong:
        return f"{_put(thread, standing, short)} It is the short one: the whole is too long."


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
    return "The plan was commented."
