"""The edits themselves: of one text, at places of its outline."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from catalogsync.manifest.outline import Item, Node, Outline, outline
from catalogsync.manifest.schemas import Name
from catalogsync.roundtrip.form import newline_of
from catalogsync.roundtrip.fragments import entry_lines, flow_text, item_lines
from catalogsync.roundtrip.judge import Uneditable
from catalogsync.roundtrip.lines import Lines
from catalogsync.roundtrip.scalars import one_line
from catalogsync.roundtrip.shape import Shape, shape
from catalogsync.values import dataclass

At = Sequence[str | int]
"""A path: the fields and indices that lead to a value."""


_LINE_ENDS = ("\n", "\r\n")
_BLANK_LINES = ("\n\n", "\n\r\n")


@dataclass(frozen=True, slots=True)
class Kept:
    """An item of a list that stays, with its comments, by its index before the edit."""

    index: int


@dataclass(frozen=True, slots=True)
class _Place:
    """A value in the outline: its entry, the node that holds it, and its index there."""

    item: Item
    holder: Node
    index: int


class Editor:
    """Edits one text at places of its outline."""

    def __init__(self, text: str, kind: Name) -> None:
        self._text = text
        self._outline: Outline = outline(text)
        self._shape = shape(kind)
        self._newline = newline_of(text)
        self._at = Lines(self._outline)

    def replace(self, at: At, value: Any) -> str:
        """Put a value where another one is."""
        place = self._place(at)
        node = place.item.value
        line = self._short(value, at, place, _quote_of(node))
        if line and not _in_lines(node):
            return self._spliced(node.start, node.end, line)
        if place.holder.flow:
            return self._spliced(node.start, node.end, flow_text(value))
        start = place.item.key.end if place.item.key else place.item.start + 1
        behind = self._at.comment_behind(start, node)
        lines = self._lines(at, value, self._at.column(place.item.start))
        lines[0] = lines[0][len(self._head(place.item)) :] + behind
        end = self._at.end(node.end, back=True)
        return self._spliced(start, end, self._joined(lines) + self._closing(end, lines))

    def insert(self, at: At, value: Any) -> str:
        """Add a field to a mapping, or an item at the end of a list."""
        holder = self._node(at[:-1])
        if holder.kind == "list":
            kept: list[Any] = [Kept(index) for index in range(len(holder.items))]
            return self.arrange(at[:-1], [*kept, value])
        after = self._predecessor(holder, self._shape_at(at[:-1]), str(at[-1]))
        if holder.flow:
            return self._insert_in_flow(holder, after, flow_text({str(at[-1]): value})[1:-1])
        column = self._at.column(holder.items[0].start)
        lines = self._lines(at, value, column)
        if after < 0:
            return self._insert_first(holder, lines, column)
        return self._insert_lines(self._at.end_of(holder, after), lines)

    def remove(self, at: At) -> str:
        """Take an entry out of a holder that has others."""
        place = self._place(at)
        holder, index = place.holder, place.index
        if len(holder.items) == 1:
            raise Uneditable("a file needs one field at least")
        if holder.flow:
            return self._remove_from_flow(holder, index)
        start, end = self._at.chunk(holder, index)
        before, after = self._text[:start], self._text[end:]
        if not after or after.startswith(_LINE_ENDS):
            start = self._at.with_blank_above(start)
            if start == len(before) and before.endswith(_BLANK_LINES):
                # A |+ above keeps its blank lines: those below must not become its own.
                end += len(after) - len(after.lstrip("\r\n"))
        return self._spliced(start, end, "")

    def arrange(self, at: At, items: Sequence[Any]) -> str:
        """Give a list other items, in another order."""
        node = self._node(at)
        if node.flow:
            return self._arrange_flow(node, items)
        chunks = [self._at.chunk(node, index) for index in range(len(node.items))]
        stays = {item.index for item in items if isinstance(item, Kept)}
        held = self._held(chunks, stays)
        column = self._at.column(node.items[0].start)
        parts = [
            held[item.index]
            if isinstance(item, Kept)
            else self._joined(self._lines([*at, 0], item, column))
            for item in items
        ]
        parts[0] = parts[0].lstrip("\r\n")
        start, end = chunks[0][0], chunks[-1][1]
        old = self._text[start:end]
        closing = old[len(old.rstrip("\r\n")) :]
        last = [held[-1]] if held[-1] else []
        return self._spliced(start, end, self._joined([*parts, *last]) + closing)

    def _held(self, chunks: Sequence[tuple[int, int]], stays: set[int]) -> dict[int, str]:
        """The text of each item that stays, with what stands between it and the one before it.

        What stood above an item that goes is for the next one; -1 has what is left at the end.
        """
        held = {}
        loose, before = "", chunks[0][0]
        for index, (start, end) in enumerate(chunks):
            loose += self._text[before:start]
            if index in stays:
                held[index] = loose + self._text[start:end].rstrip("\r\n")
                loose = ""
            before = end
        return held | {-1: loose.strip("\r\n")}

    def _arrange_flow(self, node: Node, items: Sequence[Any]) -> str:
        old = [Kept(index) for index in range(len(node.items))]
        end = node.items[-1].value.end
        if list(items[: len(old)]) == old:
            added = "".join(f", {flow_text(new)}" for new in items[len(old) :])
            return self._spliced(end, end, added)
        self._at.require_no_comment(node.start, node.end)
        written = [self._text[held.value.start : held.value.end] for held in node.items]
        parts = [written[new.index] if isinstance(new, Kept) else flow_text(new) for new in items]
        ends = [(item.value.start, item.value.end) for item in node.items]
        gaps = [self._text[one[1] : two[0]] for one, two in pairwise(ends)] or [", "]
        return self._spliced(ends[0][0], end, gaps[0].join(parts))

    def _remove_from_flow(self, holder: Node, index: int) -> str:
        items = holder.items
        if index:
            start, end = items[index - 1].value.end, items[index].value.end
        else:
            start, end = items[0].start, items[1].start
        self._at.require_no_comment(start, end)
        return self._spliced(start, end, "")

    def _insert_in_flow(self, holder: Node, after: int, new: str) -> str:
        if not holder.items:
            return self._spliced(holder.start + 1, holder.end - 1, new)
        if after < 0:
            start = holder.items[0].start
            return self._spliced(start, start, new + ", ")
        end = holder.items[after].value.end
        return self._spliced(end, end, ", " + new)

    def _insert_first(self, holder: Node, lines: list[str], column: int) -> str:
        start = holder.items[0].start
        if self._text[self._at.start(start) : start].strip():
            indented = self._newline.join([*lines, ""]) + " " * column
            return self._spliced(start, start, indented[column:])
        line = self._at.chunk(holder, 0)[0]
        return self._spliced(line, line, self._newline.join([*lines, ""]))

    def _insert_lines(self, at: int, lines: list[str]) -> str:
        if at and self._text[at - 1] != "\n":
            return self._spliced(at, at, self._joined(["", *lines]) + self._closing(at, lines))
        return self._spliced(at, at, self._newline.join([*lines, ""]))

    def _predecessor(self, holder: Node, form: Shape, name: str) -> int:
        """The entry that a new one is put behind, or -1: the last of those before it in order."""
        rank = form.rank(name)
        ranks = [
            (form.rank(item.key.value), at) for at, item in enumerate(holder.items) if item.key
        ]
        return max((pair for pair in ranks if pair[0] <= rank), default=(0, -1))[1]

    def _short(self, value: Any, at: At, place: _Place, quote: str) -> str:
        """The value on one line, or nothing if it takes several."""
        flow = place.holder.flow
        if isinstance(value, str):
            return "" if "\n" in value and not flow else one_line(value, flow=flow, quote=quote)
        if flow:
            return flow_text(value)
        lines = self._lines(at, value, 0)
        head = len(self._head(place.item)) - self._at.column(place.item.start)
        return lines[0][head:].removeprefix(":").strip() if len(lines) == 1 else ""

    def _lines(self, at: At, value: Any, indent: int) -> list[str]:
        """The canonical lines of an entry, indented."""
        form, name = self._shape_at(at), at[-1]
        if isinstance(name, int):
            lines = item_lines(value, form)
        else:
            around = Shape({"properties": {name: form.schema}}, depth=form.depth - 1)
            lines = entry_lines({name: value}, around, self._at.list_indent())
        return [" " * indent + line if line else "" for line in lines]

    def _shape_at(self, at: At) -> Shape:
        form = self._shape
        for part in at:
            form = form.inside(part)
        return form

    def _head(self, item: Item) -> str:
        column = " " * self._at.column(item.start)
        return column + (one_line(item.key.value) if item.key else "-")

    def _closing(self, at: int, lines: Sequence[str]) -> str:
        """The line end that a text of several lines needs even at the end of a file without one."""
        return self._newline if at == len(self._text) and len(lines) > 1 else ""

    def _joined(self, lines: list[str]) -> str:
        return self._newline.join(lines)

    def _spliced(self, start: int, end: int, new: str) -> str:
        return self._text[:start] + new + self._text[end:]

    def _node(self, at: At) -> Node:
        return self._place(at).item.value if at else self._outline.root

    def _place(self, at: At) -> _Place:
        node = self._outline.root
        place = None
        for part in at:
            index = _index(node, part)
            place = _Place(node.items[index], node, index)
            node = place.item.value
        assert place
        return place


def _index(node: Node, part: str | int) -> int:
    if isinstance(part, int):
        return part
    return next(i for i, item in enumerate(node.items) if item.key and item.key.value == part)


def _in_lines(node: Node) -> bool:
    """Whether a value stands on lines below its key."""
    return node.is_block_text or (node.kind != "text" and not node.flow)


def _quote_of(node: Node) -> str:
    return node.style if node.style in ("'", '"') else ""
