"""Descriptions as HTML: a small part of Markdown, everything else shown as it is written.

Nothing of the text reaches the page unescaped, and links lead only to http and https.
"""

import re
from collections.abc import Callable, Iterator
from html import escape

_INLINE = re.compile(
    r"`(?P<code>[^`\n]{1,1000})`"
    r"|\*\*(?P<strong>[^*]{1,1000})\*\*"
    r"|\*(?P<em>[^*\s][^*]{0,1000})\*"
    r"|\{(?P<kind>asset|model):(?P<id>[A-Za-z0-9_.-]{1,200})\}"
    r"|\[(?P<label>[^\[\]]{1,300})\]\((?P<href>https?://[^\s()<>]{1,2000})\)"
)
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_ITEM = re.compile(r"\s{0,3}(?:[-*+]|(\d{1,9})[.)])\s+(.*)")

Reference = Callable[[str, str], str]


def render(text: str, reference: Reference) -> str:
    """The text as HTML; `reference` gives the HTML for the asset or model of an id, or ''."""
    return "\n".join(_blocks(text.replace("\r\n", "\n").split("\n"), reference))


def _blocks(lines: list[str], reference: Reference) -> Iterator[str]:
    start = 0
    while start < len(lines):
        kind = _kind(lines[start])
        end = start + 1
        if kind == "code":
            while end < len(lines) and _kind(lines[end]) != "code":
                end += 1
            yield f"<pre><code>{escape(chr(10).join(lines[start + 1 : end]))}</code></pre>"
            start = end + 1
            continue
        while kind != "heading" and end < len(lines) and _kind(lines[end]) == kind:
            end += 1
        yield _WRITERS[kind](lines[start:end], reference)
        start = end


def _kind(line: str) -> str:
    if not line.strip():
        return "blank"
    if line.startswith("```"):
        return "code"
    if _HEADING.match(line):
        return "heading"
    if found := _ITEM.match(line):
        return "numbers" if found[1] else "bullets"
    return "paragraph"


def _heading(lines: list[str], reference: Reference) -> str:
    found = _HEADING.match(lines[0])
    if found is None:
        return ""
    level = min(len(found[1]) + 2, 5)
    return f"<h{level}>{_inline(found[2], reference)}</h{level}>"


def _list(tag: str) -> Callable[[list[str], Reference], str]:
    def write(lines: list[str], reference: Reference) -> str:
        found = [match for match in map(_ITEM.match, lines) if match]
        items = "".join(f"<li>{_inline(match[2], reference)}</li>" for match in found)
        return f"<{tag}>{items}</{tag}>"

    return write


def _paragraph(lines: list[str], reference: Reference) -> str:
    return f"<p>{_inline(chr(10).join(lines), reference)}</p>"


def _inline(text: str, reference: Reference) -> str:
    written, end = [], 0
    for found in _INLINE.finditer(text):
        written += [escape(text[end : found.start()]), _span(found, reference)]
        end = found.end()
    return "".join([*written, escape(text[end:])])


def _span(found: re.Match[str], reference: Reference) -> str:
    if found["kind"]:
        return reference(found["kind"], found["id"]) or f"<code>{escape(found[0])}</code>"
    if found["href"]:
        link = f'<a href="{escape(found["href"])}" rel="noopener noreferrer nofollow">'
        return f"{link}{escape(found['label'])}</a>"
    tag = found.lastgroup
    return f"<{tag}>{escape(found[found.lastgroup or 0])}</{tag}>"


_WRITERS: dict[str, Callable[[list[str], Reference], str]] = {
    "blank": lambda _lines, _reference: "",
    "heading": _heading,
    "bullets": _list("ul"),
    "numbers": _list("ol"),
    "paragraph": _paragraph,
}
