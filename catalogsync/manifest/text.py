"""Finding the mentions in a Markdown text: images, `{asset:...}` and `{model:...}`."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal, NamedTuple
from urllib.parse import unquote

from catalogsync.manifest.words import Unfit


class Found(NamedTuple):
    """A mention: where it is in the text, and what it names."""

    start: int
    end: int
    kind: Literal["image", "asset", "model"]
    argument: str


# The quantifiers are possessive or stop at the next character of their kind, so that no text
# takes more than linear time.
_MENTION = re.compile(
    r"!\[(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*+\]"
    r"\([ \t]*+\n?[ \t]*+"
    r"(?P<target><[^<>\n]*+>|(?:[^\s()<>]|\([^\s()]*+\))*+)"
    r"(?:\s++(?:\"[^\"]*+\"|'[^']*+'|\([^()]*+\)))?+\s*+\)"
    r"|\{(?P<kind>asset|model):(?P<name>[^{}\r\n]*+)\}"
)
_FENCE = re.compile(
    r"^[ \t>]*+(?:[-*+][ \t]++|[0-9]{1,9}[.)][ \t]++)?+(?P<mark>`{3,}+|~{3,}+)(?P<info>[^\n]*+)\n?",
    re.MULTILINE,
)
_BLANK = re.compile(r"\n[ \t\r]*+\n")
_TICKS = re.compile(r"`++")


def mentions(text: str) -> Iterator[Found]:
    """The mentions of a text in order, but for those in code."""
    if "![" not in text and "{" not in text:
        return
    code = list(_code(text)) if "`" in text or "~~~" in text else []
    starts = [start for start, _ in code]
    at = 0
    while match := _MENTION.search(text, at):
        start = match.start()
        index = bisect_right(starts, start) - 1
        if index >= 0 and start < code[index][1]:
            at = code[index][1]
            continue
        at = match.end()
        if _escaped(text, start):
            at = start + 1
        elif match["kind"]:
            yield Found(start, at, "asset" if match["kind"] == "asset" else "model", match["name"])
        else:
            yield Found(start, at, "image", match["target"])


_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:|//|#")


def local_path(target: str) -> str | None:
    """The path an image's target names; None for addresses, anchors and nothing at all."""
    target = target[1:-1] if target.startswith("<") else target
    if not target or _ELSEWHERE.match(target):
        return None
    if "%" not in target:
        return target
    try:
        return unquote(target, errors="strict")
    except UnicodeDecodeError:
        raise Unfit("the % codes in the path are not UTF-8", "write the path as it is") from None


def _escaped(text: str, at: int) -> bool:
    before = at
    while before and text[before - 1] == "\\":
        before -= 1
    return (at - before) % 2 == 1


def _code(text: str) -> Iterator[tuple[int, int]]:
    """Where code is: fenced blocks, and inline code in the paragraphs between them."""
    after = 0
    mark, start = "", 0
    for line in _FENCE.finditer(text):
        if mark and _closes(line, mark):
            yield start, line.end()
            mark, after = "", line.end()
        elif not mark and not (line["mark"][0] == "`" and "`" in line["info"]):
            yield from _paragraphs(text, after, line.start())
            mark, start = line["mark"], line.start()
    if mark:
        yield start, len(text)
    else:
        yield from _paragraphs(text, after, len(text))


def _paragraphs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Inline code between two offsets; it never reaches across a blank line."""
    if text.find("`", start, end) < 0:
        return
    for blank in _BLANK.finditer(text, start, end):
        yield from _inline(text, start, blank.start())
        start = blank.end() - 1
    yield from _inline(text, start, end)


def _closes(found: re.Match[str], mark: str) -> bool:
    same = found["mark"][0] == mark[0] and len(found["mark"]) >= len(mark)
    return same and not found["info"].strip()


def _inline(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Code spans between two offsets: a run of backticks up to the next one of that length."""
    runs = list(_TICKS.finditer(text, start, end))
    by_length: dict[int, list[int]] = {}
    for index, run in enumerate(runs):
        by_length.setdefault(len(run[0]), []).append(index)
    index = 0
    while index < len(runs):
        # Behind a backslash the first backtick is text; what is left of the run may open.
        opens = runs[index].start() + _escaped(text, runs[index].start())
        same = by_length.get(runs[index].end() - opens, [])
        closer = bisect_right(same, index)
        if closer < len(same):
            index = same[closer]
            yield opens, runs[index].end()
        index += 1


def pieces(text: str, found: list[Found]) -> Iterator[str]:
    """The text between the mentions: one string more than there are mentions."""
    edges = [0, *(edge for each in found for edge in (each.start, each.end)), len(text)]
    for index, (start, end) in enumerate(pairwise(edges)):
        if index % 2 == 0:
            yield text[start:end]
