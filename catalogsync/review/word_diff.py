"""What differs between two texts, by word."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum

from catalogsync.values import dataclass

_CONTEXT = 2
_MOST_LINES = 4_000_000
_MOST_WORDS = 250_000
_ALIKE = 0.35
_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+|\s+|[^\w\s]")


class Mark(StrEnum):
    """What became of a piece of text; a `gap` stands for lines that are left out."""

    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text and its mark; a gap's text is the number of its lines."""

    mark: Mark
    text: str


def word_diff(before: str, after: str) -> list[Piece]:
    """The changed lines of two texts with two lines of context, compared by word.

    Texts so long and different that comparing them would take seconds are not: all of the old
    one is removed and all of the new one added.
    """
    old, new = _lines(before), _lines(after)
    if len(old) * len(new) > _MOST_LINES:
        return [Piece(Mark.REMOVED, "".join(old)), Piece(Mark.ADDED, "".join(new))]
    groups = SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_CONTEXT)
    found: list[Piece] = []
    end = 0
    for group in groups:
        found += _gap(group[0][1] - end)
        end = group[-1][2]
        for tag, i1, i2, j1, j2 in group:
            left, right = "".join(old[i1:i2]), "".join(new[j1:j2])
            found += [Piece(Mark.KEPT, left)] if tag == "equal" else _by_word(left, right)
    return [*found, *(_gap(len(old) - end) if found else [])]


def _gap(lines: int) -> list[Piece]:
    return [Piece(Mark.GAP, str(lines))] if lines else []


def _lines(text: str) -> list[str]:
    """The lines with their ends, the last one with an end as well; empty ones at the end go."""
    return [f"{line}\n" for line in text.rstrip("\n").split("\n")] if text.strip("\n") else []


def _by_word(before: str, after: str) -> Iterator[Piece]:
    """Words that are gone and words that come, where the two have enough in common to read so."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    if len(old) * len(new) > _MOST_WORDS or _likeness(old, new) < _ALIKE:
        return _replaced(before, after)
    return _merged(old, new, SequenceMatcher(None, old, new, autojunk=False))


def _likeness(old: Sequence[str], new: Sequence[str]) -> float:
    """The share of words that both have, wherever they stand; spaces do not count."""
    left, right = (Counter(word for word in side if not word.isspace()) for side in (old, new))
    return 2 * (left & right).total() / max(left.total() + right.total(), 1)


def _merged(
    old: Sequence[str], new: Sequence[str], matcher: SequenceMatcher[str]
) -> Iterator[Piece]:
    """Changes with nothing but a space between them are one change."""
    left, right = "", ""
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        removed, added = "".join(old[i1:i2]), "".join(new[j1:j2])
        if tag == "equal" and not (removed == " " and (left or right)):
            yield from _replaced(left, right)
            yield Piece(Mark.KEPT, removed)
            left, right = "", ""
        else:
            left, right = left + removed, right + added
    yield from _replaced(left, right)


def _replaced(before: str, after: str) -> Iterator[Piece]:
    if before:
        yield Piece(Mark.REMOVED, before)
    if after:
        yield Piece(Mark.ADDED, after)
