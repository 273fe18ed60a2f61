"""The fewest removals, moves and additions between two ordered lists."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from typing import TypeVar

from catalogsync.diff.values import Placed
from catalogsync.model import AssetRef

Item = TypeVar("Item")


def list_differences(
    before: Sequence[tuple[str, AssetRef]], after: Sequence[tuple[str, AssetRef]]
) -> list[tuple[str, Placed | None, Placed | None]]:
    """The fewest removals, moves and additions that turn one list into the other.

    Items are told apart by their first part; equal ones by how often they have come up before.
    """
    old, new = _placed(before), _placed(after)
    removed = [(name, old[name], None) for name in old if name not in new]
    stayed = _longest_increasing([old[name].position for name in new if name in old])
    return removed + [
        (name, old.get(name), new[name])
        for name in new
        if name not in old or old[name].position not in stayed
    ]


def named(items: Iterable[tuple[str, Item]]) -> dict[str, Item]:
    """A list's items by name, in order; equal names by how often they have come up before."""
    seen: Counter[str] = Counter()
    found: dict[str, Item] = {}
    for name, item in items:
        seen[name] += 1
        found[name if seen[name] == 1 else f"{name}#{seen[name]}"] = item
    return found


def woven(order: list[str], other: list[str], moved: Container[str]) -> list[str]:
    """One list's items with those that only the other has, each after what it stands after there.

    What has moved is nothing to go by.
    """
    found = list(order)
    before: str | None = None
    for name in other:
        if name not in found:
            found.insert(found.index(before) + 1 if before is not None else 0, name)
        if name not in moved:
            before = name
    return found


def _placed(items: Sequence[tuple[str, AssetRef]]) -> dict[str, Placed]:
    return named((name, Placed(at, ref)) for at, (name, ref) in enumerate(items, 1))


def _longest_increasing(numbers: Sequence[int]) -> frozenset[int]:
    """One longest strictly increasing subsequence, as a set (patience sorting, n log n)."""
    tails: list[int] = []
    tops: list[int] = []
    previous: list[int | None] = []
    for at, number in enumerate(numbers):
        pile = bisect_left(tails, number)
        previous.append(tops[pile - 1] if pile else None)
        tails[pile : pile + 1] = [number]
        tops[pile : pile + 1] = [at]
    chosen = []
    walk = tops[-1] if tops else None
    while walk is not None:
        chosen.append(numbers[walk])
        walk = previous[walk]
    return frozenset(chosen)
