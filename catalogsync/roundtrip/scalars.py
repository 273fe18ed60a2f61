"""Text as a YAML scalar: quotes only where some reader needs them, several lines as a block."""

import re
from functools import lru_cache

from catalogsync.manifest.strict_yaml import parse

_ODD_IN_FLOW = frozenset("*?&!#\"'|>%@`")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0", '"': '\\"', "\\": "\\\\"}


@lru_cache(maxsize=4096)
def one_line(value: str, *, flow: bool = False, quote: str = "") -> str:
    """A text on one line, for a place inside [] or {} with `flow`; `quote` is the one to take
    where one is needed, or was there before."""
    if not quote and _is_plain(value, flow):
        return value
    if _CONTROL.search(value) or "\t" in value:
        return _double(value)
    awkward = '"' in value or "\\" in value
    if quote == "'" or (awkward and quote != '"'):
        return "'" + value.replace("'", "''") + "'"
    return _double(value)


def literal(value: str, indent: int) -> list[str] | None:
    """A text of several lines as the lines of a literal block, or None where none can hold it."""
    ends = len(value) - len(value.rstrip("\n"))
    chomping = {0: "-", 1: ""}.get(ends, "+")
    body = value[:-1] if ends else value
    digit = "2" if re.match(r"\n*[ \t]", value) else ""
    head = f"|{digit}{chomping}"
    lines = [" " * indent + line if line else "" for line in body.split("\n")]
    trial = "\n".join(["a:", f"{' ' * (indent - 2)}- {head}", *lines, ""])
    if _CONTROL.search(value.replace("\n", "")) or parse(trial) != ({"a": [value]}, []):
        return None
    return [head, *lines]


def _is_plain(value: str, flow: bool) -> bool:
    if _CONTROL.search(value) or "\t" in value:
        return False
    if flow:
        if _ODD_IN_FLOW & set(value):
            return False
        return parse(f"{{a: {value}, b: [{value}]}}\n") == ({"a": value, "b": [value]}, [])
    return parse(f"a: {value}\n") == ({"a": value}, []) and parse(f"- {value}\n") == ([value], [])


def _double(value: str) -> str:
    return '"' + "".join(map(_escaped, value)) + '"'


def _escaped(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if not _CONTROL.match(character):
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
