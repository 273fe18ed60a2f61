"""The lines of a document's entries: where each begins and ends, with the comments that are its."""

from catalogsync.manifest.outline import Node, Outline
from catalogsync.roundtrip.judge import Uneditable


class Lines:
    """Offsets of lines in the text of an outline."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._text = outline.text

    def start(self, at: int) -> int:
        """Where the line of an offset begins."""
        return self._text.rfind("\n", 0, at) + 1

    def end(self, at: int, *, back: bool = False) -> int:
        """Where the next line begins; with `back`, where this one's break is."""
        found = self._text.find("\n", at)
        if found < 0:
            return len(self._text)
        if back:
            return found - 1 if self._text[found - 1] == "\r" else found
        return found + 1

    def column(self, at: int) -> int:
        """How far from there an offset is."""
        return at - self.start(at)

    def chunk(self, holder: Node, index: int) -> tuple[int, int]:
        """The lines of an entry: the comment right above it, itself, what is indented below it."""
        item = holder.items[index]
        line = self.start(item.start)
        if self._text[line : item.start].strip():
            raise Uneditable("it begins on the line of another value", hint="edit it by hand")
        above = [each for each in self._outline.trivia if each.own_line and each.start < line]
        floor = self.end_of(holder, index - 1) if index else self._floor(holder)
        start = line
        for each in reversed(above):
            begin = self.start(each.start)
            if not each.text or begin < floor or self.end(each.start) != start:
                break
            start = begin
        return start, self.end_of(holder, index)

    def end_of(self, holder: Node, index: int) -> int:
        """Where an entry's lines end, with the comments behind it that are indented deeper."""
        item = holder.items[index]
        end = self.end(item.value.end)
        column = self.column(item.start)
        begin = end
        for each in self._outline.trivia:
            if each.start < begin or not each.own_line:
                continue
            if each.text and each.column <= column:
                break
            if self._text[end : each.start].strip():
                break
            if each.text:
                end = self.end(each.start)
        return end

    def _floor(self, holder: Node) -> int:
        """Where the first entry's own comments may begin at the earliest."""
        if holder is not self._outline.root:
            return 0
        first = holder.items[0].start
        blanks = [e.start for e in self._outline.trivia if not e.text and e.start < first]
        return blanks[-1] if blanks else self.start(first)

    def comment_behind(self, start: int, node: Node) -> str:
        """The comment of an entry that is to be written anew."""
        limit = self.end(node.end)
        for each in self._outline.trivia:
            if start <= each.start < limit and each.text and not each.own_line:
                inner = node.items and node.items[0].value.start <= each.start
                if not inner:
                    return f"  {each.text}"
        return ""

    def require_no_comment(self, start: int, end: int) -> None:
        """Raise `Uneditable` if a comment stands between two offsets."""
        if any(each.text and start < each.start < end for each in self._outline.trivia):
            raise Uneditable("there are comments in its brackets", hint="edit it by hand")

    def with_blank_above(self, start: int) -> int:
        """Where a line begins, or the blank one right above it."""
        above = [each for each in self._outline.trivia if each.start < start]
        is_blank = above and not above[-1].text and self.end(above[-1].start) == start
        return above[-1].start if is_blank else start

    def list_indent(self) -> int:
        """How far the file's lists are indented, by its first one in lines."""
        for item in self._outline.root.items:
            node = item.value
            if node.kind == "list" and not node.flow and node.items:
                return max(0, self.column(node.items[0].start) - self.column(item.start))
        return 2
