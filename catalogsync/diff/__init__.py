"""Compares manifests with the server; the only place that decides whether two things are equal."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from catalogsync.claims import Claim, claims_by_key
from catalogsync.contents import Contents, known_contents
from catalogsync.diff.accepted import accepted, without_accepted
from catalogsync.diff.cards import Card, cards
from catalogsync.diff.compare import RESERVED_TAGS, SCALARS, Comparison
from catalogsync.diff.composed import compositions
from catalogsync.diff.edited import but_for_git
from catalogsync.diff.edited_files import edited_file, held_in
from catalogsync.diff.managed import MANAGED, READ_ALONE
from catalogsync.diff.mine import mine, still_undoing
from catalogsync.diff.threeway import Sides
from catalogsync.diff.training import BUSY, TRAINING, declares_training
from catalogsync.diff.unread import unread
from catalogsync.diff.values import (
    Accepted,
    Came,
    Change,
    Composition,
    Diff,
    Hunk,
    ModelDiff,
    Placed,
    Promotion,
    Value,
    Verb,
    patched,
    undone,
)
from catalogsync.identity import Match, Matching, Refusal, match, owners, twins
from catalogsync.import_notes import Note, notes_by_key
from catalogsync.model import Catalog, Snapshot, State
from catalogsync.shard import Shard
from catalogsync.values import dataclass

__all__ = [
    "BUSY",
    "MANAGED",
    "READ_ALONE",
    "RESERVED_TAGS",
    "SCALARS",
    "TRAINING",
    "Accepted",
    "Came",
    "Card",
    "Change",
    "Diff",
    "Hunk",
    "ModelDiff",
    "Placed",
    "Promotion",
    "Value",
    "Verb",
    "but_for_git",
    "cards",
    "declares_training",
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
    shard: Shard | None = None,
    base: Catalog | None = None,
    only_mine: bool = False,
    today: date = date.max,
    anew: bool = False,
    promoting: bool = False,
) -> Diff:
    """Compare the catalog with what the server had; with `prune`, orphans are to be deleted.

    With `keys` there are no orphans, unless those are the keys of a `shard`: then they are its own.
    With a `base`, the catalog as it was applied last, every difference tells where it comes from;
    with `only_mine` those are left out that somebody made on the server. What manifests accept up
    to some day is left out until `today` has passed it. With `anew`, what was deleted is created
    and not restored; when `promoting`, a promotion that was begun is no obstacle.
    """
    if anew:
        snapshot = replace(snapshot, deleted={})
    contents = known_contents(catalog.models, snapshot.assets)
    scope = _Scope(snapshot, contents, keys, prune, shard, base, today, promoting)
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
        alone=left.edits,
    )


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a catalog is compared with, and how."""

    snapshot: Snapshot
    contents: Contents
    keys: frozenset[str] | None
    prune: bool
    shard: Shard | None
    base: Catalog | None
    today: date
    promoting: bool

    def compared(self, catalog: Catalog) -> tuple[Diff, Sides | None]:
        """The differences, and the three sides where there is a base."""
        snapshot, keys = self.snapshot, self.keys
        notes = notes_by_key(catalog.name, snapshot.collections or {})
        claims = claims_by_key(catalog.name, snapshot.collections or {})
        matching = self._matched(catalog, notes, claims)
        lost = {spec.key: spec.id for spec in matching.lost}
        ids = lost | matching.restorable() | matching.ids()
        old_keys = _without_a_manifest(catalog, matching, snapshot)
        compare = Comparison(catalog, snapshot, self.contents, ids, old_keys)
        chosen = [found for found in matching.matches if self._has(found.spec.key)]
        refused = dict(self._refused(chosen))
        matches = [found for found in chosen if found.spec.key not in refused]
        models = list(self._differing(compare, matches, notes, claims))
        gone = [ModelDiff(spec.key, Verb.CREATE, spec, None) for spec in matching.lost]
        orphans = tuple(orphan for orphan in matching.orphans if self._has_orphan(orphan[0]))
        if self.prune:
            models += [ModelDiff(key, Verb.DELETE, None, remote) for key, remote in orphans]
            models.sort(key=lambda model: model.key)
        sides = Sides(catalog, self.base, snapshot, matching) if self.base else None
        if sides:
            models = list(map(sides.attributed, models))
            gone = list(map(sides.attributed, gone))
        present = [found for found in matches if found.spec.state is State.PRESENT]
        changing = [m for m in models if m.spec and m.spec.state is State.PRESENT]
        found = Diff(
            models=tuple(models),
            refusals=(
                *(refusal for refusal in matching.refusals if self._has(refusal.model)),
                *refused.values(),
            ),
            orphans=() if self.prune else orphans,
            ids=matching.ids(),
            contents=self.contents,
            collections=snapshot.collections or {},
            notes=notes,
            prices=snapshot.prices,
            keys=keys,
            twins=twins(catalog.name, snapshot.models.values()),
            managed=sum(1 for found in matching.matches if found.live) + len(matching.orphans),
            unchanged=len(present) - len(changing),
            accepted=tuple(a for m in matches for a in accepted(compare, m, self.today)),
            shard=self.shard,
            managed_here=sum(1 for found in chosen if found.live) + len(orphans),
            elsewhere=tuple(self._elsewhere(matching)) if self.shard else (),
            lost=tuple(model for model in gone if self._has(model.key)),
            busy=_trained_on(snapshot),
            claims=claims,
            deleted=snapshot.deleted,
            present=tuple(present),
            composed=tuple(self._composed(catalog, matching)),
        )
        return found, sides

    def _matched(
        self, catalog: Catalog, notes: Mapping[str, Note], claims: Mapping[str, tuple[Claim, ...]]
    ) -> Matching:
        """Whose each model is."""
        return match(
            catalog,
            self.snapshot.models,
            begun=notes,
            claims=claims,
            deleted=self.snapshot.deleted,
            promoting=self.promoting,
        )

    def _differing(
        self,
        compare: Comparison,
        matches: Iterable[Match],
        notes: Mapping[str, Note],
        claims: Mapping[str, tuple[Claim, ...]],
    ) -> Iterator[ModelDiff]:
        """The models that differ in more than what is accepted."""
        for found in matches:
            key, lenient = found.spec.key, without_accepted(found, self.today)
            if differing := compare.model(lenient, notes.get(key), claims.get(key, ())):
                yield differing

    def _refused(self, chosen: list[Match]) -> Iterator[tuple[str, Refusal]]:
        """What cannot be compared, by key."""
        was = held_in(self.base)
        for found in chosen:
            edited = edited_file(found, was, self.snapshot.assets, self.contents)
            if refusal := unread(found) or edited:
                yield found.spec.key, refusal

    def _has(self, key: str) -> bool:
        return self.keys is None or key in self.keys

    def _has_orphan(self, key: str) -> bool:
        return self.shard.has(key) if self.shard else self.keys is None

    def _composed(self, catalog: Catalog, matching: Matching) -> Iterator[Composition]:
        prunes = self.prune and (self.shard is not None or self.keys is None)
        yield from compositions(
            catalog.name,
            (model for _, model in sorted(self.snapshot.models.items())),
            matching,
            is_chosen=lambda key: self.shard is not None or self._has(key),
            doomed={model.id for _, model in matching.orphans} if prunes else (),
            today=self.today,
        )

    def _elsewhere(self, matching: Matching) -> Iterator[ModelDiff]:
        """The deletes of the other shards, which count for the catalog's brake."""
        for found in matching.matches:
            absent = found.spec.state is State.ABSENT and found.remote
            if absent and not self._has(found.spec.key):
                yield ModelDiff(found.spec.key, Verb.DELETE, found.spec, found.remote)
        for key, remote in matching.orphans if self.prune else ():
            if not self._has_orphan(key):
                yield ModelDiff(key, Verb.DELETE, None, remote)


def _without_a_manifest(catalog: Catalog, matching: Matching, snapshot: Snapshot) -> dict[str, str]:
    """The keys of models whose manifests went, by id: of what is there, and of what was deleted."""
    marks = ((m.id, mark) for m in snapshot.deleted.values() for mark in owners(m))
    deleted = {model_id: key for model_id, (name, key) in marks if name == catalog.name}
    found = deleted | {model.id: key for key, model in matching.orphans}
    there = {spec.key for spec in catalog.models}
    return {model_id: key for model_id, key in found.items() if key not in there}


def _trained_on(snapshot: Snapshot) -> frozenset[str]:
    """The ids of the assets in the training sets of the models that train."""
    busy = (model for model in snapshot.models.values() if model.status in BUSY)
    return frozenset(image.asset.id for model in busy for image in model.training_images or ())
