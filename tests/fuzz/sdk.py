"""What the official client's types say of an endpoint: names, what is required, words, answers."""

import collections.abc
import inspect
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from scenario_sdk._utils import PropertyInfo


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a request: whether it must be there, and its type."""

    required: bool
    type: Any


def params(kind: type) -> dict[str, Param]:
    """The parameters of a TypedDict of the client, by the names that are sent."""
    must: frozenset[str] = getattr(kind, "__required_keys__")  # noqa: B009 - no attribute of type
    hints = get_type_hints(kind, include_extras=True)
    return {
        _alias(hint, name): Param(name in must or _required(hint), _bare(hint))
        for name, hint in hints.items()
    }


def requests(resource: type) -> set[str]:
    """The requests that a resource of the client makes, as `PUT /models/{modelId}`."""
    return {
        f"{_METHODS.get(method, method.upper())} {_SNAKE.sub(lambda at: at[1].upper(), path)}"
        for method, path in _REQUEST.findall(inspect.getsource(resource))
    }


_REQUEST = re.compile(r'self\._([a-z_]+)\(\s*(?:path_template\(\s*)?"(/[^"]+)"')
_METHODS = {"get_api_list": "GET"}
_SNAKE = re.compile(r"_([a-z])")


def _required(hint: Any) -> bool:
    return get_origin(hint) is typing.Required


def _alias(hint: Any, name: str) -> str:
    if get_origin(hint) is typing.Required:
        return _alias(get_args(hint)[0], name)
    infos = (each for each in get_args(hint)[1:] if isinstance(each, PropertyInfo))
    return next((info.alias for info in infos if info.alias), name)


def _bare(hint: Any) -> Any:
    if get_origin(hint) in (typing.Required, typing.Annotated):
        return _bare(get_args(hint)[0])
    return hint


def fields(model: type[BaseModel]) -> dict[str, Param]:
    """The fields of an answer of the client, by the names that are received."""
    return {
        field.alias or name: Param(field.is_required(), field.annotation)
        for name, field in model.model_fields.items()
    }


def alternatives(kind: Any) -> list[Any]:
    """The types of a union, without None; a type by itself is one."""
    if get_origin(kind) in (Union, types.UnionType):
        return [each for each in get_args(kind) if each is not type(None)]
    return [kind]


def words(kind: Any) -> set[str]:
    """The words of a `Literal`; empty for anything else."""
    return {
        word
        for each in alternatives(kind)
        if get_origin(each) is Literal
        for word in get_args(each)
    }


def allowed(shape: Mapping[str, Any]) -> set[str]:
    """The words of a parameter of the document; empty where it names none."""
    found = {word for each in shape.get("anyOf", []) for word in allowed(each)}
    return found | set(shape.get("enum", []))


def takes(shape: Mapping[str, Any], kind: Any) -> bool:
    """Whether the document takes what the client's type sends."""
    if "anyOf" in shape:
        return any(takes(each, kind) for each in shape["anyOf"])
    if kind is Any or kind is object:
        return True
    if words(kind):
        return bool(shape["type"] == "string")
    if hasattr(kind, "__required_keys__"):
        told, known = shape["properties"], params(kind)
        required = {name for name, param in known.items() if param.required}
        return (
            set(told) == set(known)
            and set(shape.get("required", [])) == required
            and all(takes(told[name], param.type) for name, param in known.items())
        )
    if get_origin(kind) in _LISTS:
        # In a query, a list is one text with commas.
        each = shape.get("items")
        return bool(shape["type"] == "string") if each is None else takes(each, get_args(kind)[0])
    return any(each in _PLAIN.get(shape["type"], ()) for each in alternatives(kind))


_LISTS = (list, Iterable, collections.abc.Iterable, collections.abc.Sequence)


def differences(
    schema: Mapping[str, Any], kind: Any, defs: Mapping[str, Any], at: str
) -> Iterator[str]:
    """Where an answer of the document is not one that the client's type takes."""
    if "$ref" in schema:
        schema = defs[schema["$ref"].rpartition("/")[2]]
    options = alternatives(kind)
    if object in options or Any in options:
        return
    type_ = schema.get("type")
    names = type_ if isinstance(type_, list) else [str(type_)]
    model = next((each for each in options if _is_model(each)), None)
    listed = next((each for each in options if get_origin(each) is list), None)
    if "object" in names and model is not None:
        yield from _object_differences(schema, model, defs, at)
    elif "array" in names and listed is not None:
        yield from differences(schema["items"], get_args(listed)[0], defs, f"{at}[]")
    elif "enum" in schema and words(kind):
        for word in sorted(set(schema["enum"]) - words(kind)):
            yield f"{at}: {word}"
    elif not any(_plain(name, options) for name in names):
        yield f"{at}: {type_} is not {kind}"


def _object_differences(
    schema: Mapping[str, Any], model: type[BaseModel], defs: Mapping[str, Any], at: str
) -> Iterator[str]:
    known = fields(model)
    told = schema.get("properties", {})
    if not told:
        return
    for name, shape in told.items():
        if name in known:
            yield from differences(shape, known[name].type, defs, f"{at}.{name}")
        else:
            yield f"{at}.{name} is not known"
    for name, field in known.items():
        if field.required and name not in schema.get("required", []):
            yield f"{at}.{name} may be missing"


def _is_model(kind: Any) -> bool:
    return inspect.isclass(kind) and issubclass(kind, BaseModel)


_PLAIN: dict[str, tuple[Any, ...]] = {
    "string": (str,),
    "integer": (int, float),
    "number": (float,),
    "boolean": (bool,),
}


def _plain(name: str, options: list[Any]) -> bool:
    if name == "object":
        return any(get_origin(each) is dict for each in options)
    return any(each in _PLAIN.get(name, ()) for each in options)
