"""Who has moved the items of an ordered list, as three orders of it tell."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations

from catalogsync.diff.values import Came, worst

Order = Mapping[str, int]
"""The place of every item, by its name."""


def movers(base: Order, live: Order, desired: Order, moved: Collection[str]) -> dict[str, Came]:
    """Where each of the `moved` items' moves comes from.

    Two items stand one way round or the other, so of every pair that live and desired have
    differently base agrees with one. A move is judged by the pairs it makes with what has not
    moved; two moved items whose own order neither of their moves explains are in conflict, as are
    those of which base does not know how they stood.
    """
    sides = base, live, desired
    stayed = live.keys() & desired.keys() - set(moved)
    kinds = {name: _kinds(name, stayed, sides) for name in moved}
    unclear: set[str] = set()
    for one, other in combinations(kinds, 2):
        kind = _kind(one, other, sides)
        if kind and kind not in kinds[one] | kinds[other]:
            unclear |= {one, other}
    return {n: Came.CONFLICT if n in unclear else _told(held) for n, held in kinds.items()}


def _kinds(name: str, others: Iterable[str], sides: Sequence[Order]) -> set[Came]:
    return {kind for other in others if (kind := _kind(name, other, sides))}


def _kind(one: str, other: str, sides: Sequence[Order]) -> Came | None:
    """Who turned a pair round; None where live and desired agree."""
    base, live, desired = sides
    if (live[one] < live[other]) == (desired[one] < desired[other]):
        return None
    if one not in base or other not in base:
        return Came.CONFLICT
    same = (live[one] < live[other]) == (base[one] < base[other])
    return Came.PENDING if same else Came.DRIFT


def _told(kinds: set[Came]) -> Came:
    return Came.CONFLICT if len(kinds) > 1 else worst(kinds)
