"""What is wrong with a document by its JSON Schema, with every error as a sentence."""

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any

from catalogsync.manifest.document import MAX_PROBLEMS, Document, where
from catalogsync.manifest.scalars import Surprise
from catalogsync.manifest.schemas import Name, validator
from catalogsync.manifest.strict_yaml import HOLE, Hole
from catalogsync.manifest.words import did_you_mean, either, quote, short
from catalogsync.values import dataclass

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_LEAVE_OUT = 'leave the field out to not manage it; use [] or "" to make it empty'
_KINDS = {
    "string": "text",
    "array": "a list",
    "object": "a mapping (field: value)",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}
_WHAT: tuple[tuple[type, str], ...] = ((str, "text"), (list, "a list"), (dict, "a mapping"))

# Something beside, or too much, leaves the rest of the value usable.
_HARMLESS = frozenset(("additionalProperties", "maxItems"))


@dataclass(frozen=True, slots=True)
class _Fault:
    """A rule of the schema that `value` breaks: its keyword, its argument, the schema around."""

    rule: str
    argument: Any
    value: Any
    schema: dict[str, Any]
    at: tuple[str | int, ...]
    branch: frozenset[object]
    written: str = ""
    message: str = ""

    @property
    def due(self) -> list[str]:
        """The types that would be right."""
        kinds = self.schema.get("type", "string")
        return [kinds] if isinstance(kinds, str) else kinds


def explain(document: Document, name: Name) -> bool:
    """Report what is not valid, cut it out of the document's value, and say if that was nothing."""
    errors = list(islice(validator(name).iter_errors(document.value), MAX_PROBLEMS + 1))
    faults = [_fault(document, error) for error in errors]
    said: set[object] = set()
    for fault in faults:
        # One sentence is enough for a text, whichever of the rules for it are broken.
        mark = (fault.at, fault.value) if isinstance(fault.value, str) else id(fault)
        if mark not in said and not isinstance(fault.value, Hole):
            _report(document, fault)
        said.add(mark)
    if len(errors) > MAX_PROBLEMS:
        document.value = {}  # too much is wrong with it to look any further
        return False
    for fault in faults:
        _cut_out(document, fault)
    return not faults


def _fault(document: Document, error: "ValidationError") -> _Fault:
    at = tuple(error.absolute_path)
    return _Fault(
        rule=str(error.validator),
        argument=error.validator_value,
        value=error.instance,
        schema=error.schema if isinstance(error.schema, dict) else {},
        at=at,
        branch=frozenset(error.absolute_schema_path),
        written=short(document.place(at).written),
        message=error.message,
    )


def _cut_out(document: Document, fault: _Fault) -> None:
    """Puts a hole in the place of a bad value, so that the rest can be looked at all the same."""
    if fault.rule == "additionalProperties":
        for field in fault.value.keys() - fault.schema["properties"].keys():
            fault.value[field] = HOLE
    if not fault.at or fault.rule in _HARMLESS or "propertyNames" in fault.branch:
        return
    container = document.value
    for part in fault.at[:-1]:
        container = container[part]
        if isinstance(container, Hole):
            return
    container[fault.at[-1]] = HOLE


def _report(document: Document, fault: _Fault) -> None:
    prefix = f"{where(fault.at)}: " if fault.at else ""
    if fault.rule == "additionalProperties":
        _unknown_fields(document, fault, prefix)
    elif "propertyNames" in fault.branch:
        message = f"{prefix}{quote(fault.value)} cannot be a name here"
        at = [*fault.at, fault.value]
        document.report(at, message, fault.schema["patternErrorMessage"], key=True)
    else:
        message, hint = _sentence(fault)
        document.report(fault.at, prefix + message, hint)


def _unknown_fields(document: Document, fault: _Fault, prefix: str) -> None:
    known = fault.schema["properties"]
    for field in fault.value:
        if field not in known:
            hint = did_you_mean(field, known) or f"known: {', '.join(known)}"
            if fault.value[field] is None:
                hint = f"inside {{}} a comma ends a text: quote one that has a comma; {hint}"
            message = f"{prefix}unknown field {quote(field)}"
            document.report([*fault.at, field], message, hint, key=True)


def _sentence(fault: _Fault) -> tuple[str, str]:
    if fault.value is None and fault.rule in ("type", "enum", "const"):
        return _null(fault)
    if isinstance(fault.value, Surprise):
        said = f"YAML reads {fault.written} as {fault.value.meaning}"
        return said, _quote_it(fault) if "string" in fault.due else _write(fault)
    return _TRANSLATIONS.get(fault.rule, _untranslated)(fault)


def _null(fault: _Fault) -> tuple[str, str]:
    if not fault.at:
        return "the file holds no field", "write name: and type:"
    if not fault.written:
        return "there is no value", _LEAVE_OUT
    message = f"YAML reads {fault.written} as null, which is no value"
    return message, f'{_LEAVE_OUT}; write "{fault.written}" if it is text'


def _quote_it(fault: _Fault) -> str:
    return f'quote it: "{fault.written}"'


def _write(fault: _Fault) -> str:
    if "number" in fault.due or "integer" in fault.due:
        return "write a plain number, such as 3" + (" or 0.8" if "number" in fault.due else "")
    return f"write {either(_KINDS[kind] for kind in fault.due)}"


def _type(fault: _Fault) -> tuple[str, str]:
    if isinstance(fault.value, bool | int | float):
        said = f"YAML reads {fault.written} as {_what(fault.value)}"
        return said, _quote_it(fault) if "string" in fault.due else _write(fault)
    is_word = fault.due == ["array"] and fault.written.isalnum()
    due = either(_KINDS[kind] for kind in fault.due)
    message = f"{_what(fault.value)} where {due} is due"
    return message, f"write [{fault.written}]" if is_word else _write(fault)


def _what(value: object) -> str:
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value:.12g}" if isinstance(value, float) else f"the number {value}"
    return next((name for kind, name in _WHAT if isinstance(value, kind)), "something else")


def _required(fault: _Fault) -> tuple[str, str]:
    # Each missing field is an error of its own, whose message begins by the field's repr.
    name = next(field for field in fault.argument if fault.message.startswith(repr(field)))
    return f"{quote(name)} is missing", f"add {name}:"


def _enum(fault: _Fault) -> tuple[str, str]:
    if not isinstance(fault.value, str):
        return f"{_what(fault.value)} where text is due", f"write {_some(fault.argument)}"
    near = did_you_mean(fault.value, fault.argument)
    return f"{quote(fault.value)} is not known here", near or f"write {_some(fault.argument)}"


def _some(words: list[str]) -> str:
    return either(words) if len(words) < 20 else "one of those that catalog-sync schema lists"


def _const(fault: _Fault) -> tuple[str, str]:
    return f"{fault.argument} is the only version there is", f"write {fault.argument}"


def _too_long(fault: _Fault) -> tuple[str, str]:
    return f"{len(fault.value)} characters, {fault.argument} are allowed", "shorten it"


def _too_short(fault: _Fault) -> tuple[str, str]:
    return "this must not be empty", "write a value, or take it out"


def _range(fault: _Fault) -> tuple[str, str]:
    low, high = fault.schema["minimum"], fault.schema.get("maximum")
    bounds = f"of {low} or more" if high is None else f"from {low} to {high}"
    return f"{fault.written} is out of range", f"write a number {bounds}"


def _too_many(fault: _Fault) -> tuple[str, str]:
    return f"{len(fault.value)} entries, {fault.argument} are allowed", "take some out"


def _pattern(fault: _Fault) -> tuple[str, str]:
    return f"{quote(fault.value)} will not do", fault.schema["patternErrorMessage"]


def _too_few_fields(fault: _Fault) -> tuple[str, str]:
    return "an empty mapping", f"write one of {', '.join(fault.schema['properties'])}"


def _too_many_fields(fault: _Fault) -> tuple[str, str]:
    if "dependentSchemas" in fault.branch:
        return "glob stands alone", "write the other fields as an entry of their own"
    return f"{len(fault.value)} fields, one is due", "take the others out"


def _untranslated(fault: _Fault) -> tuple[str, str]:
    return f"does not fit the schema ({fault.rule})", ""


_TRANSLATIONS: dict[str, Callable[[_Fault], tuple[str, str]]] = {
    "type": _type,
    "required": _required,
    "enum": _enum,
    "const": _const,
    "maxLength": _too_long,
    "minLength": _too_short,
    "minimum": _range,
    "maximum": _range,
    "maxItems": _too_many,
    "pattern": _pattern,
    "minProperties": _too_few_fields,
    "maxProperties": _too_many_fields,
}
