"""Compares manifests with the server; the only place that decides whether two things are equal."""

from dataclasses import dataclass, replace
from datetime import date

from catalogsync.contents import known_contents
from catalogsync.diff.accepted import accepted, without_accepted
from catalogsync.diff.cards import Card, cards
from catalogsync.diff.compare import RESERVED_TAGS, SCALARS, Comparison
from catalogsync.diff.mine import mine, still_undoing
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
    patched,
    undone,
)
from catalogsync.identity import match, twins
from catalogsync.import_notes import notes_by_key
from catalogsync.model import Catalog, Snapshot, State

__all__ = [
    "RESERVED_TAGS",
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
    "patched",
    "undone",
]


def diff(
    catalog: Catalog,
    snapshot: Snapshot,
    *,
    keys: frozenset[str] | None = None,
    prune: bool = False,
    base: Catalog | None = None,
    only_mine: bool = False,
    today: date = date.max,
) -> Diff:
    """Compare the catalog with what the server had; with `prune`, orphans are to be deleted.

    With a `base`, the catalog as it was applied last, every difference tells where it comes from;
    with `only_mine` those are left out that somebody made on the server. What manifests accept up
    to some day is left out until `today` has passed it.
    """
    scope = _Scope(snapshot, keys, prune, base, today)
    found, sides = scope.compared(catalog)
    if sides is None or not only_mine:
        return found
    left = mine(catalog, found.models, sides)
    again, _ = scope.compared(left.catalog)
    models = tuple(model for model in again.models if model.key not in left.alone)
    return replace(
        again,
        models=models,
        refusals=(*again.refusals, *left.refusals, *still_undoing(models, left.refusals)),
        unchanged=found.unchanged,
        accepted=found.accepted,
        alone=left.edits,
    )


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a catalog is compared with, and how."""

    snapshot: Snapshot
    keys: frozenset[str] | None
    prune: bool
    base: Catalog | None
    today: date

    def compared(self, catalog: Catalog) -> tuple[Diff, Sides | None]:
        """The differences, and the three sides where there is a base."""
        snapshot, keys = self.snapshot, self.keys
        notes = notes_by_key(catalog.name, snapshot.collections or {})
        matching = match(catalog, snapshot.models, begun=notes)
        contents = known_contents(catalog.models, snapshot.assets)
        compare = Comparison(catalog, snapshot, contents, matching.ids(), notes)
        chosen = [found for found in matching.matches if keys is None or found.spec.key in keys]
        refused = {found.spec.key: refusal for found in chosen if (refusal := unread(found))}
        matches = [found for found in chosen if found.spec.key not in refused]
        lenient = (without_accepted(found, self.today) for found in matches)
        models = [found for found in map(compare.model, lenient) if found]
        orphans = matching.orphans if keys is None else ()
        if self.prune:
            models += [ModelDiff(key, Verb.DELETE, None, remote) for key, remote in orphans]
        sides = Sides(catalog, self.base, snapshot, matching, notes) if self.base else None
        if sides:
            models = list(map(sides.attributed, models))
        present = [found for found in matches if found.spec.state is State.PRESENT]
        changing = [m for m in models if m.spec and m.spec.state is State.PRESENT]
        found = Diff(
            models=tuple(models),
            refusals=(
                *(r for r in matching.refusals if keys is None or r.model in keys),
                *refused.values(),
            ),
            orphans=() if self.prune else orphans,
            ids=matching.ids(),
            contents=contents,
            collections=snapshot.collections or {},
            notes=notes,
            prices=snapshot.prices,
            keys=keys,
            twins=twins(catalog.name, snapshot.models.values()),
            managed=sum(1 for found in matching.matches if found.remote) + len(orphans),
            unchanged=len(present) - len(changing),
            accepted=tuple(a for m in matches for a in accepted(compare, m, self.today)),
        )
        return found, sides
