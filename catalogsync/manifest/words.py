"""Small helpers for the sentences of problems."""

from collections.abc import Iterable

_LONGEST = 60


class Unfit(Exception):
    """A path, file or reference that cannot be used, and what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def visible(text: str) -> str:
    """`text` with everything that does not print, or turns the reading order, as an escape."""
    return text if text.isprintable() else "".join(map(_escape, text))


def _escape(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def short(text: str) -> str:
    """`text` cut to a length that fits a sentence, with nothing invisible in it."""
    return visible(text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "...")


def quote(text: str) -> str:
    """`text` in double quotes, short, with nothing invisible in it."""
    return f'"{short(text)}"'


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint that names the known word nearest to `word`, or an empty string."""
    if len(word) > 4 * _LONGEST:
        return ""
    # Only a mistake needs what takes so long to import.
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {quote(near[0])}?" if near else ""


def either(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
