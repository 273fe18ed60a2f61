"""Which of our models are made of others, and keep them: told by manifests and marks alone.

So every part of a catalog says the same of all of them, whichever it compares.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from datetime import date

from catalogsync.diff.accepted import without_accepted
from catalogsync.diff.values import Composition
from catalogsync.identity import Match, Matching, owners
from catalogsync.model import RemoteModel, State


def compositions(
    catalog: str,
    models: Iterable[RemoteModel],
    matching: Matching,
    *,
    is_chosen: Callable[[str], bool],
    doomed: Container[str],
    today: date,
) -> Iterator[Composition]:
    """Every composition of ours; what no manifest has stays unless its id is among the `doomed`."""
    matched = {found.live.id: found for found in matching.matches if found.live}
    for model in models:
        if not model.concepts:
            continue
        if found := matched.get(model.id):
            key = found.spec.key
            yield Composition(key, model, not is_chosen(key) or _keeps(found, today))
        elif key := next((key for owner, key in owners(model) if owner == catalog), ""):
            yield Composition(key, model, model.id not in doomed)


def _keeps(found: Match, today: date) -> bool:
    """Whether a manifest leaves the concepts of its model as they are."""
    if found.spec.state is State.PRESENT:
        return without_accepted(found, today).spec.concepts is None
    return found.spec.state is State.UNMANAGED
