"""What a run has to tell, as one document on stdout and in any number of files."""

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import partial
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any

import click

from catalogsync.cli.options import Command, json_option, option, together
from catalogsync.cli.output import say
from catalogsync.cli.pictures import Pictures
from catalogsync.errors import UsageError
from catalogsync.outcome import Outcome
from catalogsync.review.saved import SavedPlan
from catalogsync.review.words import visible
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to tell of a run: a plan, its document, and what became of it, if tried.

    The `document` is long, and made for who asks for it.
    """

    saved: SavedPlan
    document: Callable[[], IO[bytes]]
    outcomes: Sequence[Outcome] | None = None
    pictures: Pictures = field(default_factory=dict)
    jobs: int = 8


@dataclass(frozen=True, slots=True)
class File:
    """An option that names a file: its help, and what is written."""

    help: str
    render: Callable[[Told], str | IO[bytes]]


def _markdown(told: Told) -> str:
    if told.outcomes is not None:
        from catalogsync.review.markdown_report import render_report_markdown

        return render_report_markdown(told.saved.plan, told.outcomes)
    from catalogsync.review.markdown import render_markdown

    saved = told.saved
    return render_markdown(
        saved.plan, read_at=saved.read_at, before=saved.read_before, jobs=told.jobs
    )


def _html(told: Told) -> str:
    from catalogsync.review.html import render_html

    saved = told.saved
    return render_html(
        saved.plan,
        told.pictures,
        read_at=saved.read_at,
        before=saved.read_before,
        jobs=told.jobs,
    )


_FILES = {
    "json-into": File("Also write the JSON document into FILE.", lambda told: told.document()),
    "markdown": File("Also write it into FILE as Markdown, for a pull request.", _markdown),
    "html": File("Also write the plan into FILE as a page to look at.", _html),
}
"""The options of every command that has a plan to tell of."""

_SAVE = {
    "out": File("Save the plan in FILE, for `show` and `apply`.", lambda told: told.document()),
}
"""The options of the command that makes a new plan."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Where the readings of a plan go: `files` by their option's name."""

    as_json: bool
    files: Mapping[str, Path]

    @property
    def want_pictures(self) -> bool:
        """Whether pictures are to be shown."""
        return "html" in self.files

    def write_files(self, told: Told) -> None:
        """Write every file, or none where one of them cannot be written."""
        table = _SAVE | _FILES
        self.write({name: partial(file.render, told) for name, file in table.items()})

    def write(self, renders: Mapping[str, Callable[[], str | IO[bytes]]]) -> None:
        """Write every file, or none where one of them cannot be written; each by its option.

        At the end of the command it says which, if it talks.
        """
        write_all({path: renders[name]() for name, path in self.files.items()})
        command = click.get_current_context()
        if not command.params.get("quiet"):
            command.call_on_close(self._say_written)

    def _say_written(self) -> None:
        for path in self.files.values():
            if not is_stream(path):
                say(visible(f"wrote {path}"))


def reading_options(*, saves: bool = False) -> Callable[[Command], Command]:
    """The options that `split_readings` takes; `saves` for a command that makes a new plan."""
    table = _SAVE | _FILES if saves else _FILES
    return file_options({name: file.help for name, file in table.items()})


def file_options(helps: Mapping[str, str]) -> Callable[[Command], Command]:
    """Options that name files, with their help, and the one that asks for JSON."""
    files = (
        option(f"--{name}", type=click.Path(path_type=Path), metavar="FILE", help=help)
        for name, help in helps.items()
    )
    return together(*files, json_option)


def split_readings(options: dict[str, Any]) -> Readings:
    """Take the options of the readings out of a command's, and check that they can be written."""
    given = {name: options.pop(name.replace("-", "_"), None) for name in _SAVE | _FILES}
    files = {name: path for name, path in given.items() if path is not None}
    for name, path in files.items():
        check_place(name, path)
    if len(set(map(Path.absolute, files.values()))) < len(files):
        raise UsageError("two options name the same file", hint="give each a file of its own")
    return Readings(options.pop("as_json"), files)


def check_place(name: str, path: Path) -> None:
    """Raise `UsageError` unless a file can be written where an option says.

    A link to another folder is refused: in a checkout, it is its author who says where it leads.
    """
    if str(path) == "-":
        raise UsageError(f"--{name}: - is no file", hint="write /dev/stdout for what is piped on")
    if path.is_dir():
        raise UsageError(f"--{name}: {path} is a folder", hint="name a file in it")
    folder = path.parent.resolve()
    if not folder.is_dir():
        raise UsageError(f"--{name}: there is no folder {path.parent}", hint="make it first")
    if path.is_symlink() and not _is_systems(folder) and path.resolve().parent != folder:
        raise UsageError(
            f"--{name}: {path} is a link to another folder", hint="name the file itself"
        )


def _is_systems(folder: Path) -> bool:
    return folder.is_relative_to("/dev") or folder.is_relative_to("/proc")


def write_all(texts: Mapping[Path, str | IO[bytes]]) -> None:
    """Write files under temporary names and rename them when all are whole.

    A file that is there keeps its mode.
    """
    ready: list[tuple[Path, Path]] = []
    try:
        for path, text in texts.items():
            if is_stream(path):
                with path.open("wb") as stream:
                    _fill(stream, text)
            else:
                ready.append((path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp"), path))
                _write(ready[-1][0], text)
                if path.exists():
                    ready[-1][0].chmod(path.stat().st_mode & 0o7777)
        for temporary, path in ready:
            temporary.replace(path)
    finally:
        for temporary, _ in ready:
            temporary.unlink(missing_ok=True)


def is_stream(path: Path) -> bool:
    """Whether a path stands for something that a new file must not replace: /dev/stdout, a pipe."""
    return path.is_symlink() or (path.exists() and not path.is_file())


def _write(path: Path, text: str | IO[bytes]) -> None:
    with path.open("xb") as file:
        _fill(file, text)
        file.flush()
        os.fsync(file.fileno())


def _fill(file: IO[bytes], text: str | IO[bytes]) -> None:
    if isinstance(text, str):
        file.write(text.encode())
    else:
        text.seek(0)
        copyfileobj(text, file)
