"""What differs in a text, by word: it reads well, and nothing is lost."""

from hypothesis import given
from hypothesis import strategies as st

from catalogsync.review.word_diff import Mark, Piece, word_diff

KEPT, ADDED, REMOVED, GAP = Mark.KEPT, Mark.ADDED, Mark.REMOVED, Mark.GAP

lines = st.lists(
    st.sampled_from(["", "one two three", "one two four", "| a | 0.85 |", "| a | 0.80 |", "* x *"]),
    max_size=12,
).map("\n".join)


def test_a_changed_word_is_one_change() -> None:
    assert word_diff("Paint it red, please.\n", "Paint it dark blue, please.\n") == [
        Piece(KEPT, "Paint it "),
        Piece(REMOVED, "red"),
        Piece(ADDED, "dark blue"),
        Piece(KEPT, ", please.\n"),
    ]


def test_numbers_are_whole_words() -> None:
    assert word_diff("scale 0.85 to 1", "scale 0.80 to 1")[1:3] == [
        Piece(REMOVED, "0.85"),
        Piece(ADDED, "0.80"),
    ]


def test_lines_that_have_little_in_common_are_replaced() -> None:
    assert word_diff("A quiet village.", "Neon; rain & trains!") == [
        Piece(REMOVED, "A quiet village.\n"),
        Piece(ADDED, "Neon; rain & trains!\n"),
    ]


def test_what_is_far_from_a_change_is_left_out_and_counted() -> None:
    old = [f"line {number}" for number in range(20)]
    new = [*old[:10], "a new line", *old[10:]]
    assert word_diff("\n".join(old), "\n".join(new)) == [
        Piece(GAP, "8"),
        Piece(KEPT, "line 8\nline 9\n"),
        Piece(ADDED, "a new line\n"),
        Piece(KEPT, "line 10\nline 11\n"),
        Piece(GAP, "8"),
    ]


def test_texts_too_long_to_compare_are_replaced() -> None:
    old = "\n".join(f"old {number}" for number in range(5000))
    new = "\n".join(f"new {number}" for number in range(3000))
    assert [piece.mark for piece in word_diff(old, new)] == [REMOVED, ADDED]


def whole(text: str) -> str:
    """A text as it is compared: empty lines at its end do not count."""
    return text.rstrip("\n") + "\n" if text.strip("\n") else ""


@given(lines, lines)
def test_the_pieces_make_both_texts(before: str, after: str) -> None:
    pieces = word_diff(before, after)
    if whole(before) == whole(after):
        assert pieces == []
    if all(piece.mark is not GAP for piece in pieces) and pieces:
        assert "".join(p.text for p in pieces if p.mark in (KEPT, REMOVED)) == whole(before)
        assert "".join(p.text for p in pieces if p.mark in (KEPT, ADDED)) == whole(after)
    assert all(piece.text for piece in pieces)
