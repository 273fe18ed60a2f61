"""The differing leaves of two nested mappings."""

from collections.abc import Mapping

from catalogsync.diff.values import Value

Leaf = tuple[tuple[str, ...], Value, Value]
"""A path, and what stands there before and after; None where nothing does."""


def leaf_differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[Leaf]:
    """The differing leaves of two nested mappings that have the same names at the top."""
    found: list[Leaf] = []
    for name in sorted(after):
        old, new = before[name], after[name]
        if old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += _nested(name, old, new)
        else:
            found.append(((name,), _leaf(old), _leaf(new)))
    return found


def _nested(name: str, before: Mapping[str, object], after: Mapping[str, object]) -> list[Leaf]:
    from deepdiff import DeepDiff  # costs 70 ms to import: only when something nested differs

    leaves: dict[tuple[str, ...], tuple[Value, Value]] = {}
    for items in DeepDiff(before, after, view="tree").values():
        for item in items:
            path = (name, *map(str, item.path(output_format="list")))
            old, new = _leaves(path, item.t1), _leaves(path, item.t2)
            leaves |= {leaf: (old.get(leaf), new.get(leaf)) for leaf in {*old, *new}}
    return [(path, old, new) for path, (old, new) in sorted(leaves.items()) if old != new]


def _leaves(path: tuple[str, ...], value: object) -> dict[tuple[str, ...], Value]:
    """The leaves below a value; what DeepDiff marks as not present has none."""
    if isinstance(value, Mapping):
        nested = (_leaves((*path, str(name)), inner) for name, inner in value.items())
        return {leaf: held for leaves in nested for leaf, held in leaves.items() if held != ""}
    return {path: value} if isinstance(value, str | float) else {}


def _leaf(value: object) -> Value:
    return value if isinstance(value, str | float) else None
