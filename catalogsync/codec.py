"""Frozen dataclasses as plain JSON data and back; their fields and annotations are the format."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

_TAG = "type"
"""The name under which an object tells its dataclass, unless that has a field of this name."""


def as_data(value: object, *, compared_only: bool = False) -> Any:
    """A value as plain JSON data: dataclasses become objects that name their type.

    With `compared_only`, fields that take no part in comparison are left out.
    """
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    names = _names(kind, compared_only)
    if names is not None:
        return {_TAG: kind.__name__} | {
            n: each
            if type(each := getattr(value, n)) in _PLAIN
            else as_data(each, compared_only=compared_only)
            for n in names
        }
    if isinstance(value, tuple | list):
        return [as_data(item, compared_only=compared_only) for item in value]
    if isinstance(value, Mapping):
        return {n: as_data(item, compared_only=compared_only) for n, item in value.items()}
    if isinstance(value, frozenset):
        items = [as_data(item, compared_only=compared_only) for item in value]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    return value


_PLAIN = frozenset({str, int, float, bool, NoneType})
"""The types that are JSON data already: most values are of one, so they are looked at first."""


@cache
def _names(kind: Any, compared_only: bool) -> tuple[str, ...] | None:
    """The names of a dataclass's fields; None for another type."""
    if not is_dataclass(kind):
        return None
    return tuple(f.name for f in fields(kind) if f.compare or not compared_only)


def value_digest(value: object) -> str:
    """The sha256 of what takes part in comparison: equal values, equal digests."""
    digest = hashlib.sha256()
    for piece in _compact(value):
        digest.update(piece.encode())
    return f"sha256:{digest.hexdigest()}"


def _compact(value: object) -> Iterator[str]:
    """What takes part in comparison as text, the lists of a dataclass item by item.

    The text of a plan at once would take several times the memory of the plan.
    """
    kind: Any = type(value)
    names = _names(kind, True)
    if names is None:
        yield _compact_text(value)
        return
    held = {_TAG: kind.__name__} | {n: getattr(value, n) for n in names}
    for at, name in enumerate(sorted(held)):
        yield f'{"," if at else "{"}"{name}":'
        if isinstance(held[name], tuple):
            yield "["
            for index, item in enumerate(held[name]):
                yield ("," if index else "") + _compact_text(item)
            yield "]"
        else:
            yield _compact_text(held[name])
    yield "}"


def _compact_text(value: object) -> str:
    data = as_data(value, compared_only=True)
    return json.dumps(data, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


class Mismatch(ValueError):
    """Data that is not what the annotations say; the message tells where."""


def from_data(kind: type[T], data: object) -> T:
    """The value that `as_data` made the data from; raises `Mismatch` for anything else.

    Names that the dataclass does not have are ignored, fields that are missing take their default.
    """
    value: T = _read(kind, data, ())
    return value


Path = tuple[str, ...]


def _read(kind: Any, data: object, path: Path) -> Any:
    if get_origin(kind) in (Union, UnionType):
        kind = next((each for each in get_args(kind) if _fits(each, data)), None)
    if kind is None or not _accepts(kind, data):
        raise _mismatch(path, f"{_in_words(data)} is not allowed here")
    if isinstance(data, dict):
        return _read_object(kind, data, path)
    if isinstance(data, list):
        return _read_items(kind, data, path)
    if isinstance(data, str):
        return _read_text(kind, data, path)
    return data


def _fits(kind: Any, data: object) -> bool:
    """Whether data may stand for one of several kinds; lists are told apart by what is in them."""
    items = get_args(kind)
    if get_origin(kind) is tuple and items[-1] is Ellipsis and isinstance(data, list):
        return all(_fits(items[0], item) for item in data)
    return _accepts(kind, data)


def _accepts(kind: Any, data: object) -> bool:
    """Whether data may stand for a kind, as far as its outermost shape tells."""
    if is_dataclass(kind):
        assert isinstance(kind, type)
        named = _TAG not in _annotations(kind)
        return isinstance(data, dict) and (not named or data.get(_TAG) == kind.__name__)
    return type(data) in _SHAPES[_origin(kind)]


_SHAPES: dict[Any, tuple[type, ...]] = {
    NoneType: (NoneType,),
    bool: (bool,),
    int: (int,),
    float: (int, float),
    str: (str,),
    Enum: (str,),
    tuple: (list,),
    frozenset: (list,),
    Mapping: (dict,),
}
"""The types that JSON brings for each kind that is no dataclass."""


def _origin(kind: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Enum
    return get_origin(kind) or kind


def _read_object(kind: Any, data: dict[str, object], path: Path) -> Any:
    if get_origin(kind) is Mapping:
        item = get_args(kind)[1]
        return {n: _read(item, value, (*path, f"[{n!r}]")) for n, value in data.items()}
    return kind(**dict(_read_fields(kind, data, path)))


def _read_fields(kind: Any, data: dict[str, object], path: Path) -> Iterator[tuple[str, object]]:
    annotations = _annotations(kind)
    for field in fields(kind):
        name = field.name
        if name in data:
            yield name, _read(annotations[name], data[name], (*path, f".{name}"))
        elif field.default is MISSING and field.default_factory is MISSING:
            raise _mismatch(path, f"`{name}` is missing")


@cache
def _annotations(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read_items(kind: Any, data: list[object], path: Path) -> Any:
    kinds = get_args(kind)
    if get_origin(kind) is tuple and kinds[-1] is not Ellipsis:
        if len(data) != len(kinds):
            raise _mismatch(path, f"{len(data)} items instead of {len(kinds)}")
    else:
        kinds = (kinds[0],) * len(data)
    pairs = enumerate(zip(kinds, data, strict=True))
    return get_origin(kind)(_read(each, item, (*path, f"[{at}]")) for at, (each, item) in pairs)


def _read_text(kind: Any, data: str, path: Path) -> str:
    try:
        text: str = kind(data)
    except ValueError:
        raise _mismatch(path, f"{data!r} is none of {', '.join(kind)}") from None
    return text


def _mismatch(path: Path, what: str) -> Mismatch:
    where = "".join(path).removeprefix(".")
    return Mismatch(f"{where:.{_LONGEST}}: {what:.{_LONGEST}}" if where else what[:_LONGEST])


_LONGEST = 300
"""How much of foreign data a message repeats, in characters."""


def _in_words(data: object) -> str:
    if isinstance(data, dict):
        return f"an object of type {data.get(_TAG)!r}"
    words = {NoneType: "null", bool: "a boolean", str: "a text", list: "a list"}
    return words.get(type(data), "a number")
