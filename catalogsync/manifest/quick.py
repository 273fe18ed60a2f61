"""A JSON Schema as one function that says yes or no.

Nearly every manifest is valid, and finding that out by jsonschema takes ten times as long as all
the rest of its reading. So a schema is compiled into closures that know just the keywords our
schemas use; what they refuse goes to jsonschema, which says why.
"""

import re
from collections.abc import Callable
from typing import Any

Test = Callable[[Any], bool]
Schema = dict[str, Any]

_NUMBERS = (int, float)


def compiled(schema: Schema) -> Test:
    """The test of a schema; raises KeyError for a keyword it does not know."""
    by_type: dict[str, list[Test]] = {kind: [] for kind in ("string", "array", "object", "number")}
    anything: list[Test] = []
    for keyword, argument in schema.items():
        kind, make = _KEYWORDS[keyword]
        (by_type[kind] if kind else anything).append(make(argument, schema))
    tests = {
        str: by_type["string"],
        list: by_type["array"],
        dict: by_type["object"],
        int: by_type["number"],
        float: by_type["number"],
    }
    merged = {kind: _all_of([*anything, *tests.get(kind, ())]) for kind in _PYTHON_TYPES}
    otherwise = _all_of(anything)

    def test(value: Any) -> bool:
        return merged.get(type(value), otherwise)(value)

    return test


def _all_of(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    if not tests:
        return lambda value: True

    def test(value: Any) -> bool:
        for each in tests:  # noqa: SIM110 - a generator costs twice as much here
            if not each(value):
                return False
        return True

    return test


_PYTHON_TYPES = (str, list, dict, int, float, bool, type(None))
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "array": (list,),
    "object": (dict,),
    "boolean": (bool,),
    "number": (int, float),
    "integer": (int,),
}


def _type(argument: str | list[str], schema: Schema) -> Test:
    names = [argument] if isinstance(argument, str) else argument
    types = frozenset(kind for name in names for kind in _TYPES[name])
    whole = "integer" in names and "number" not in names
    if not whole:
        return lambda value: type(value) in types
    return lambda value: type(value) in types or (type(value) is float and value.is_integer())


def _enum(argument: list[str], schema: Schema) -> Test:
    allowed = frozenset(argument)
    return lambda value: type(value) is str and value in allowed


def _const(argument: str, schema: Schema) -> Test:
    return lambda value: type(value) is str and value == argument


def _pattern(argument: str, schema: Schema) -> Test:
    search = re.compile(argument).search
    return lambda value: search(value) is not None


def _at_least(argument: int, schema: Schema) -> Test:
    return lambda value: len(value) >= argument


def _at_most(argument: int, schema: Schema) -> Test:
    return lambda value: len(value) <= argument


def _minimum(argument: float, schema: Schema) -> Test:
    return lambda value: bool(value >= argument)


def _maximum(argument: float, schema: Schema) -> Test:
    return lambda value: bool(value <= argument)


def _items(argument: Schema, schema: Schema) -> Test:
    item = compiled(argument)
    return lambda value: all(map(item, value))


def _required(argument: list[str], schema: Schema) -> Test:
    names = frozenset(argument)
    return lambda value: value.keys() >= names


def _properties(argument: dict[str, Schema], schema: Schema) -> Test:
    tests = {name: compiled(child) for name, child in argument.items()}

    def test(value: dict[str, Any]) -> bool:
        for name, item in value.items():  # noqa: SIM110 - a generator costs twice as much here
            if name in tests and not tests[name](item):
                return False
        return True

    return test


def _additional(argument: bool | Schema, schema: Schema) -> Test:
    known = schema.get("properties", {}).keys()
    if argument is False:
        return lambda value: value.keys() <= known
    other = compiled(argument) if isinstance(argument, dict) else _all_of([])
    return lambda value: all(other(item) for name, item in value.items() if name not in known)


def _names(argument: Schema, schema: Schema) -> Test:
    name = compiled(argument)
    return lambda value: all(map(name, value))


def _dependent(argument: dict[str, Schema], schema: Schema) -> Test:
    tests = {name: compiled(child) for name, child in argument.items()}
    return lambda value: all(test(value) for name, test in tests.items() if name in value)


def _nothing(argument: object, schema: Schema) -> Test:
    return _all_of([])


_KEYWORDS: dict[str, tuple[str, Callable[[Any, Schema], Test]]] = {
    "type": ("", _type),
    "enum": ("", _enum),
    "const": ("", _const),
    "patternErrorMessage": ("", _nothing),
    "pattern": ("string", _pattern),
    "minLength": ("string", _at_least),
    "maxLength": ("string", _at_most),
    "minimum": ("number", _minimum),
    "maximum": ("number", _maximum),
    "items": ("array", _items),
    "maxItems": ("array", _at_most),
    "required": ("object", _required),
    "properties": ("object", _properties),
    "additionalProperties": ("object", _additional),
    "propertyNames": ("object", _names),
    "dependentSchemas": ("object", _dependent),
    "minProperties": ("object", _at_least),
    "maxProperties": ("object", _at_most),
}
