"""HTML from plain functions: whatever is not markup already is escaped."""

from collections.abc import Iterable
from html import escape

from catalogsync.review.words import revealed


class Markup(str):
    """Text that is HTML already: only `element` and `joined` make it."""

    __slots__ = ()


Content = str | None
"""Markup, or foreign text to be escaped; None for nothing."""

_VOID = frozenset({"meta", "link"})
_ENDS_A_LINE = frozenset(
    (
        *("head", "meta", "link", "title", "style", "body"),
        *("header", "main", "footer", "section", "nav", "article"),
        *("h1", "h2", "h3", "h4", "p", "ol", "ul", "li", "div"),
        *("details", "summary", "figure", "svg", "path"),
    )
)
"""Elements after which the page's source has a line end, so that its changes can be read."""


def element(name: str, /, *content: Content, **attributes: str | int | None) -> Markup:
    """One element; `class_` is the attribute `class`, `_` in a name is `-`, None leaves one out."""
    told = "".join(
        f' {key.strip("_").replace("_", "-")}="{escape(_plain(str(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    end = "\n" if name in _ENDS_A_LINE else ""
    if name in _VOID:
        return Markup(f"<{name}{told}>{end}")
    return Markup(f"<{name}{told}>{joined(content)}</{name}>{end}")


def joined(content: Iterable[Content]) -> Markup:
    """Markup and foreign text side by side."""
    return Markup("".join(_safe(part) for part in content if part is not None))


def classes(*names: str) -> str:
    """The value of a `class` attribute; empty names are left out."""
    return " ".join(filter(None, names))


def _safe(part: str) -> str:
    return part if isinstance(part, Markup) else escape(_plain(part), quote=False)


def _plain(text: str) -> str:
    return revealed(text, keep="\n\t")
