"""Compares manifests with the server; the only place that decides whether two things are equal."""

from datetime import date

from catalogsync.contents import known_contents
from catalogsync.diff.accepted import accepted, without_accepted
from catalogsync.diff.cards import Card, cards
from catalogsync.diff.compare import SCALARS, Comparison
from catalogsync.diff.threeway import Sides
from catalogsync.diff.unread import unread
from catalogsync.diff.values import (
    Accepted,
    Came,
    Change,
    Diff,
    Hunk,
    ModelDiff,
    Placed,
    Value,
    Verb,
)
from catalogsync.identity import match
from catalogsync.import_notes import notes_by_key
from catalogsync.model import Catalog, Snapshot, State

__all__ = [
    "SCALARS",
    "Accepted",
    "Came",
    "Card",
    "Change",
    "Diff",
    "Hunk",
    "ModelDiff",
    "Placed",
    "Value",
    "Verb",
    "cards",
    "diff",
]


def diff(
    catalog: Catalog,
    snapshot: Snapshot,
    *,
    keys: frozenset[str] | None = None,
    prune: bool = False,
    base: Catalog | None = None,
    today: date = date.max,
) -> Diff:
    """Compare the catalog with what the server had; with `prune`, orphans are to be deleted.

    With a `base`, the catalog as it was applied last, every difference tells where it comes from.
    What manifests accept up to some day is left out until `today` has passed it.
    """
    notes = notes_by_key(catalog.name, snapshot.collections or {})
    matching = match(catalog, snapshot.models, begun=notes)
    contents = known_contents(catalog.models, snapshot.assets)
    compare = Comparison(catalog, snapshot, contents, matching.ids(), notes)
    chosen = [found for found in matching.matches if keys is None or found.spec.key in keys]
    refused = {found.spec.key: refusal for found in chosen if (refusal := unread(found))}
    matches = [found for found in chosen if found.spec.key not in refused]
    lenient = (without_accepted(found, today) for found in matches)
    models = [found for found in map(compare.model, lenient) if found]
    orphans = matching.orphans if keys is None else ()
    if prune:
        models += [ModelDiff(key, Verb.DELETE, None, remote) for key, remote in orphans]
    if base:
        sides = Sides(catalog, base, snapshot, matching, notes)
        models = list(map(sides.attributed, models))
    present = [found for found in matches if found.spec.state is State.PRESENT]
    return Diff(
        models=tuple(models),
        refusals=(
            *(r for r in matching.refusals if keys is None or r.model in keys),
            *refused.values(),
        ),
        orphans=() if prune else orphans,
        ids=matching.ids(),
        contents=contents,
        collections=snapshot.collections or {},
        notes=notes,
        prices=snapshot.prices,
        keys=keys,
        managed=sum(1 for found in matching.matches if found.remote) + len(orphans),
        unchanged=len(present) - sum(1 for m in models if m.spec and m.spec.state is State.PRESENT),
        accepted=tuple(each for found in matches for each in accepted(compare, found, today)),
    )
