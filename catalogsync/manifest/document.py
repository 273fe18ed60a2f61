"""One YAML file of the catalog: its value, and the places of the values in it."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from catalogsync.errors import Problem
from catalogsync.manifest.strict_yaml import HOLE, Place, Places, locate, parse
from catalogsync.manifest.words import short, visible
from catalogsync.manifest.yaml_errors import Flaw, inside

Path = Sequence[str | int]

MAX_PROBLEMS = 200
"""How many problems of one file are told; nobody reads more, and a bomb has no end of them."""


class Written:
    """A YAML file as it is written; everything wrong with it is added to `problems`.

    `told` counts that.
    """

    def __init__(self, path: str, text: str, problems: list[Problem]) -> None:
        self.path = path
        self.text = text
        self.problems = problems
        self.told = 0

    def report(self, at: Path, message: str, hint: str = "", *, key: bool = False) -> None:
        """Adds a problem at the value (or at the key) that the path `at` leads to."""
        place = self.place(at)
        line, column = (place.key_line, place.key_column) if key else (place.line, place.column)
        self._tell(line, column, message, hint)

    def _tell(self, line: int, column: int, message: str, hint: str) -> None:
        self.told += 1
        if self.told == MAX_PROBLEMS + 1:
            message, hint = "there are more problems in this file", "repair the others first"
        if self.told <= MAX_PROBLEMS + 1:
            there = inside(Flaw(line, column, message, hint), self.text)
            self.problems.append(Problem(visible(self.path), *there))

    def place(self, at: Path) -> Place:
        """The place of the value that a path leads to, or of the nearest one above it."""
        value, places = self._located
        found = Place(1, 1, 1, 1)
        for part in at:
            if (id(value), part) not in places:
                break
            found = places[id(value), part]
            value = value[part]
        return found

    @cached_property
    def _located(self) -> tuple[Any, Places]:
        return locate(self.text)


class Document(Written):
    """A YAML file with its value."""

    def __init__(self, path: str, text: str, problems: list[Problem]) -> None:
        super().__init__(path, text, problems)
        self.value: Any
        self.value, flaws = parse(text)
        for flaw in flaws:
            self._tell(*flaw)

    @property
    def readable(self) -> bool:
        """Whether there is a value to look at."""
        return self.value is not HOLE


def where(at: Path) -> str:
    """A path as people write it: `examples[3].file`."""
    text = ""
    for part in at:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{short(part)}" if text else short(part)
    return text
