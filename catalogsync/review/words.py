"""Numbers, sizes and foreign text in the words that people read."""

import re
import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that are drawn as nothing."""

_IGNORED = "[\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]*"
"""Marks that a comparison of text may skip: a runner's search for a command is one."""

_COMMANDS = (
    (re.compile(f"(:{_IGNORED}):"), r"\1\\x3a"),
    (re.compile(rf"(#{_IGNORED})#(?={_IGNORED}\w*{_IGNORED}\[)"), r"\1\\x23"),
)
"""The beginnings of the commands that CI runners take out of a log: ::name, ##[name], ##vso[."""


def revealed(text: str, *, keep: str = "") -> str:
    """Foreign text with what cannot be seen shown as escapes, but for the characters to keep."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char in keep else _escaped(char) for char in text)


def visible(text: str) -> str:
    """Foreign text made inert: what cannot be seen is shown as an escape, in every log.

    So are the beginnings of a CI runner's commands, which it would take out of one.
    """
    text = revealed(text)
    if ":" in text or "#" in text:
        for pattern, shown in _COMMANDS:
            text = pattern.sub(shown, text)
    return text


def _escaped(char: str) -> str:
    code = ord(char)
    nothing = char in _BLANK or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    if unicodedata.category(char) not in _HIDDEN and not nothing:
        return char
    return f"\\x{code:02x}" if code < 256 else f"\\u{{{code:x}}}"


def quoted(text: str) -> str:
    """Foreign text on one line, in quotes."""
    return '"' + visible(text).replace('"', '\\"') + '"'


def file_size(size: int) -> str:
    """A number of bytes in decimal units: 14.2 MB."""
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} TB"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 file, 3 files."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """A time to wait, roughly: 4 s, 3 min, 2 h."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{round(seconds / 3600)} h"
