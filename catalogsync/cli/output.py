"""Writes results to stdout and everything else to stderr."""

import os
import sys
from collections.abc import Callable, Iterable
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

import click

from catalogsync.errors import CatalogSyncError
from catalogsync.review.words import visible

if TYPE_CHECKING:
    from catalogsync.review.text import Line


_LINES = 1_000
"""How many lines are written at once."""


def write_lines(lines: "Iterable[Line]", *, color: str = "auto", to_stderr: bool = False) -> None:
    """Write lines as they come, in colour where that is wanted."""
    stream = sys.stderr if to_stderr else sys.stdout
    colours = wants_color(color, stream)
    texts = (f"{_styled(line) if colours else line.text}\n" for line in lines)
    while text := "".join(islice(texts, _LINES)):
        write_text(text, stream, color=colours)


def write_text(text: str, stream: IO[str] | None = None, *, color: bool = False) -> None:
    """Write text that ends its own lines, to stdout if nothing else is said."""
    stream = stream or sys.stdout
    try:
        click.echo(text, file=stream, nl=False, color=color)
    except OSError as error:
        # Whatever is said from here on, and what Python still holds back, has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(error, BrokenPipeError):
            raise CatalogSyncError(f"the output cannot be written: {error.strerror}") from None
        # A reader that went away, as with `| head`, changes neither the work nor its exit code.


_IN_MEMORY = 4 << 20
_CHUNK = 1 << 20


def spooled(write: Callable[[IO[bytes]], None]) -> Callable[[], IO[bytes]]:
    """A long document, written when it is asked for first, and kept until the command ends.

    What is too long for memory is kept in a file that has no name.
    """

    @cache
    def kept() -> IO[bytes]:
        context = click.get_current_context()
        spool = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the end of the command closes it
        file: IO[bytes] = context.with_resource(spool)
        write(file)
        return file

    return kept


def write_document(document: IO[bytes]) -> None:
    """Write a document of pure ASCII to stdout."""
    document.seek(0)
    while data := document.read(_CHUNK):
        write_text(data.decode("ascii"))


def _styled(line: "Line") -> str:
    if line.style == "bold":
        return click.style(line.text, bold=True)
    return click.style(line.text, fg=line.style) if line.style else line.text


def wants_color(choice: str, stream: IO[str]) -> bool:
    """Whether to colour: what the user says, then NO_COLOR and FORCE_COLOR, then the terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def say(text: str) -> None:
    """Talk to the person: on stderr."""
    # click would write past bars that are shown, into the middle of one.
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def from_here(folder: Path) -> Path:
    """A folder as seen from here, so that editors and terminals can open what is in it."""
    try:
        return folder.resolve().relative_to(Path.cwd())
    except ValueError:
        return folder


def show_error(error: CatalogSyncError, *, as_json: bool = False) -> None:
    """Say what went wrong and what to do about it: as text on stderr, or as JSON on stdout."""
    if as_json:
        from catalogsync.review.document import dumped, error_document

        write_text(dumped(error_document(error)))
    for problem in error.problems:
        say(visible(f"{error.here}{problem}"))
    say(f"catalog-sync: {visible(error.message)}")
    if error.hint:
        say(f"  what to do: {visible(error.hint)}")
    if error.trace_id:
        say(f"  trace id of the API: {visible(error.trace_id)}")
