"""What a forge makes of Markdown: GitHub's rendering, and what it adds to plain text after it."""

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

_GFM = MarkdownIt("gfm-like")

EXTRAS = {
    "mention": r"@[A-Za-z0-9]",
    "issue": r"#\d|\b[Gg][Hh]-\d",
    "commit": r"\b[0-9a-fA-F]{7,40}\b",
    "emoji": r":[A-Za-z0-9_+-]+:",
    "address": r"(?i)\bwww\.|[a-z]+://|\bmailto:|\bxmpp:|\S@\S",
    "math": r"\$",
    "footnote, checkbox, alert": r"\[[ xX^!]",
    "reference of GitLab": r"(?<!\w)[!~%&^*][\w\"]",
    "reference with a prefix of one's own": r"\b[A-Z]{2,}-\d",
}
"""Rules of GitHub and GitLab that CommonMark does not have; none applies within code."""


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.comments: list[str] = []
        self.text: list[str] = []
        self.plain: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in ("code", "pre")
        self.tags.append(f"<{tag}{''.join(f' {name}={value}' for name, value in attrs)}>")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("code", "pre")
        self.tags.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        self.plain.append("\0" if self._code else data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_decl(self, decl: str) -> None:
        self.tags.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.tags.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.tags.append(f"<![{data}]>")


def page(markdown: str) -> _Page:
    """Markdown as a reader's browser gets it."""
    found = _Page()
    found.feed(_GFM.render(markdown))
    found.close()
    return found


def skeleton(markdown: str) -> list[str]:
    """Every tag in order, but for code spans, which come and go with the text."""
    return [tag for tag in page(markdown).tags if tag not in ("<code>", "</code>")]


def extras(markdown: str) -> dict[str, list[str]]:
    """What a forge would make of the text outside code."""
    text = "".join(page(markdown).plain)
    found = {rule: re.findall(pattern, text) for rule, pattern in EXTRAS.items()}
    return {rule: hits for rule, hits in found.items() if hits}


def quick_actions(markdown: str) -> list[str]:
    """Lines that GitLab would carry out as orders."""
    return re.findall(r"^/\w.*", markdown, re.MULTILINE)
