"""Frozen dataclasses as JSON data and back: what does not fit the types is refused."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


class Misfit(ValueError):
    """Data that is not of the type that is due, and where in it."""


def encoded(value: object) -> Any:
    """The value as JSON data; fields that have their default value are left out, sets sorted."""
    if is_dataclass(value) and not isinstance(value, type):
        held = ((field, getattr(value, field.name)) for field in fields(value))
        return {f.name: encoded(item) for f, item in held if item != _default(f)}
    if isinstance(value, Mapping):
        return {key: encoded(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(map(encoded, value))
    if isinstance(value, tuple):
        return list(map(encoded, value))
    return value


def decoded(kind: Callable[..., T], data: object) -> T:
    """The value of a type that `data` encodes; raises `Misfit`. Unknown keys are ignored."""
    value: T = _decoder(kind)(data, "")
    return value


def _default(field: Field[Any]) -> object:
    return field.default if field.default_factory is MISSING else field.default_factory()


Decoder = Callable[[object, str], Any]


@cache
def _decoder(kind: Any) -> Decoder:
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _dataclass(kind)
    if origin is UnionType:
        (only,) = (each for each in arguments if each is not NoneType)
        return _optional(_decoder(only))
    if origin in (tuple, frozenset):
        return _sequence(origin, _decoder(arguments[0]))
    if origin is Mapping:
        return _mapping(_decoder(arguments[1]))
    if issubclass(kind, StrEnum):
        return _enum(kind)
    return _scalar(kind)


def _dataclass(kind: Any) -> Decoder:
    types = get_type_hints(kind)

    def decode(data: object, at: str) -> Any:
        found = _of(dict, data, at)
        held = {}
        for field in fields(kind):
            if field.name in found:
                place = f"{at}.{field.name}" if at else field.name
                held[field.name] = _decoder(types[field.name])(found[field.name], place)
            elif _default(field) is MISSING:
                raise Misfit(f"{at}: {field.name} is missing")
        return kind(**held)

    return decode


def _optional(decode: Decoder) -> Decoder:
    return lambda data, at: None if data is None else decode(data, at)


def _sequence(kind: Callable[[Any], Any], decode: Decoder) -> Decoder:
    return lambda data, at: kind(
        decode(item, f"{at}[{index}]") for index, item in enumerate(_of(list, data, at))
    )


def _mapping(decode: Decoder) -> Decoder:
    return lambda data, at: {
        key: decode(item, f"{at}[{key!r}]") for key, item in _of(dict, data, at).items()
    }


def _enum(kind: type[StrEnum]) -> Decoder:
    def decode(data: object, at: str) -> StrEnum:
        if isinstance(data, str) and data in tuple(kind):
            return kind(data)
        raise Misfit(f"{at}: {data!r} is none of {', '.join(kind)}")

    return decode


def _scalar(kind: type) -> Decoder:
    return lambda data, at: _of(kind, data, at)


def _of(kind: type[T], data: object, at: str) -> T:
    # True is an int to Python, and 1 is no float.
    if type(data) is kind:
        return data
    raise Misfit(f"{at or 'the document'}: {type(data).__name__} where {kind.__name__} is due")
