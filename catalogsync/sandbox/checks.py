"""What a request may say, field by field: each kind of value checks itself and describes itself.

A check answers 400 with the name of the field; a description is the JSON Schema of what passes.
"""

import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from catalogsync.sandbox.errors import bad_request
from catalogsync.sandbox.world import Json

_TAG = r"^[^,\x00-\x1f\x7f]*[^, \x00-\x1f\x7f][^,\x00-\x1f\x7f]*$"


def new_id(prefix: str) -> str:
    """A random identity such as `model_9v…`."""
    # Underscores and hyphens would be legal, but make ids hard to select and to read aloud.
    return f"{prefix}_{secrets.token_hex(12)}"


class Kind(Protocol):
    """One kind of value."""

    def check(self, value: Any, name: str) -> None:
        """Refuse a value that is not of this kind."""

    def describe(self) -> Json:
        """The JSON Schema of this kind."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string of a length within bounds, counted in code points; `form` names what it means."""

    longest: int
    shortest: int = 0
    form: str = ""
    pattern: str = ""

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, str):
            raise bad_request(f"{name} must be a string")
        if not self.shortest <= len(value) <= self.longest:
            raise bad_request(f"{name} must be {self.shortest} to {self.longest} characters long")
        if "\x00" in value:
            raise bad_request(f"{name} must not hold a null character")
        if self.pattern and not re.search(self.pattern.replace("$", r"\Z"), value):
            raise bad_request(f"{name}: {value!r} has the wrong form")

    def describe(self) -> Json:
        bounds: Json = {"type": "string", "maxLength": self.longest}
        if self.shortest:
            bounds["minLength"] = self.shortest
        if self.form:
            bounds["format"] = self.form
        return bounds | ({"pattern": self.pattern} if self.pattern else {})


def reference(to: str) -> Text:
    """The identity of another object."""
    return Text(longest=200, form=f"{to}-id")


TAG = Text(longest=256, shortest=1, pattern=_TAG)
"""A tag: not blank, no commas (they separate tags in filters), no controls."""


ANY_TEXT = Text(longest=8192)

FILTER = Text(longest=256)
"""What a listing is narrowed down to."""


@dataclass(frozen=True, slots=True)
class Anything:
    """What is not looked at."""

    def check(self, value: Any, name: str) -> None:
        pass

    def describe(self) -> Json:
        return {}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of at most `most` values; `reason` replaces the message for a longer one."""

    each: Kind
    most: int
    distinct: bool = False
    reason: str = ""

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, list):
            raise bad_request(f"{name} must be a list")
        if len(value) > self.most:
            raise bad_request(self.reason or f"{name} must not have more than {self.most} items")
        for item in value:
            self.each.check(item, name)
        if self.distinct and len(set(value)) != len(value):
            raise bad_request(f"{name} must not hold duplicates")

    def describe(self) -> Json:
        described = {"type": "array", "items": self.each.describe(), "maxItems": self.most}
        return described | ({"uniqueItems": True} if self.distinct else {})


@dataclass(frozen=True, slots=True)
class Truth:
    """A boolean."""

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, bool):
            raise bad_request(f"{name} must be a boolean")

    def describe(self) -> Json:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds; booleans are none."""

    least: float = -1e300
    most: float = 1e300

    def check(self, value: Any, name: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise bad_request(f"{name} must be a number")
        if not self.least <= value <= self.most:
            raise bad_request(f"{name} must be from {self.least:g} to {self.most:g}")

    def describe(self) -> Json:
        return {"type": "number", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds, however it is written."""

    least: int
    most: int

    def check(self, value: Any, name: str) -> None:
        Number(self.least, self.most).check(value, name)
        if value != int(value):
            raise bad_request(f"{name} must be a whole number")

    def describe(self) -> Json:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Counted:
    """A whole number in a query, from 0 to `most`."""

    most: int

    def check(self, value: Any, name: str) -> None:
        if not re.match(r"[0-9]{1,6}\Z", value) or int(value) > self.most:
            raise bad_request(f"{name} must be a number from 0 to {self.most}")

    def describe(self) -> Json:
        return {"type": "integer", "minimum": 0, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words, called `what`."""

    words: Collection[str]
    what: str

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, str) or value not in self.words:
            raise bad_request(f"{name}: {value!r} is not {self.what}")

    def describe(self) -> Json:
        return {"type": "string", "enum": sorted(self.words)}


@dataclass(frozen=True, slots=True)
class OrNull:
    """A value that null unsets."""

    kind: Kind

    def check(self, value: Any, name: str) -> None:
        if value is not None:
            self.kind.check(value, name)

    def describe(self) -> Json:
        return {"anyOf": [self.kind.describe(), {"type": "null"}]}


@dataclass(frozen=True, slots=True)
class Object:
    """A JSON object; what it does not name is refused if `closed`, and ignored if not."""

    fields: Mapping[str, Kind] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    closed: bool = False

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, dict):
            raise bad_request(f"{name} must be an object")
        prefix = f"{name}." if name else ""
        for missing in (each for each in self.required if each not in value):
            raise bad_request(f"{prefix}{missing} is required")
        for unknown in (each for each in value if self.closed and each not in self.fields):
            raise bad_request(f"{prefix}{unknown} is not known")
        for each, kind in self.fields.items():
            if each in value:
                kind.check(value[each], prefix + each)

    def describe(self) -> Json:
        described: Json = {
            "type": "object",
            "properties": {name: kind.describe() for name, kind in self.fields.items()},
        }
        if self.required:
            described["required"] = list(self.required)
        return described | ({"additionalProperties": False} if self.closed else {})


@dataclass(frozen=True, slots=True)
class OneOf:
    """Several objects, told by the field that only one of them has; `otherwise` has none.

    `apart` is a field that goes with `otherwise`, and with those that name it.
    """

    named: Mapping[str, Object]
    otherwise: Object
    apart: str
    reason: str

    def check(self, value: Any, name: str) -> None:
        given = [each for each in self.named if value.get(each) is not None]
        form = self.named[given[0]] if given else self.otherwise
        if len(given) > 1 or (self.apart in value and self.apart not in form.fields):
            raise bad_request(self.reason)
        form.check(value, name)

    def describe(self) -> Json:
        null = {"type": "null"}
        described = []
        for name, form in {"": self.otherwise, **self.named}.items():
            others = {each: null for each in self.named if each != name}
            mine = form.describe()
            mine["properties"] |= others
            mine["properties"].setdefault(self.apart, False)
            described.append(mine)
        return {"oneOf": described}
