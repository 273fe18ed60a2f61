"""What the YAML parser says, in words that help."""

import re
from typing import NamedTuple

import yaml


class Flaw(NamedTuple):
    """One thing wrong with a file, at a line and a column from 1."""

    line: int
    column: int
    message: str
    hint: str


_INVALID = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")

# By the beginning of the parser's context and of its problem; the first that fits is taken.
# The third word says which of the two marks is the better place to look at.
_SENTENCES = (
    ("while scanning a quoted", "found unexpected", "context", "this quote is not closed", ""),
    (
        "while scanning a quoted",
        "found unknown escape",
        "problem",
        "an unknown escape in double quotes",
        "use single quotes, or write \\\\ for a backslash",
    ),
    (
        "while parsing a quoted",
        "",
        "problem",
        "an unknown or broken escape in double quotes",
        "use single quotes, or write \\\\ for a backslash",
    ),
    ("while parsing a flow sequence", "did not find", "context", "this [ is not closed", ""),
    ("while parsing a flow mapping", "did not find", "context", "this { is not closed", ""),
    (
        "",
        "mapping values are not allowed",
        "problem",
        "a : that cannot be here",
        "quote a value that holds a colon; check the indentation",
    ),
    ("", "found a tab", "problem", "a tab", "indent with spaces"),
    ("", "could not find expected ':'", "context", "a field without its :", "write field: value"),
    (
        "while parsing a block collection",
        "did not find expected '-'",
        "problem",
        "this does not continue the list above",
        "check the indentation",
    ),
    (
        "while parsing a block mapping",
        "did not find expected key",
        "problem",
        "this does not continue what is above",
        "check the indentation, and quote a value that holds quotes",
    ),
    ("", "found undefined tag", "problem", "a tag is not allowed", "take it out"),
    ("while scanning a directive", "", "problem", "a % directive is not allowed", "take it out"),
    (
        "while scanning a tag",
        "",
        "context",
        "a tag is not allowed",
        "quote a value that begins by !",
    ),
    ("while scanning an alias", "", "context", "an alias is not allowed", "quote a value with a *"),
    (
        "while scanning an anchor",
        "",
        "context",
        "an anchor is not allowed",
        "quote a value with a &",
    ),
    ("", "did not find expected node", "problem", "a value is missing here", "write one"),
    (
        "",
        "did not find expected <document start>",
        "problem",
        "this does not belong to what is above",
        "check the indentation; one file holds one document",
    ),
)


def human(error: yaml.MarkedYAMLError, text: str) -> Flaw:
    """The parser's complaint about `text` as one helpful sentence."""
    context, problem = error.context or "", error.problem or "not readable as YAML"
    here = error.problem_mark or error.context_mark
    if problem.startswith("found character that cannot start"):
        return _odd_character(text, here)
    if problem.startswith("did not find expected node") and _at_end(text, here):
        return _flaw(here, "the file ends inside a [ or {", "close it")
    for begins, says, where, message, hint in _SENTENCES:
        if context.startswith(begins) and problem.startswith(says):
            mark = (error.context_mark if where == "context" else None) or here
            return _flaw(mark, message, hint)
    return _flaw(here, problem, "")


def unreadable(text: str) -> Flaw:
    """The first character of `text` that YAML does not allow."""
    found = _INVALID.search(text)
    offset = found.start() if found else 0
    line, column = position(text, offset)
    code = f"U+{ord(text[offset]):04X}" if found else "a character"
    return Flaw(line, column, f"{code} is not allowed in YAML", "take the character out")


def inside(flaw: Flaw, text: str) -> Flaw:
    """The flaw at a place that is there: a parser may see the end on a line of its own."""
    lines = _BREAK.split(text)
    if flaw.line <= len(lines):
        return flaw
    return flaw._replace(line=len(lines), column=len(lines[-1]) + 1)


def position(text: str, offset: int) -> tuple[int, int]:
    """The line and the column, both from 1, of an offset into a text."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _at_end(text: str, mark: yaml.Mark | None) -> bool:
    return mark is not None and mark.line >= text.rstrip().count("\n") + 1


def _odd_character(text: str, mark: yaml.Mark | None) -> Flaw:
    lines = text.split("\n")
    line, column = (mark.line, mark.column) if mark else (0, 0)
    character = lines[line][column : column + 1] if line < len(lines) else ""
    if character == "\t":
        return Flaw(line + 1, column + 1, "a tab", "indent with spaces")
    message = f"a value cannot begin by {character}" if character else "a value is missing"
    return Flaw(line + 1, column + 1, message, "quote it")


def _flaw(mark: yaml.Mark | None, message: str, hint: str) -> Flaw:
    return (
        Flaw(mark.line + 1, mark.column + 1, message, hint) if mark else Flaw(1, 1, message, hint)
    )
