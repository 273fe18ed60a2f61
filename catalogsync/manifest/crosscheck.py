"""What can only be seen from all manifests together."""

from collections.abc import Callable, Mapping, Sequence

from catalogsync.manifest.document import Document
from catalogsync.manifest.words import quote, visible
from catalogsync.model import ModelSpec


def cross_check(specs: Sequence[ModelSpec], documents: Mapping[str, Document]) -> None:
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


def _claimed_once(
    specs: Sequence[ModelSpec],
    documents: Mapping[str, Document],
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


def _no_circles(specs: Sequence[ModelSpec], documents: Mapping[str, Document]) -> None:
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
