"""What answers are asked for, with or without an error where it is missing."""

import math
from collections.abc import Mapping

from catalogsync.errors import BadResponse
from catalogsync.scenario.answers import Json


def object_of(answer: Json, key: str) -> Json:
    """An object in an answer."""
    value = answer.get(key)
    if not isinstance(value, dict):
        raise BadResponse(f"the answer has no {key}")
    return value


def items_of(answer: Json, key: str) -> list[Json]:
    """A list of objects in an answer."""
    value = answer.get(key)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadResponse(f"the answer has no list of {key}")
    return value


def id_of(item: Json) -> str:
    """The id of what an answer describes."""
    value = item.get("id")
    if not isinstance(value, str) or not value:
        raise BadResponse("the server describes something without its id")
    return value


def mapping(data: Mapping[str, object], key: str) -> Mapping[str, object]:
    """An object that may be missing: then it is empty."""
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def text(data: Mapping[str, object], key: str) -> str:
    """A text that may be missing: then it is empty."""
    value = data.get(key)
    return value if isinstance(value, str) else ""


def optional_text(data: Mapping[str, object], key: str) -> str | None:
    """A text that may be missing: then it is None."""
    value = data.get(key)
    return value if isinstance(value, str) else None


def strings(data: Mapping[str, object], key: str) -> list[str]:
    """The texts of a list that may be missing: then it is empty."""
    value = data.get(key)
    if not value or not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, str)]


def required_strings(data: Mapping[str, object], key: str) -> list[str]:
    """A list that decides comparisons: one that is missing must not pass for an empty one."""
    value = data.get(key)
    if not isinstance(value, list) or not set(map(type, value)) <= {str}:
        raise BadResponse(f"the server describes a model without a list of {key}")
    return value


def number(data: Mapping[str, object], key: str) -> float | None:
    """A number that can be counted with: JSON also carries infinities and endless digits."""
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def number_within(data: Mapping[str, object], key: str, most: float) -> float | None:
    """A number from 0 to `most`, as people can be told it; None for any other."""
    found = number(data, key)
    return found if found is not None and 0 <= found <= most else None
