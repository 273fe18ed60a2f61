"""Foreign text in Markdown, and in the HTML inside it: never markup, link, mention or reference.

What reads as plain words stays plain; all else goes into code, where neither Markdown nor the
extras of GitHub and GitLab apply. Entities would not do: both link what these stand for.
"""

import html
import re
from collections.abc import Callable, Iterable
from itertools import groupby

from catalogsync.review.words import visible

NAME_LENGTH = 64
"""The most characters of a key or name that are shown."""

VALUE_LENGTH = 300
"""The most characters of any other value that are shown."""

PROSE_LENGTH = 600
"""The most characters of a sentence that are shown."""

_WORD = re.compile(
    r"\(?(?P<core>[^\W\d_]+(?:['’-][^\W\d_]+)*|\d{1,4}(?:\.\d{1,3})?%?|·)[),;]*[.:]?"
)
_COMMIT = re.compile(r"[0-9a-fA-F]{7,}")
_QUOTED = re.compile(r"`([^`]+)`([,.;:)]*)")
_TOKEN = re.compile(r"`[^`]+`[,.;:)]*(?!\S)|\S+")
_ENDING = ",;:"
_LONGEST_FENCE = 16


def clipped(text: str, most: int) -> str:
    """A text of at most `most` characters; an ellipsis stands for the rest."""
    return text if len(text) <= most else text[: most - 1] + "…"


def code(text: str, most: int = VALUE_LENGTH) -> str:
    """Foreign text as a code span."""
    shown = clipped(visible(text), most)
    run = longest_run("`", shown)
    if run > _LONGEST_FENCE:  # GitHub knows no fence of more than 80
        shown, run = clipped(shown.replace("`", "\\x60"), most), 0
    if not shown.strip():
        return '`""`'
    fence = "`" * (run + 1)
    space = " " if "`" in (shown[0], shown[-1]) or shown[0] == shown[-1] == " " else ""
    return f"{fence}{space}{shown}{space}{fence}"


def name(text: str) -> str:
    """A name: as it is where it is plain words, else as a code span."""
    return text if _is_plain_text(text) else code(text, NAME_LENGTH)


def html_code(text: str) -> str:
    """Foreign text as a code span inside HTML, where Markdown is not read."""
    return f"<code>{html.escape(clipped(visible(text), NAME_LENGTH))}</code>"


def html_name(text: str) -> str:
    """A name inside HTML: as it is where it is plain words, else as a code span."""
    return text if _is_plain_text(text) else html_code(text)


def prose(text: str) -> str:
    """A sentence with foreign text in it: its plain words as they are, all else as code spans."""
    tokens = _TOKEN.findall(clipped(visible(text), PROSE_LENGTH))
    parts: list[str] = []
    for written, group in groupby(tokens, key=_way_to_write):
        parts += written(group)
    return " ".join(parts)


def _way_to_write(token: str) -> Callable[[Iterable[str]], list[str]]:
    if _QUOTED.fullmatch(token):
        return _as_quoted
    return _as_words if _is_plain(token) else _as_foreign


def _as_quoted(tokens: Iterable[str]) -> list[str]:
    return [_QUOTED.sub(lambda found: code(found[1]) + found[2], token) for token in tokens]


def _as_words(tokens: Iterable[str]) -> list[str]:
    return list(tokens)


def _as_foreign(tokens: Iterable[str]) -> list[str]:
    text = " ".join(tokens)
    core = text.rstrip(_ENDING) or text
    return [code(core) + text[len(core) :]]


def _is_plain(word: str) -> bool:
    found = _WORD.fullmatch(word)
    return found is not None and not _COMMIT.fullmatch(found["core"])


def _is_plain_text(text: str) -> bool:
    inert = len(text) <= NAME_LENGTH and text == visible(text)
    return inert and all(map(_is_plain, text.split(" ")))


def fenced(lines: Iterable[str], language: str) -> str:
    """Lines as a block that nothing inside them can end."""
    text = "\n".join(lines)
    fence = "`" * max(3, longest_run("`", text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def table_row(*cells: str) -> str:
    """A row of a table, whatever its cells hold."""
    # A backslash before the bar would be read differently by different implementations.
    inert = (cell.replace("\\|", "\\\\x7c").replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(inert)} |"


def longest_run(char: str, text: str) -> int:
    """The length of the longest run of one character."""
    return max(map(len, re.findall(f"{re.escape(char)}+", text)), default=0)
