"""The JSON Schemas: their text as it is in the file, and validators compiled once."""

from collections.abc import Callable
from functools import cache
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from catalogsync.manifest.quick import compiled

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

Name = Literal["model", "catalog", "plan", "drift", "train", "download"]

_PACKAGE = Path(__file__).parent.parent

# In a wheel the schemas are inside the package, in a checkout beside it.
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")

# Words for people and editors, which only cost time; uniqueItems is checked where both places
# can be named.
_NOT_COMPILED = frozenset(
    ("$schema", "$id", "title", "description", "examples", "default", "enumDescriptions")
) | {"uniqueItems"}


def schema_text(name: Name) -> str:
    """The schema file, verbatim."""
    file = f"{name}.schema.json"
    for folder in _FOLDERS:
        if (folder / file).is_file():
            return (folder / file).read_text("utf-8")
    raise FileNotFoundError(f"{file} is in none of {', '.join(map(str, _FOLDERS))}")


def schema(name: Name) -> dict[str, Any]:
    """The schema as a value of its own."""
    value: dict[str, Any] = loads(schema_text(name))
    return value


@cache
def quick_test(name: Name) -> Callable[[Any], bool]:
    """Whether a value is valid, and nothing else, fast."""
    return compiled(flat(name))


@cache
def validator(name: Name) -> "Draft202012Validator":
    """The compiled schema."""
    from jsonschema import Draft202012Validator  # 80 ms to import: only for what is refused

    return Draft202012Validator(flat(name))


def flat(name: Name) -> dict[str, Any]:
    """The schema without the words for people."""
    result: dict[str, Any] = _flat(schema(name))
    return result


def _flat(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    result = {key: value for key, value in node.items() if key not in _NOT_COMPILED}
    for key in result.keys() & {"items", "additionalProperties", "propertyNames"}:
        result[key] = _flat(result[key])
    for key in result.keys() & {"properties", "dependentSchemas"}:
        result[key] = {name: _flat(child) for name, child in result[key].items()}
    if result.get("pattern", "").endswith("$"):
        # Python's $ also matches before a line break at the end.
        result["pattern"] = result["pattern"][:-1] + r"\Z"
    return result
