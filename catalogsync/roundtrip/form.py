"""`formatted`: a YAML file of the catalog in the one canonical layout."""

from typing import Any

from catalogsync.manifest.outline import outline
from catalogsync.manifest.schemas import Name
from catalogsync.roundtrip.judge import Uneditable, meaning, value_of
from catalogsync.roundtrip.layout import json_text, laid_out
from catalogsync.roundtrip.shape import Shape, shape

_ROUNDS = 4
"""How often a layout may be laid out again: comments that moved may let their lines be joined."""


def formatted(text: str, kind: Name) -> str:
    """The text in canonical layout, its comments kept; it means what it meant.

    Line ends stay LF or CRLF, as the first one is. Raises `Uneditable` where that cannot be done.
    """
    before = text.replace("\r\n", "\n")
    for _ in range(_ROUNDS):
        result = _laid_out(before, kind)
        if result == before:
            return result.replace("\n", newline_of(text))
        before = result
    raise Uneditable("its comments stand where no layout holds them")


def _laid_out(text: str, kind: Name) -> str:
    before = value_of(text)
    if not isinstance(before, dict):
        raise Uneditable("it is no mapping of fields")
    around = outline(text)
    result = "\n".join([*laid_out(around, shape(kind)), ""])
    _check(before, around.trivia, result, shape(kind))
    return result


def written(value: dict[str, Any], kind: Name) -> str:
    """A new file that holds a value, in canonical layout with LF."""
    return formatted(json_text(value) + "\n", kind)


def newline_of(text: str) -> str:
    """The line end of a text, as its first line has it."""
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


def _check(before: Any, comments: Any, result: str, form: Shape) -> None:
    if meaning(value_of(result), form) != meaning(before, form):
        raise Uneditable("another layout would change what it means")
    kept = sorted(each.text for each in outline(result).trivia if each.text)
    if kept != sorted(each.text for each in comments if each.text):
        raise Uneditable("another layout would lose a comment")
