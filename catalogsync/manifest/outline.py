"""Where everything is in a YAML text: its values with their offsets, its comments and blank lines.

The parser is the one that judges manifests, so that both see the same document.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Literal

import yaml

from catalogsync.values import dataclass

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INDICATOR = re.compile(r"[|>][-+0-9]*")


@dataclass(frozen=True, slots=True)
class Node:
    """A value between two offsets; `style` is a scalar's quote, `|`, `>`, or empty for plain.

    The `end` is where its last character is: no comment, and no blank line, is behind it.
    """

    kind: Literal["text", "list", "map"]
    start: int
    end: int
    value: str = ""
    style: str = ""
    flow: bool = False
    items: tuple["Item", ...] = ()

    @property
    def is_block_text(self) -> bool:
        """Whether it is a literal or a folded text."""
        return self.style in ("|", ">")


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a list or a mapping; `start` is at its dash or its key."""

    start: int
    key: Node | None
    value: Node


@dataclass(frozen=True, slots=True)
class Trivia:
    """A comment with its # and its column from 0, or a blank line, whose `text` is empty."""

    start: int
    text: str
    column: int = 0
    own_line: bool = True


@dataclass(frozen=True, slots=True)
class Outline:
    """A document: its value, what stands around the values, and where its `---` is, or -1."""

    text: str
    root: Node
    trivia: tuple[Trivia, ...]
    marker: int


def outline(text: str) -> Outline:
    """The outline of a text that the strict parser finds nothing wrong with."""
    reader = _Reader(text)
    try:
        return reader.document()
    finally:
        reader.parser.dispose()


class _Reader:
    """Builds the nodes of one document from its events."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.parser = _Parser(text)
        self.next = self.parser.get_event

    def document(self) -> Outline:
        self.next()
        start = self.next()
        marker = start.start_mark.index if start.explicit else -1
        root = self._node(self.next())
        return Outline(self.text, root, tuple(_trivia(self.text, root)), marker)

    def _node(self, event: Any) -> Node:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            return self._text(event)
        flow = bool(event.flow_style)
        start = event.start_mark.index
        found: Literal["list", "map"] = "list" if kind is yaml.SequenceStartEvent else "map"
        read = self._list if found == "list" else self._map
        items, closed = read(start, flow)
        end = closed if flow or not items else items[-1].value.end
        return Node(found, start, end, flow=flow, items=tuple(items))

    def _list(self, start: int, flow: bool) -> tuple[list[Item], int]:
        items: list[Item] = []
        event: Any
        column = _column(self.text, start)
        while type(event := self.next()) is not yaml.SequenceEndEvent:
            value = self._node(event)
            dash = start if not items else self._dash(value.start, column)
            items.append(Item(value.start if flow else dash, None, value))
        return items, _end(event)

    def _map(self, _start: int, _flow: bool) -> tuple[list[Item], int]:
        items: list[Item] = []
        while type(event := self.next()) is not yaml.MappingEndEvent:
            key = self._node(event)
            items.append(Item(key.start, key, self._node(self.next())))
        return items, _end(event)

    def _dash(self, at: int, column: int) -> int:
        """The dash before an item of a block list whose dashes are all in one column."""
        line = _line_start(self.text, at)
        while line > 0 and self.text[line : line + column + 1] != " " * column + "-":
            line = _line_start(self.text, line - 1)
        return line + column

    def _text(self, event: Any) -> Node:
        start, end = event.start_mark.index, event.end_mark.index
        style = event.style or ""
        if style in ("|", ">"):
            end = _end_of_block(self.text, start, end, event.value)
        return Node("text", start, end, event.value, style)


def _end_of_block(text: str, start: int, end: int, value: str) -> int:
    """Where a literal or folded text ends: blank lines behind it that it does not keep are not."""
    written = text[start:end]
    indicator = _INDICATOR.match(written)
    kept = indicator and "+" in indicator[0]
    if kept or value.endswith((" ", " \n", "\t", "\t\n")):
        return end - (len(written) - len(re.sub(r"\r?\n\Z", "", written)))
    return start + len(written.rstrip())


def _end(event: Any) -> int:
    return int(event.end_mark.index)


def _column(text: str, at: int) -> int:
    return at - _line_start(text, at)


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _trivia(text: str, root: Node) -> Iterator[Trivia]:
    """The comments and blank lines between the scalars, in order."""
    solid = [(0, 0), *_solid(text, root), (len(text), len(text))]
    for (_, start), (end, _) in pairwise(solid):
        for piece in re.finditer(r"[^\n]*\n|[^\n]+\Z", text[start:end]):
            at = start + piece.start()
            line = _line_start(text, at)
            mark = piece[0].find("#")
            if mark >= 0:
                before = text[line : at + mark]
                comment = piece[0][mark:].rstrip()
                yield Trivia(at + mark, comment, len(before), not before.strip())
            elif at == line and piece[0].endswith("\n") and not piece[0].strip():
                yield Trivia(at, "")


def _solid(text: str, node: Node) -> Iterator[tuple[int, int]]:
    """Where scalars are, without the line of a `|` or `>`, on which a comment may stand."""
    if node.is_block_text:
        body = text.find("\n", node.start, node.end)
        if body >= 0:
            last = text.find("\n", node.end)
            yield body + 1, last + 1 if last >= 0 else len(text)
    elif node.kind == "text":
        yield node.start, node.end
    for item in node.items:
        if item.key:
            yield from _solid(text, item.key)
        yield from _solid(text, item.value)
