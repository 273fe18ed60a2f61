"""Three lists of lines: which regions differ, and who has changed them (diff3)."""

from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher

from catalogsync.diff.values import Came
from catalogsync.values import dataclass

Lines = Sequence[Hashable]
Span = tuple[int, int]
"""Where a region begins, and where the next one does."""


_MOST_WORK = 4_000_000
"""The product of two lengths beyond which comparing would take seconds."""


@dataclass(frozen=True, slots=True)
class Region:
    """A region in which live and desired differ; both spans may be empty, not at once."""

    came: Came
    live: Span
    desired: Span


def regions(base: Lines, live: Lines, desired: Lines) -> Iterator[Region]:
    """The regions between lines that all three have; what both changed alike is not told of."""
    at = (0, 0, 0)
    for same in (*_anchors(base, live, desired), (len(base), len(live), len(desired))):
        was, held, wanted = (
            list(side[start:end])
            for side, start, end in zip((base, live, desired), at, same, strict=True)
        )
        if held != wanted:
            came = _came(was, held, wanted)
            yield Region(came, (at[1], same[1]), (at[2], same[2]))
        at = (same[0] + 1, same[1] + 1, same[2] + 1)


def _came(base: Lines, live: Lines, desired: Lines) -> Came:
    if live == base:
        return Came.PENDING
    return Came.DRIFT if desired == base else Came.CONFLICT


def _anchors(base: Lines, live: Lines, desired: Lines) -> Iterator[tuple[int, int, int]]:
    """The lines of base that both others have kept, by their place in each of the three."""
    in_live, in_desired = _kept(base, live), _kept(base, desired)
    for at in range(len(base)):
        if at in in_live and at in in_desired:
            yield at, in_live[at], in_desired[at]


def _kept(base: Lines, other: Lines) -> dict[int, int]:
    """The lines that a side has kept of base; in the midst of a too large rewrite, none."""
    shorter = min(len(base), len(other))
    head = next((at for at in range(shorter) if base[at] != other[at]), shorter)
    room = shorter - head
    tail = next((at for at in range(room) if base[-1 - at] != other[-1 - at]), room)
    was, held = base[head : len(base) - tail], other[head : len(other) - tail]
    found = {at: at for at in range(head)}
    found |= {len(base) - at: len(other) - at for at in range(1, tail + 1)}
    if len(was) * len(held) <= _MOST_WORK:
        blocks = SequenceMatcher(None, was, held, autojunk=False).get_matching_blocks()
        found |= {head + a + at: head + b + at for a, b, size in blocks for at in range(size)}
    return found
