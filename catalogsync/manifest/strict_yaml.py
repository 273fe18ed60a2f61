"""YAML without surprises: one document, no anchors, aliases, merge keys or tags, in bounds.

Values are built straight from the parser's events, and every rule is checked on the way, before
anything is built. Positions are only kept on a second look, at a file that has a problem.
"""

from typing import Any

import yaml

from catalogsync.manifest.scalars import Surprise, plain
from catalogsync.manifest.words import quote, short
from catalogsync.manifest.yaml_errors import Flaw, human, unreadable
from catalogsync.values import dataclass

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_NODES = 20_000

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Hole:
    """Stands where a value could not be taken; nothing more is to be said about it."""


HOLE = Hole()


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is: lines and columns from 1, and a scalar as it was written."""

    line: int
    column: int
    key_line: int
    key_column: int
    written: str = ""


Places = dict[tuple[int, str | int], Place]
"""Places by the identity of the container and the key or index in it."""


class _Fatal(Exception):
    """The rest of the document cannot be read."""


def parse(text: str) -> tuple[Any, list[Flaw]]:
    """The value of the one document in `text`, and what is wrong with it as YAML."""
    value, flaws, _ = _build(text, None)
    if flaws:
        value, flaws, _ = _build(text, {})
    return value, flaws


def locate(text: str) -> tuple[Any, Places]:
    """The value again, with the places of all its entries."""
    places: Places = {}
    value, _, _ = _build(text, places)
    return value, places


def _build(text: str, places: Places | None) -> tuple[Any, list[Flaw], Places | None]:
    builder = _Builder(text, places)
    try:
        return builder.document(), builder.flaws, places
    except _Fatal:
        pass
    except yaml.MarkedYAMLError as error:
        builder.flaws.append(human(error, text))
    except yaml.reader.ReaderError:
        builder.flaws.append(unreadable(text))
    finally:
        builder.parser.dispose()
    return HOLE, builder.flaws, places


class _Builder:
    """Builds the values of one document from its events."""

    def __init__(self, text: str, places: Places | None) -> None:
        self.parser = _Parser(text)
        self.next = self.parser.get_event
        self.places = places
        self.flaws: list[Flaw] = []
        self.depth = 0
        self.nodes = 0

    def document(self) -> Any:
        self.next()
        start = self.next()
        if isinstance(start, yaml.StreamEndEvent):
            self._flaw(start, "the file is empty", "fill it, or remove it")
            return HOLE
        if start.version or start.tags:
            self._flaw(start, "a % directive is not allowed", "take the line out")
        value = self._node(self.next())
        self.next()
        more = self.next()
        if not isinstance(more, yaml.StreamEndEvent):
            self._flaw(more, "a second document begins here", "one file holds one document")
        return value

    def _node(self, event: Any) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._stop(event, f"more than {MAX_NODES} values in one file", "split the file")
        kind = type(event)
        if kind is yaml.AliasEvent:
            return self._alias(event)
        if event.anchor is not None:
            self._flaw(event, _banned("an anchor", "&", event.anchor), "write values out")
        if event.tag is not None:
            return self._tagged(event, kind)
        if kind is yaml.ScalarEvent:
            return event.value if event.style else plain(event.value)
        return self._collection(event, kind)

    def _collection(self, event: Any, kind: type) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self._stop(event, f"nested deeper than {MAX_DEPTH} levels", "make it flatter")
        value = self._mapping() if kind is yaml.MappingStartEvent else self._sequence()
        self.depth -= 1
        return value

    def _sequence(self) -> list[Any]:
        result: list[Any] = []
        while type(event := self.next()) is not yaml.SequenceEndEvent:
            result.append(self._node(event))
            if self.places is not None:
                self.places[id(result), len(result) - 1] = _place(event, event)
        return result

    def _mapping(self) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while type(event := self.next()) is not yaml.MappingEndEvent:
            key = self._key(event)
            following = self.next()
            value = self._node(following)
            if key is None:
                continue
            if key in result:
                self._duplicate(event, key, result)
                continue
            result[key] = value
            if self.places is not None:
                self.places[id(result), key] = _place(event, following)
        return result

    def _key(self, event: Any) -> str | None:
        key = self._node(event)
        if type(key) is str:
            return key
        if isinstance(key, Surprise) and key.written == "<<":
            self._flaw(event, "a merge key (<<) is not allowed", "write the fields out")
        elif not isinstance(key, Hole):
            written = quote(event.value) if type(event) is yaml.ScalarEvent else "a collection"
            self._flaw(event, f"{written} is not text, so it cannot be a field", "quote it")
        return None

    def _duplicate(self, event: Any, key: str, result: dict[str, Any]) -> None:
        first = (self.places or {}).get((id(result), key))
        line = f", first on line {first.key_line}" if first else ""
        self._flaw(event, f"{quote(key)} is there twice{line}", "take one out")

    def _alias(self, event: Any) -> Hole:
        self._flaw(event, _banned("an alias", "*", event.anchor), "write the value out")
        return HOLE

    def _tagged(self, event: Any, kind: type) -> Hole:
        self._flaw(
            event, _banned("a tag", "", event.tag), "take it out; quote a value that is text"
        )
        if kind is not yaml.ScalarEvent:
            self._collection(event, kind)
        return HOLE

    def _flaw(self, event: Any, message: str, hint: str) -> None:
        mark = event.start_mark
        self.flaws.append(Flaw(mark.line + 1, mark.column + 1, message, hint))

    def _stop(self, event: Any, message: str, hint: str) -> None:
        self._flaw(event, message, hint)
        raise _Fatal


def _banned(what: str, sign: str, name: str) -> str:
    return f"{what} ({sign}{short(name)}) is not allowed"


def _place(key: Any, value: Any) -> Place:
    start, other = value.start_mark, key.start_mark
    written = value.value if type(value) is yaml.ScalarEvent else ""
    return Place(start.line + 1, start.column + 1, other.line + 1, other.column + 1, written)
