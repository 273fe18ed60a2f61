"""Descriptions as HTML: Markdown without raw HTML, remote images or any link but http and https."""

import re
from collections.abc import Callable, Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

_REFERENCE = re.compile(r"\{(asset|model):([A-Za-z0-9_.-]{1,200})\}")
_LINK = re.compile(r"https?://", re.IGNORECASE)

Reference = Callable[[str, str], str]


class _Page(RendererHTML):
    """Headings below those of the page, and links that give nothing away."""

    def heading_open(
        self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
    ) -> str:
        """Write a heading two levels lower, at most the fifth."""
        return f"<h{min(int(tokens[at].tag[1:]) + 2, 5)}>"

    def heading_close(
        self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
    ) -> str:
        """Close such a heading."""
        return f"</h{min(int(tokens[at].tag[1:]) + 2, 5)}>\n"

    def link_open(
        self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
    ) -> str:
        """Write a link that sends no referrer."""
        tokens[at].attrSet("rel", "noopener noreferrer nofollow")
        return self.renderToken(tokens, at, options, env)


def _reference(state: StateInline, silent: bool) -> bool:
    """Read `{asset:<id>}` or `{model:<id>}` where the parser stands."""
    found = _REFERENCE.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        html = state.env["reference"](found[1], found[2])
        token = state.push("html_inline", "", 0)
        token.content = html or f"<code>{escape(found[0])}</code>"
    state.pos = found.end()
    return True


def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Page)
    parser.enable("table").disable("image")
    parser.inline.ruler.before("link", "reference", _reference)
    parser.validateLink = lambda url: bool(_LINK.match(url))  # type: ignore[method-assign]
    return parser


_MARKDOWN = _markdown()


def render(text: str, reference: Reference) -> str:
    """The text as HTML; `reference` gives the HTML for the asset or model of an id, or ''."""
    return str(_MARKDOWN.render(text, {"reference": reference}))
