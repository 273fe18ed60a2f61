"""Edits of a YAML text that leave every other byte as it is.

Every edit names a path, as `("defaults", "tags")` or `("examples", 3)`, and gives a new text. The
strict parser looks at each result: it must mean the old value with the edit, and nothing else.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from catalogsync.manifest.outline import Item, Node, Outline, outline
from catalogsync.manifest.schemas import Name
from catalogsync.roundtrip.form import newline_of
from catalogsync.roundtrip.judge import Uneditable, meaning, value_of
from catalogsync.roundtrip.layout import json_text, laid_out
from catalogsync.roundtrip.scalars import one_line
from catalogsync.roundtrip.shape import Shape, shape

At = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Kept:
    """An item of a list that stays, with its comments, by its index before the edit."""

    index: int


def with_value(text: str, at: At, value: Any, kind: Name) -> str:
    """The text with a value at a path; a field that is not there is put in its canonical place.

    Of a list, the items that stay keep their lines and comments, and of a mapping the fields.
    """
    before = value_of(text)
    found = _lookup(before, at)
    if found is not _MISSING and _same(found, value):
        return text
    if isinstance(found, list) and isinstance(value, list) and found and value:
        return with_items(text, at, _matched(found, value), kind)
    if isinstance(found, dict) and isinstance(value, dict) and found.keys() & value.keys():
        return _with_fields(text, at, found, value, kind)
    expected = _changed(before, at, value)
    editor = _Editor(text, kind)
    result = editor.insert(at, value) if found is _MISSING else editor.replace(at, value)
    return _judged(result, expected, kind)


def without(text: str, at: At, kind: Name) -> str:
    """The text without the field or item at a path, and without the comment that belongs to it."""
    before = value_of(text)
    if _lookup(before, at) is _MISSING:
        return text
    parent = _lookup(before, at[:-1])
    if len(parent) == 1 and len(at) > 1:
        return with_value(text, at[:-1], type(parent)(), kind)
    return _judged(_Editor(text, kind).remove(at), _changed(before, at, _MISSING), kind)


def with_items(text: str, at: At, items: Sequence[Any], kind: Name) -> str:
    """The text with a list's items as given: `Kept` ones with their comments, or new values."""
    before = value_of(text)
    found = _lookup(before, at)
    wanted = [found[item.index] if isinstance(item, Kept) else item for item in items]
    if not wanted or not found:
        return with_value(text, at, wanted, kind)
    return _judged(_Editor(text, kind).arrange(at, items), _changed(before, at, wanted), kind)


_MISSING = object()


def _lookup(value: Any, at: At) -> Any:
    try:
        for part in at:
            value = value[part]
    except (KeyError, IndexError, TypeError):
        return _MISSING
    return value


def _changed(value: Any, at: At, new: Any) -> Any:
    if not at:
        return new
    result = deepcopy(value)
    holder = _lookup(result, at[:-1])
    if type(holder) not in (dict, list):
        raise Uneditable("there is nothing at that path to change")
    if new is _MISSING:
        del holder[at[-1]]
    else:
        holder[at[-1]] = new
    return result


def _same(one: Any, other: Any) -> bool:
    return json_text(one) == json_text(other)


def _matched(found: list[Any], wanted: list[Any]) -> list[Any]:
    left = list(range(len(found)))
    items: list[Any] = []
    for value in wanted:
        at = next((index for index in left if _same(found[index], value)), None)
        if at is not None:
            left.remove(at)
        items.append(value if at is None else Kept(at))
    return items


def _with_fields(
    text: str, at: At, found: dict[str, Any], wanted: dict[str, Any], kind: Name
) -> str:
    for name in found.keys() - wanted.keys():
        text = without(text, [*at, name], kind)
    for name, value in wanted.items():
        text = with_value(text, [*at, name], value, kind)
    return text


def _judged(result: str, expected: Any, kind: Name) -> str:
    form = shape(kind)
    if meaning(value_of(result), form) != meaning(expected, form):
        raise Uneditable("its notation does not allow the change", hint="edit it by hand")
    return result


@dataclass(frozen=True, slots=True)
class _Place:
    """A value in the outline: its entry, the node that holds it, and its index there."""

    item: Item
    holder: Node
    index: int


class _Editor:
    """Edits one text at places of its outline."""

    def __init__(self, text: str, kind: Name) -> None:
        self._text = text
        self._outline: Outline = outline(text)
        self._shape = shape(kind)
        self._newline = newline_of(text)
        self._list_indent = _list_indent(text, self._outline.root)

    def replace(self, at: At, value: Any) -> str:
        """Put a value where another one is."""
        place = self._place(at)
        node = place.item.value
        line = self._short(value, at, place, _quote_of(node))
        if line and not _in_lines(node):
            return self._spliced(node.start, node.end, line)
        if place.holder.flow:
            return self._spliced(node.start, node.end, _flow(value))
        start = place.item.key.end if place.item.key else place.item.start + 1
        behind = self._comment_behind(start, node)
        lines = self._lines(at, value, self._column(place.item.start))
        lines[0] = lines[0][len(self._head(place.item)) :] + behind
        return self._spliced(start, self._line_end(node.end, back=True), self._joined(lines))

    def insert(self, at: At, value: Any) -> str:
        """Add a field to a mapping, or an item at the end of a list."""
        holder = self._node(at[:-1])
        if holder.kind == "list":
            kept: list[Any] = [Kept(index) for index in range(len(holder.items))]
            return self.arrange(at[:-1], [*kept, value])
        after = self._predecessor(holder, self._shape_at(at[:-1]), str(at[-1]))
        if holder.flow:
            return self._insert_in_flow(holder, after, _flow({str(at[-1]): value})[1:-1])
        column = self._column(holder.items[0].start)
        lines = self._lines(at, value, column)
        if after < 0:
            return self._insert_first(holder, lines, column)
        return self._insert_lines(self._end_of(holder, after), lines)

    def remove(self, at: At) -> str:
        """Take an entry out of a holder that has others."""
        place = self._place(at)
        holder, index = place.holder, place.index
        if len(holder.items) == 1:
            raise Uneditable("a file needs one field at least")
        if holder.flow:
            return self._remove_from_flow(holder, index)
        start, end = self._chunk(holder, index)
        if end == len(self._text) or _begins_blank(self._text[end:]):
            blank = [e.start for e in self._outline.trivia if not e.text and e.start < start]
            start = blank[-1] if blank and self._line_end(blank[-1]) == start else start
        return self._spliced(start, end, "")

    def arrange(self, at: At, items: Sequence[Any]) -> str:
        """Give a list other items, in another order."""
        node = self._node(at)
        if node.flow:
            return self._arrange_flow(node, items)
        chunks = [self._chunk(node, index) for index in range(len(node.items))]
        stays = {item.index for item in items if isinstance(item, Kept)}
        held = self._held(chunks, stays)
        column = self._column(node.items[0].start)
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
            return self._spliced(end, end, "".join(f", {_flow(new)}" for new in items[len(old) :]))
        self._require_no_comment(node.start, node.end)
        parts = [
            self._written(node.items[item.index].value) if isinstance(item, Kept) else _flow(item)
            for item in items
        ]
        ends = [(item.value.start, item.value.end) for item in node.items]
        gaps = [self._text[one[1] : two[0]] for one, two in pairwise(ends)] or [", "]
        return self._spliced(ends[0][0], end, gaps[0].join(parts))

    def _require_no_comment(self, start: int, end: int) -> None:
        if any(each.text and start < each.start < end for each in self._outline.trivia):
            raise Uneditable("there are comments in its brackets", hint="edit it by hand")

    def _remove_from_flow(self, holder: Node, index: int) -> str:
        items = holder.items
        if index:
            start, end = items[index - 1].value.end, items[index].value.end
        else:
            start, end = items[0].start, items[1].start
        self._require_no_comment(start, end)
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
        if self._text[self._line_start(start) : start].strip():
            indented = self._newline.join([*lines, ""]) + " " * column
            return self._spliced(start, start, indented[column:])
        line = self._chunk(holder, 0)[0]
        return self._spliced(line, line, self._newline.join([*lines, ""]))

    def _insert_lines(self, at: int, lines: list[str]) -> str:
        if at and self._text[at - 1] != "\n":
            return self._spliced(at, at, self._newline.join(["", *lines]))
        return self._spliced(at, at, self._newline.join([*lines, ""]))

    def _predecessor(self, holder: Node, form: Shape, name: str) -> int:
        """The entry that a new one is put behind, or -1: the last of those before it in order."""
        rank = form.rank(name)
        ranks = [
            (form.rank(item.key.value), at) for at, item in enumerate(holder.items) if item.key
        ]
        return max((pair for pair in ranks if pair[0] <= rank), default=(0, -1))[1]

    def _chunk(self, holder: Node, index: int) -> tuple[int, int]:
        """The lines of an entry: the comment right above it, itself, what is indented below it."""
        item = holder.items[index]
        line = self._line_start(item.start)
        if self._text[line : item.start].strip():
            raise Uneditable("it begins on the line of another value", hint="edit it by hand")
        above = [each for each in self._outline.trivia if each.own_line and each.start < line]
        floor = self._end_of(holder, index - 1) if index else self._floor(holder)
        start = line
        for each in reversed(above):
            begin = self._line_start(each.start)
            if not each.text or begin < floor or self._line_end(each.start) != start:
                break
            start = begin
        return start, self._end_of(holder, index)

    def _floor(self, holder: Node) -> int:
        """Where the first entry's own comments may begin at the earliest."""
        if holder is not self._outline.root:
            return 0
        first = holder.items[0].start
        blanks = [e.start for e in self._outline.trivia if not e.text and e.start < first]
        return blanks[-1] if blanks else self._line_start(first)

    def _end_of(self, holder: Node, index: int) -> int:
        """Where an entry's lines end, with the comments behind it that are indented deeper."""
        item = holder.items[index]
        end = self._line_end(item.value.end)
        column = self._column(item.start)
        begin = end
        for each in self._outline.trivia:
            if each.start < begin or not each.own_line:
                continue
            if each.text and each.column <= column:
                break
            if self._text[end : each.start].strip():
                break
            if each.text:
                end = self._line_end(each.start)
        return end

    def _comment_behind(self, start: int, node: Node) -> str:
        """The comment of an entry that is to be written anew."""
        limit = self._line_end(node.end)
        for each in self._outline.trivia:
            if start <= each.start < limit and each.text and not each.own_line:
                inner = node.items and node.items[0].value.start <= each.start
                if not inner:
                    return f"  {each.text}"
        return ""

    def _short(self, value: Any, at: At, place: _Place, quote: str) -> str:
        """The value on one line, or nothing if it takes several."""
        flow = place.holder.flow
        if isinstance(value, str):
            return "" if "\n" in value and not flow else one_line(value, flow=flow, quote=quote)
        if flow:
            return _flow(value)
        lines = self._lines(at, value, 0)
        head = len(self._head(place.item)) - self._column(place.item.start)
        return lines[0][head:].removeprefix(":").strip() if len(lines) == 1 else ""

    def _lines(self, at: At, value: Any, indent: int) -> list[str]:
        """The canonical lines of an entry, indented."""
        form, name = self._shape_at(at), at[-1]
        if isinstance(name, int):
            lines = _item_lines(value, form)
        else:
            around = Shape({"properties": {name: form.schema}}, depth=form.depth - 1)
            lines = _entry_lines({name: value}, around, self._list_indent)
        return [" " * indent + line if line else "" for line in lines]

    def _shape_at(self, at: At) -> Shape:
        form = self._shape
        for part in at:
            form = form.inside(part)
        return form

    def _head(self, item: Item) -> str:
        column = " " * self._column(item.start)
        return column + (one_line(item.key.value) if item.key else "-")

    def _joined(self, lines: list[str]) -> str:
        return self._newline.join(lines)

    def _spliced(self, start: int, end: int, new: str) -> str:
        return self._text[:start] + new + self._text[end:]

    def _written(self, node: Node) -> str:
        return self._text[node.start : node.end]

    def _line_start(self, at: int) -> int:
        return self._text.rfind("\n", 0, at) + 1

    def _line_end(self, at: int, *, back: bool = False) -> int:
        """Where the next line begins; with `back`, where this one's break is."""
        found = self._text.find("\n", at)
        if found < 0:
            return len(self._text)
        if back:
            return found - 1 if self._text[found - 1] == "\r" else found
        return found + 1

    def _column(self, at: int) -> int:
        return _column(self._text, at)

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


def _entry_lines(value: dict[str, Any], form: Shape, list_indent: int) -> list[str]:
    return laid_out(outline(json_text(value) + "\n"), form, list_indent=list_indent)


def _item_lines(value: Any, form: Shape) -> list[str]:
    """The lines of an item; as an example it stands in lines of its own."""
    around = Shape({"properties": {"examples": {"items": form.schema}}})
    return _entry_lines({"examples": [value]}, around, 0)[1:]


def _index(node: Node, part: str | int) -> int:
    if isinstance(part, int):
        return part
    return next(i for i, item in enumerate(node.items) if item.key and item.key.value == part)


def _in_lines(node: Node) -> bool:
    """Whether a value stands on lines below its key."""
    return node.is_block_text or (node.kind != "text" and not node.flow)


def _quote_of(node: Node) -> str:
    return node.style if node.style in ("'", '"') else ""


def _flow(value: Any) -> str:
    """A value inside [] or {}."""
    if isinstance(value, str):
        return one_line(value, flow=True)
    if isinstance(value, dict):
        fields = (f"{one_line(key, flow=True)}: {_flow(item)}" for key, item in value.items())
        return f"{{{', '.join(fields)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    return json_text(value)


def _list_indent(text: str, root: Node) -> int:
    """How far the file's lists are indented, by its first one in lines."""
    for item in root.items:
        node = item.value
        if node.kind == "list" and not node.flow and node.items:
            starts = (
                at - (text.rfind("\n", 0, at) + 1) for at in (node.items[0].start, item.start)
            )
            column, outer = starts
            return max(0, column - outer)
    return 2


def _column(text: str, at: int) -> int:
    return at - (text.rfind("\n", 0, at) + 1)


def _begins_blank(text: str) -> bool:
    return text.startswith(("\n", "\r\n"))
