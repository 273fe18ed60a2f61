"""One canonical layout: the order of the fields, the notation of the values, comments kept."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from catalogsync.manifest.outline import Item, Node, Outline, Trivia
from catalogsync.manifest.scalars import plain
from catalogsync.roundtrip.scalars import literal, one_line
from catalogsync.roundtrip.shape import Shape

WIDTH = 100
"""How long a line may be before its list or mapping is given a line for each entry."""

_STEP = 2


@dataclass(slots=True)
class _Entry:
    """An entry on its way into the text: what stands above it, and its own lines."""

    rank: int
    above: list[str]
    lines: list[str] = field(default_factory=list)


def laid_out(outline: Outline, shape: Shape, *, list_indent: int = _STEP) -> list[str]:
    """The lines of a document whose root is a mapping."""
    return _Printer(outline, list_indent).document(shape)


class _Printer:
    """Writes nodes anew; the comments between them are taken in the order they stand."""

    def __init__(self, outline: Outline, list_indent: int) -> None:
        self._outline = outline
        self._text = outline.text
        self._trivia = deque(outline.trivia)
        self._list_indent = list_indent
        self._in_brackets = False

    def document(self, shape: Shape) -> list[str]:
        root = self._outline.root
        top = self._top(root.items[0].start if root.items else root.end)
        entries = self._map_entries(root, shape, 0, len(self._text))
        rest = self._lines(self._take(len(self._text)), 0)
        first = entries[0] if entries else _Entry(0, [])
        first.above = _without_blank(first.above)
        if first.above and top and top[-1]:
            top.append("")
        while rest and not rest[-1]:
            rest.pop()
        lines = _flat([*entries, _Entry(0, rest)]) if entries else ["{}", *rest]
        return [*_without_blank(top), *lines]

    def _top(self, first: int) -> list[str]:
        """What stays on top of the file: all above the first field, or down to a blank line."""
        marker = self._outline.marker
        before = self._lines(self._take(marker), 0) if marker >= 0 else []
        found = [each for each in self._trivia if each.start < first]
        blanks = [at for at, each in enumerate(found) if not each.text]
        stays = blanks[-1] + 1 if blanks else len(found)
        taken = [self._trivia.popleft() for _ in range(stays)]
        if marker < 0:
            return self._lines(taken, 0)
        beside = taken.pop(0).text if taken and not taken[0].own_line else ""
        return [*before, f"--- {beside}".rstrip(), *self._lines(taken, 0)]

    def _map_entries(self, node: Node, shape: Shape, indent: int, limit: int) -> list[_Entry]:
        entries = []
        for at, item in enumerate(node.items):
            assert item.key
            end = node.items[at + 1].start if at + 1 < len(node.items) else limit
            entry = _Entry(shape.rank(item.key.value), self._lines(self._take(item.start), indent))
            head = " " * indent + one_line(item.key.value) + ":"
            self._write(entry, head, item, shape.inside(item.key.value), indent, end)
            entries.append(entry)
        if entries:
            entries[0].above = _without_blank(entries[0].above)
        return sorted(entries, key=lambda entry: entry.rank)

    def _list_entries(self, node: Node, shape: Shape, indent: int, limit: int) -> list[_Entry]:
        entries = []
        for at, item in enumerate(node.items):
            end = node.items[at + 1].start if at + 1 < len(node.items) else limit
            entry = _Entry(at, self._lines(self._take(item.start), indent))
            self._write(entry, " " * indent + "-", item, shape.inside(at), indent, end)
            entries.append(entry)
        if entries:
            entries[0].above = _without_blank(entries[0].above)
        return entries

    def _write(
        self, entry: _Entry, head: str, item: Item, shape: Shape, indent: int, limit: int
    ) -> None:
        """Write a value behind its key or dash."""
        node = item.value
        if node.kind == "text":
            self._write_text(entry, head, node, indent)
            return
        line = self._on_one_line(node, shape)
        fits = len(head) + 1 + len(line) <= WIDTH and "\n" not in line
        if not node.items or (fits and not shape.in_lines and not self._has_comments(node)):
            self._finish(entry, f"{head} {line}", self._take(node.end), node.end)
        else:
            self._write_lines(entry, head, item, shape, indent, limit)

    def _write_text(self, entry: _Entry, head: str, node: Node, indent: int) -> None:
        block = self._block(node, indent + _STEP)
        first = block[0] if block else self._scalar(node, flow=False)
        self._finish(entry, f"{head} {first}", self._take(node.end), node.end)
        entry.lines += block[1:]

    def _block(self, node: Node, indent: int) -> list[str]:
        """The lines of a text that stands in lines; none if it stands on one."""
        if node.style == ">" and (kept := self._folded(node, indent)):
            return kept
        # Blank lines at the end of a text are hard to see: nobody gets a |+ who wrote none.
        open_end = node.value.endswith("\n\n") and not node.is_block_text
        return (literal(node.value, indent) or []) if "\n" in node.value and not open_end else []

    def _folded(self, node: Node, indent: int) -> list[str]:
        """A folded text in the author's lines, if they can be moved to the indent."""
        head, _, body = self._text[node.start : node.end].replace("\r\n", "\n").partition("\n")
        lines = body.split("\n")
        depths = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
        sign = head.split("#")[0].strip()
        if sign not in (">", ">-") or not depths or depths[0] != min(depths):
            return []
        moved = [" " * indent + line[depths[0] :] if line.strip() else "" for line in lines]
        return [sign, *moved]

    def _write_lines(
        self, entry: _Entry, head: str, item: Item, shape: Shape, indent: int, limit: int
    ) -> None:
        node = item.value
        beside = self._beside(node.start + 1 if node.flow else node.items[0].start)
        closing = node.end if node.flow else limit
        inner = indent + (self._list_indent if node.kind == "list" and item.key else _STEP)
        read = self._list_entries if node.kind == "list" else self._map_entries
        loose = shape.is_set and not self._has_comments(node)
        outer, self._in_brackets = self._in_brackets, node.flow
        entries = read(node, shape, inner, closing)
        self._in_brackets = outer
        if loose:
            pairs = sorted(zip(node.items, entries, strict=True), key=lambda p: _order_of(p[0]))
            entries = [_Entry(0, [], entry.lines) for _, entry in pairs]
        tail = self._take(node.end) if node.flow else self._tail(item, limit)
        if node.flow and (last := self._beside(node.end, after=True)):
            tail += [last] if beside else []
            beside = beside or last
        if item.key is None and node.kind == "map":
            entry.above += [line[_STEP:] for line in entries[0].above]
            entries[0].above = []
            lines = _flat(entries)
            entry.lines = [head + lines[0][inner - 1 :], *lines[1:]]
            if beside:
                entry.above.append(" " * indent + beside.text)
        else:
            entry.lines = [_beside(head, beside), *_flat(entries)]
        entry.lines += self._lines(tail, inner)

    def _finish(self, entry: _Entry, line: str, inside: list[Trivia], end: int) -> None:
        """Add a line, with the comment behind it; any other comment around it goes above."""
        comments = [each for each in inside if each.text]
        behind = self._beside(end, after=True)
        if behind:
            comments.append(behind)
        last = comments.pop() if comments else None
        indent = len(line) - len(line.lstrip(" "))
        entry.above += self._lines(comments, indent)
        entry.lines = [_beside(line, last, stays=not self._in_brackets)]

    def _on_one_line(self, node: Node, shape: Shape) -> str:
        if node.kind == "text":
            return "\n" if "\n" in node.value else self._scalar(node, flow=True)
        if node.kind == "list":
            items = self._sorted(node) if shape.is_set else node.items
            parts = [self._on_one_line(item.value, shape.inside(0)) for item in items]
            return f"[{', '.join(parts)}]"
        pairs = [(item.key.value, item.value) for item in node.items if item.key]
        pairs.sort(key=lambda pair: shape.rank(pair[0]))
        fields = (
            f"{one_line(key, flow=True)}: {self._on_one_line(value, shape.inside(key))}"
            for key, value in pairs
        )
        return f"{{{', '.join(fields)}}}"

    def _sorted(self, node: Node) -> Sequence[Item]:
        return sorted(node.items, key=_order_of)

    def _scalar(self, node: Node, *, flow: bool) -> str:
        if not node.style and type(plain(node.value)) is not str:
            return node.value
        return one_line(node.value, flow=flow)

    def _take(self, limit: int) -> list[Trivia]:
        """What stands before an offset and was not taken yet."""
        taken = []
        while self._trivia and self._trivia[0].start < limit:
            taken.append(self._trivia.popleft())
        return taken

    def _beside(self, limit: int, *, after: bool = False) -> Trivia | None:
        """The comment on the same line: before an offset, or after it."""
        if not self._trivia or self._trivia[0].own_line:
            return None
        start = self._trivia[0].start
        near = not self._text[limit:start].strip(" \t,") if after else start < limit
        return self._trivia.popleft() if near else None

    def _tail(self, item: Item, limit: int) -> list[Trivia]:
        """The comments behind the last entry that are indented as its own."""
        outer = item.start - (self._text.rfind("\n", 0, item.start) + 1)
        found = 0
        for count, each in enumerate(self._trivia, 1):
            if each.start >= limit or (each.text and each.column <= outer):
                break
            found = count if each.text else found
        return [self._trivia.popleft() for _ in range(found)]

    def _has_comments(self, node: Node) -> bool:
        return any(each.text and node.start < each.start < node.end for each in self._trivia)

    def _lines(self, trivia: Sequence[Trivia], indent: int) -> list[str]:
        lines: list[str] = []
        for each in trivia:
            if each.text:
                lines.append(" " * indent + each.text)
            elif not lines or lines[-1]:
                lines.append("")
        return lines


def order_of(text: str) -> tuple[str, str]:
    """What sets are sorted by: whatever the case, then by it."""
    return text.casefold(), text


def _order_of(item: Item) -> tuple[str, str]:
    return order_of(item.value.value)


def _flat(entries: Sequence[_Entry]) -> list[str]:
    lines: list[str] = []
    for entry in entries:
        keeps_blank = lines and not lines[-1]
        lines += _without_blank(entry.above) if keeps_blank else entry.above
        lines += entry.lines
    return lines


def _without_blank(lines: list[str]) -> list[str]:
    """The lines without blank ones at their beginning."""
    first = next((at for at, line in enumerate(lines) if line), len(lines))
    return lines[first:]


def _beside(line: str, comment: Trivia | None, *, stays: bool = True) -> str:
    """A line with a comment behind it, in the column where it was if that can be."""
    if comment is None:
        return line
    stays = stays and not comment.own_line and comment.column > len(line)
    return line.ljust(comment.column if stays else len(line) + 2) + comment.text


def json_text(value: Any) -> str:
    """A value as YAML in one line, whatever is in it."""
    if isinstance(value, dict):
        fields = (f"{_quoted(key)}: {json_text(item)}" for key, item in value.items())
        return f"{{{', '.join(fields)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(json_text, value))}]"
    if isinstance(value, str):
        return _quoted(value)
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _quoted(value: str) -> str:
    return one_line(value, quote='"')
