"""Texts and what differs in them, on paper."""

from collections.abc import Iterator, Sequence

from catalogsync.review.html.elements import Markup, element
from catalogsync.review.word_diff import Mark, Piece, word_diff
from catalogsync.review.words import counted, revealed

_ELEMENTS = {Mark.ADDED: "ins", Mark.REMOVED: "del"}
_COUNTED = {"+": Mark.ADDED, "−": Mark.REMOVED}


def changed_text(label: str, before: str, after: str, room: int) -> Markup:
    """What differs in a text by word, in at most `room` characters."""
    pieces = word_diff(before, after)
    counts = ((sign, _words(pieces, mark)) for sign, mark in _COUNTED.items())
    told = [f"{sign}{counted(number, 'word')}" for sign, number in counts if number]
    return _sheet(label, ", ".join(told), _drawn(pieces, room), is_open=True)


def whole_text(label: str, text: str, room: int) -> Markup:
    """A text that is all new, or all there is."""
    count = counted(len(text.split()), "word")
    return _sheet(label, count, _drawn([Piece(Mark.KEPT, text)], room), is_open=False)


def _words(pieces: Sequence[Piece], mark: Mark) -> int:
    return sum(len(piece.text.split()) for piece in pieces if piece.mark is mark)


def _sheet(label: str, count: str, content: Iterator[Markup | str], *, is_open: bool) -> Markup:
    told = (" ", element("small", count)) if count else ()
    summary = element("summary", element("span", label), *told)
    paper = element("div", *content, class_="paper")
    return element("details", summary, paper, class_="sheet", open="" if is_open else None)


def in_words(pieces: Sequence[Piece]) -> Iterator[Markup | str]:
    """The pieces of a short text, on one line."""
    for piece in pieces:
        name = _ELEMENTS.get(piece.mark)
        text = piece.text.removesuffix("\n")
        yield element(name, text) if name else text


def _drawn(pieces: Sequence[Piece], room: int) -> Iterator[Markup | str]:
    for piece in pieces:
        if piece.mark is Mark.GAP:
            yield _gap(f"{counted(int(piece.text), 'line')} the same")
            continue
        whole = revealed(piece.text[: room + 1], keep="\n\t")
        text = whole[:room]
        room -= len(text)
        if text:
            name = _ELEMENTS.get(piece.mark)
            yield element(name, text) if name else text
        if len(whole) > len(text):
            yield _gap("the rest is left out to keep this page small")
            return


def _gap(text: str) -> Markup:
    return element("span", text, class_="gap")
