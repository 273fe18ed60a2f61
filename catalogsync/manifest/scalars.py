"""What an unquoted YAML scalar stands for.

YAML 1.1 and 1.2 disagree about `no`, `012`, `1e3` and more, so only what both read alike is a
value here: JSON's numbers, true, false and null. The rest of what either of them takes for
something else than text is a `Surprise`, which is valid nowhere.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Surprise:
    """An unquoted scalar that some YAML reader does not take for text."""

    written: str
    meaning: str
    is_date: bool = False


_FIRST = frozenset("0123456789+-.~=<yYnNtTfFoO")
_INT = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,2})?")
_CONSTANTS = {
    "": None,
    **dict.fromkeys(("~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TRUTHS = {
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON"), "true"),
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF"), "false"),
}


def plain(text: str) -> object:
    """The value of an unquoted scalar: text, a number, a truth value, None or a `Surprise`."""
    return text if text and text[0] not in _FIRST else _resolve(text)


@lru_cache(maxsize=4096)
def _resolve(text: str) -> object:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if text in _TRUTHS:
        return Surprise(text, "the truth value " + _TRUTHS[text])
    if text[0].isalpha():
        return text
    for pattern, meaning in _SURPRISES:
        if re.fullmatch(pattern, text):
            return Surprise(text, meaning(text), is_date=meaning is _date)
    return text


def _number(text: str) -> str:
    return "a number"


def _based(base: int) -> Callable[[str], str]:
    def meaning(text: str) -> str:
        digits = text.replace("_", "").replace("o", "")
        return f"the number {int(digits, base)}" if len(digits) <= 40 else "a number"

    return meaning


def _sexagesimal(text: str) -> str:
    if "." in text or len(text) > 40:
        return "a number to the base 60"
    total = 0
    for part in text.lstrip("+-").replace("_", "").split(":"):
        total = total * 60 + int(part)
    return f"the number {-total if text.startswith('-') else total}, to the base 60"


def _date(text: str) -> str:
    return "a date"


def _time(text: str) -> str:
    return "a point in time"


def _special(text: str) -> str:
    return "an instruction of YAML's own"


_SURPRISES: tuple[tuple[str, Callable[[str], str]], ...] = (
    (r"[-+]?0b[01_]*[01]_*", _based(2)),
    (r"[-+]?0o?[0-7_]*[0-7]_*", _based(8)),
    (r"[-+]?0x[0-9a-fA-F_]*[0-9a-fA-F]_*", _based(16)),
    (r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?", _number),
    (r"[-+]?\.[0-9][0-9_]*([eE][-+]?[0-9]+)?", _number),
    (r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", _number),
    (r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?", _sexagesimal),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", _date),
    (
        r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
        r"(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?",
        _time,
    ),
    (r"=|<<", _special),
)
