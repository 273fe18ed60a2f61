"""The differing leaves of two nested mappings."""

from collections.abc import Mapping

from catalogsync.diff.values import Value


def leaf_differences(
    before: Mapping[str, object], after: Mapping[str, object]
) -> list[tuple[tuple[str, ...], Value, Value]]:
    """The differing leaves of two nested mappings, by path."""
    from deepdiff import DeepDiff  # costs 70 ms to import: only when something differs

    tree = DeepDiff(before, after, view="tree")
    found = []
    for items in tree.values():
        for item in items:
            path = tuple(str(step) for step in item.path(output_format="list"))
            old, new = _leaves(path, item.t1), _leaves(path, item.t2)
            found += [(leaf, old.get(leaf), new.get(leaf)) for leaf in sorted({*old, *new})]
    return sorted(found, key=lambda difference: difference[0])


def _leaves(path: tuple[str, ...], value: object) -> dict[tuple[str, ...], Value]:
    """The leaves below a value; what DeepDiff marks as not present has none."""
    if isinstance(value, dict):
        nested = (_leaves((*path, str(name)), inner) for name, inner in value.items())
        return {leaf: held for leaves in nested for leaf, held in leaves.items() if held != ""}
    return {path: value} if isinstance(value, str | float) else {}
