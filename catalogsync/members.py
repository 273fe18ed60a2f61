"""Membership of models in collections: edits of single models, gathered into calls for many."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from catalogsync.actions import EditCollections
from catalogsync.values import dataclass

AT_ONCE = 49
"""The most models that one call puts into a collection (PUT /collections/{collectionId}/models)."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Models, by their keys, to be put into a collection or taken out of it in one call."""

    collection: str
    adding: bool
    models: tuple[str, ...]


def batches(edits: Iterable[EditCollections]) -> list[Batch]:
    """The fewest calls that do all the edits."""
    wanted: defaultdict[tuple[str, bool], list[str]] = defaultdict(list)
    for edit in edits:
        for name, adding in _steps(edit):
            wanted[name, adding].append(edit.model)
    return [
        Batch(name, adding, tuple(models[start : start + AT_ONCE]))
        for (name, adding), models in wanted.items()
        for start in range(0, len(models), AT_ONCE)
    ]


def without(edit: EditCollections, done: Collection[tuple[str, bool, str]]) -> EditCollections:
    """What is left of an edit once some (collection, adding, model) are done."""
    return replace(
        edit,
        add=tuple(name for name in edit.add if (name, True, edit.model) not in done),
        remove=tuple(name for name in edit.remove if (name, False, edit.model) not in done),
    )


def _steps(edit: EditCollections) -> Iterator[tuple[str, bool]]:
    yield from ((name, True) for name in edit.add)
    yield from ((name, False) for name in edit.remove)
