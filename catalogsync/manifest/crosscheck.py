"""What can only be seen from all manifests together."""

from collections.abc import Callable, Mapping, Sequence

from catalogsync.manifest.document import Written
from catalogsync.manifest.words import quote, visible
from catalogsync.model import AssetRef, ModelSpec


def cross_check(specs: Sequence[ModelSpec], documents: Mapping[str, Written]) -> None:
    """Reports what is claimed twice, renamed from what still exists, and circles of concepts."""
    _claimed_once(specs, documents, "id", lambda spec: spec.id)
    _claimed_once(specs, documents, "renamedFrom", lambda spec: spec.renamed_from)
    for spec in specs:
        if spec.renamed_from in documents:
            document = documents[spec.key]
            there = visible(documents[spec.renamed_from].path)
            message = f"renamedFrom: {quote(spec.renamed_from)} still exists ({there})"
            document.report(["renamedFrom"], message, "remove that manifest, or this line")
    _no_circles(specs, documents)
    filed = [(spec, ref) for spec in specs for ref in spec.assets if ref.options]
    _filed_in_one_way(filed, documents)
    _no_circles_of_parents(filed, documents)


def _claimed_once(
    specs: Sequence[ModelSpec],
    documents: Mapping[str, Written],
    field: str,
    value: Callable[[ModelSpec], str],
) -> None:
    first: dict[str, ModelSpec] = {}
    for spec in specs:
        claimed = value(spec)
        if not claimed:
            continue
        other = first.setdefault(claimed, spec)
        if other is not spec:
            there = documents[other.key]
            line = there.place([field]).line
            message = f"{field}: {quote(claimed)} is claimed by {visible(there.path)}:{line} too"
            documents[spec.key].report([field], message, "one model has one manifest")


def _no_circles(specs: Sequence[ModelSpec], documents: Mapping[str, Written]) -> None:
    by_id = {spec.id: spec.key for spec in specs if spec.id}
    parts = {
        spec.key: [
            by_id.get(concept.model.id, concept.model.key) for concept in spec.concepts or ()
        ]
        for spec in specs
    }
    done: set[str] = set()
    for key in parts:
        circle = _circle(key, parts, done)
        if circle:
            message = f"concepts: a circle: {' -> '.join(circle)}"
            documents[circle[0]].report(["concepts"], message, "take one of them out")


_Filed = Sequence[tuple[ModelSpec, AssetRef]]
"""The files that a manifest says how to file."""


def _filed_in_one_way(filed: _Filed, documents: Mapping[str, Written]) -> None:
    """A file is sent once, so that it can be filed in one way only."""
    first: dict[str, tuple[ModelSpec, AssetRef]] = {}
    for spec, ref in filed:
        if not ref.sha256:
            continue
        other, known = first.setdefault(ref.sha256, (spec, ref))
        if known.options != ref.options:
            there = documents[other.key]
            at = _declared(other, known)
            line = there.place(at).line
            message = (
                f"{quote(ref.name)} has another hide, parent or collections in "
                f"{visible(there.path)}:{line}"
            )
            hint = "a file is sent once: say the same in both places, or in one only"
            documents[spec.key].report(_declared(spec, ref), message, hint)


def _declared(spec: ModelSpec, ref: AssetRef) -> list[str | int]:
    """The field in which a manifest names an asset with options."""
    return ["thumbnail"] if ref is spec.thumbnail else ["examples"]


def _no_circles_of_parents(filed: _Filed, documents: Mapping[str, Written]) -> None:
    declared = [(spec, ref, ref.options.parent) for spec, ref in filed if ref.options]
    named = [(spec, ref, parent) for spec, ref, parent in declared if parent]
    parents = {ref.sha256: [parent.sha256] for _, ref, parent in named if parent.sha256}
    names = {each.sha256: each.name for _, ref, parent in named for each in (ref, parent)}
    done: set[str] = set()
    for spec, ref, _ in named:
        circle = _circle(ref.sha256, parents, done)
        if circle:
            way = " -> ".join(quote(names[each]) for each in circle)
            hint = "take one of them out"
            documents[spec.key].report(_declared(spec, ref), f"parent: a circle: {way}", hint)


def _circle(start: str, parts: Mapping[str, Sequence[str]], done: set[str]) -> list[str]:
    """The first circle reachable from `start`, walked without recursion; [] when there is none."""
    path: dict[str, None] = {}  # the way from `start` to here; keeps its order
    stack = [(start, False)]
    circle: list[str] = []
    while stack:
        key, leaving = stack.pop()
        if leaving:
            path.popitem()
            done.add(key)
        elif key in path:
            way = list(path)
            circle = circle or [*way[way.index(key) :], key]
        elif key in parts and key not in done:
            path[key] = None
            stack.append((key, True))
            stack += [(each, False) for each in reversed(parts[key])]
    return circle
