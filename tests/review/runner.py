"""What CI runners take out of a log: their two command parsers, written anew as an oracle.

The runner of GitHub Actions reads `::name props::data` where a line begins, after any white
space, and `##[name props]data` anywhere in a line. It compares as its culture does, which may
skip marks and invisible characters.
"""

import re
from dataclasses import dataclass

_SKIPPED = re.compile(
    "[\u00ad\u034f\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]"
)
_DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
_PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))


@dataclass(frozen=True)
class Command:
    """A command as a runner understands it."""

    name: str
    properties: dict[str, str]
    data: str


def as_compared(text: str) -> str:
    """A text without what a comparison may skip."""
    return _SKIPPED.sub("", text)


def commands(output: str) -> list[Command]:
    """Every command that a runner would find in what a program prints."""
    lines = re.split(r"\r\n|\r|\n", output)
    found = [_at_the_start(line) or _anywhere(line) for line in lines]
    return [command for command in found if command]


def _at_the_start(line: str) -> Command | None:
    read = as_compared(line).lstrip()
    if not read.startswith("::") or "::" not in read[2:]:
        return None
    head, _, data = read[2:].partition("::")
    name, _, properties = head.partition(" ")
    pairs = (pair.split("=", 1) for pair in properties.split(",") if "=" in pair)
    read_properties = {name.strip(): _unescaped(value, _PROPERTY) for name, value in pairs}
    return Command(name, read_properties, _unescaped(data, _DATA))


def _anywhere(line: str) -> Command | None:
    found = re.search(r"##\w*\[([^\]]*)\](.*)", as_compared(line))
    return Command(found[1], {}, found[2]) if found else None


def _unescaped(text: str, table: tuple[tuple[str, str], ...]) -> str:
    for escape, char in table:
        text = text.replace(escape, char)
    return text
