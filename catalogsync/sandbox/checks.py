"""Checks of what a request sends, each answering 400 with the name of the field."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from catalogsync.sandbox.errors import bad_request
from catalogsync.sandbox.world import Json

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def new_id(prefix: str) -> str:
    """A random identity such as `model_9v…`."""
    # Underscores and hyphens would be legal, but make ids hard to select and to read aloud.
    return f"{prefix}_{secrets.token_hex(12)}"


def text(value: Any, name: str, *, longest: int, shortest: int = 0) -> str:
    """A string of a length within bounds, counted in code points."""
    if not isinstance(value, str):
        raise bad_request(f"{name} must be a string")
    if not shortest <= len(value) <= longest:
        raise bad_request(f"{name} must be {shortest} to {longest} characters long")
    if "\x00" in value:
        raise bad_request(f"{name} must not hold a null character")
    return value


def ids(value: Any, name: str, *, most: int, reason: str | None = None) -> list[str]:
    """A list of at most `most` identities; `reason` replaces the message for a longer one."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise bad_request(f"{name} must be a list of strings")
    if len(value) > most:
        raise bad_request(reason or f"{name} must not have more than {most} items")
    return value


def distinct(values: list[str], name: str) -> list[str]:
    """The same list, if nothing in it comes twice."""
    if len(set(values)) != len(values):
        raise bad_request(f"{name} must not hold duplicates")
    return values


def truth(body: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """A boolean member of a body."""
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise bad_request(f"{name} must be a boolean")
    return value


def number(value: Any, name: str, *, least: float, most: float) -> float:
    """A number within bounds; booleans are none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise bad_request(f"{name} must be a number from {least:g} to {most:g}")
    return value


def whole(value: Any, name: str, *, least: int, most: int) -> int:
    """A whole number within bounds, however it is written."""
    found = number(value, name, least=least, most=most)
    if found != int(found):
        raise bad_request(f"{name} must be a whole number")
    return int(found)


def tags(body: Mapping[str, Any], name: str) -> list[str]:
    """A list of tags: not empty, no commas (they separate tags in filters), no controls."""
    found = distinct(ids(body.get(name, []), name, most=500), name)
    for tag in found:
        if not tag.strip() or len(tag) > 256 or "," in tag or _CONTROL.search(tag):
            raise bad_request(f"{name}: {tag!r} is not a valid tag")
    return found


def required(body: Mapping[str, Any], name: str) -> Any:
    """A member that must be there, if only as null."""
    if name not in body:
        raise bad_request(f"{name} is required")
    return body[name]


def an_object(value: Any, name: str) -> Json:
    """A JSON object."""
    if not isinstance(value, dict):
        raise bad_request(f"{name} must be an object")
    return value
