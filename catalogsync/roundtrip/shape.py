"""The canonical order of the fields, which is the order of the schemas, and how lists stand."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from catalogsync.manifest.schemas import Name, schema
from catalogsync.values import dataclass

_IN_LINES: tuple[frozenset[str], ...] = (
    frozenset(),
    frozenset(("examples", "concepts", "ignore", "training", "targets", "defaults", "policy")),
    frozenset(("images", "pairs")),
)
"""The fields, by their depth, whose entries stand on a line each, however few they are."""

_SETS = frozenset(("tags", "collections", "ignoreTags"))
"""The fields whose order means nothing."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the schema says of a value: `in_lines` if its entries stand on lines of their own."""

    schema: Mapping[str, Any]
    name: str = ""
    depth: int = 0

    @property
    def in_lines(self) -> bool:
        """Whether every entry stands on a line of its own."""
        known = self.depth < len(_IN_LINES) and self.name in _IN_LINES[self.depth]
        return self.depth == 0 or known

    @property
    def is_set(self) -> bool:
        """Whether the order of the entries means nothing."""
        return self.name in _SETS

    def rank(self, key: str) -> int:
        """Where a field stands among its siblings; a field without a place of its own is last."""
        return _ranks(tuple(self.schema.get("properties", ()))).get(key, 1_000)

    def inside(self, key: str | int) -> "Shape":
        """The shape of an entry."""
        other = self.schema.get("additionalProperties")
        named = self.schema.get("properties", {}).get(key, other)
        found = self.schema.get("items") if isinstance(key, int) else named
        name = "" if isinstance(key, int) else key
        return Shape(found if isinstance(found, dict) else {}, name, self.depth + 1)


@cache
def shape(kind: Name) -> Shape:
    """The shape of a manifest, or of catalog.yaml."""
    return Shape(schema(kind))


@cache
def _ranks(fields: tuple[str, ...]) -> dict[str, int]:
    return {field: at for at, field in enumerate(fields)}
