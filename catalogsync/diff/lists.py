"""The fewest removals, moves and additions between two ordered lists."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence

from catalogsync.diff.values import Placed
from catalogsync.model import AssetRef


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


def numbered(names: Iterable[str]) -> Iterator[str]:
    """The names of a list's items, equal ones told apart by how often they have come up before."""
    seen: Counter[str] = Counter()
    for name in names:
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name}#{seen[name]}"


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
    names = numbered(name for name, _ in items)
    refs = (ref for _, ref in items)
    return {n: Placed(at, ref) for at, (n, ref) in enumerate(zip(names, refs, strict=True), 1)}


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
