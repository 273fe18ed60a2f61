"""What a run has to tell, as one document on stdout and in any number of files."""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from catalogsync.cli.options import Command, json_option, option, together
from catalogsync.errors import UsageError
from catalogsync.review.saved import SavedPlan


@dataclass(frozen=True, slots=True)
class File:
    """An option that names a file: its help, and what is written, from a plan and its document."""

    help: str
    render: Callable[[SavedPlan, str], str]


_FILES = {
    "json-into": File("Also write the JSON document into FILE.", lambda saved, document: document),
}
"""The options of every command that has a plan to tell of."""

_SAVE = {
    "out": File("Save the plan in FILE, for `show` and `apply`.", lambda saved, document: document),
}
"""The options of the command that makes a new plan."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Where the readings of a plan go: `files` by their option's name."""

    as_json: bool
    files: Mapping[str, Path]

    def write_files(self, saved: SavedPlan, document: str) -> None:
        """Write every file, or none where one of them cannot be written."""
        table = _SAVE | _FILES
        write_all({path: table[name].render(saved, document) for name, path in self.files.items()})


def reading_options(*, saves: bool = False) -> Callable[[Command], Command]:
    """The options that `split_readings` takes; `saves` for a command that makes a new plan."""
    table = _SAVE | _FILES if saves else _FILES
    files = (
        option(f"--{name}", type=click.Path(path_type=Path), metavar="FILE", help=file.help)
        for name, file in table.items()
    )
    return together(*files, json_option)


def split_readings(options: dict[str, Any]) -> Readings:
    """Take the options of the readings out of a command's, and check that they can be written."""
    given = {name: options.pop(name.replace("-", "_"), None) for name in _SAVE | _FILES}
    files = {name: path for name, path in given.items() if path is not None}
    for name, path in files.items():
        if path.is_dir():
            raise UsageError(f"--{name}: {path} is a folder", hint="name a file in it")
        if not path.parent.is_dir():
            raise UsageError(f"--{name}: there is no folder {path.parent}", hint="make it first")
    if len(set(map(Path.absolute, files.values()))) < len(files):
        raise UsageError("two options name the same file", hint="give each a file of its own")
    return Readings(options.pop("as_json"), files)


def write_all(texts: Mapping[Path, str]) -> None:
    """Write files under temporary names and rename them when all are whole."""
    ready: list[tuple[Path, Path]] = []
    try:
        for path, text in texts.items():
            if _is_stream(path):
                path.write_bytes(text.encode())
            else:
                ready.append((path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp"), path))
                _write(ready[-1][0], text)
        for temporary, path in ready:
            temporary.replace(path)
    finally:
        for temporary, _ in ready:
            temporary.unlink(missing_ok=True)


def _is_stream(path: Path) -> bool:
    """Whether a path stands for something that a new file must not replace: /dev/stdout, a pipe."""
    return path.is_symlink() or (path.exists() and not path.is_file())


def _write(path: Path, text: str) -> None:
    with path.open("xb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
