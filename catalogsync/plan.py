"""Turns differences into an ordered plan: a value that people read and `apply` carries out."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace

from catalogsync.actions import (
    Action,
    CreateCollection,
    DeleteModel,
    EditCollections,
    ImportModel,
    ModelAction,
    UploadAsset,
    asset_refs,
    collection_names,
    files_to_send,
)
from catalogsync.codec import value_digest
from catalogsync.diff import (
    Accepted,
    Came,
    Card,
    Change,
    Diff,
    ModelDiff,
    Placed,
    Verb,
    cards,
    undone,
)
from catalogsync.estimate import looks, requests_of
from catalogsync.identity import Origin, Refusal
from catalogsync.members import batches
from catalogsync.model import AssetRef, Catalog
from catalogsync.remarks import remark
from catalogsync.rules import (
    NO_ALLOWANCES,
    Allowances,
    broken_limits,
    deletes_elsewhere,
    refused_models,
    shared_policy,
)
from catalogsync.steps import actions_of
from catalogsync.training_due import (
    TrainingDue,
    known_units,
    trainings_due,
)
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """What becomes of one model: the differences, for people, and the actions, for the API.

    `before` and `after` show the whole model, and are no part of what is approved: that is
    what changes. Nor is `came`, where that comes from: None where there is no base to tell it by.
    """

    key: str
    name: str
    verb: Verb
    model_id: str
    changes: tuple[Change, ...]
    actions: tuple[ModelAction, ...]
    note: str = ""
    before: Card | None = field(default=None, compare=False)
    after: Card | None = field(default=None, compare=False)
    came: Came | None = field(default=None, compare=False)

    @property
    def would_undo(self) -> int:
        """The number of edits on the server that it undoes."""
        return undone(self.verb, self.came, self.changes)

    @property
    def digest(self) -> str:
        """The sha256 of all that the plan says of this model."""
        return value_digest(self)


@dataclass(frozen=True, slots=True)
class Orphan:
    """A model with our mark whose manifest is gone."""

    key: str
    model_id: str
    name: str


LIVE = "live"
"""What a plan is made against that an apply may carry out: the project as it was just read."""


@dataclass(frozen=True, slots=True)
class Base:
    """The commit that was applied last, by which changes tell where they come from.

    `said` is how it was found. Without a commit there is none, and `said` tells why. Of one that is
    `guessed` nobody says that it was applied: what passes for an edit on the server may be a commit
    that waits for its apply.
    """

    commit: str
    said: str = ""
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an apply would do, and everything it refuses to.

    `against` says what the manifests were compared with: `LIVE`, `git:<commit>` or
    `snapshot:<digest>`. What is told by a `base`, and what manifests let differ for now
    (`accepted`), is no part of what is approved; nor is `alone`, the number of edits on the server
    that are left alone, nor `training`, the models that are due for it once all this is done.
    """

    catalog: str
    target: str
    project: str
    against: str = LIVE
    uploads: tuple[UploadAsset, ...] = ()
    collections: tuple[CreateCollection, ...] = ()
    models: tuple[ModelPlan, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    orphans: tuple[Orphan, ...] = ()
    unchanged: int = 0
    accepted: tuple[Accepted, ...] = field(default=(), compare=False)
    base: Base | None = field(default=None, compare=False)
    alone: int = field(default=0, compare=False)
    training: tuple[TrainingDue, ...] = field(default=(), compare=False)

    @property
    def digest(self) -> str:
        """The sha256 of the whole plan: the same for the same catalog and the same server."""
        return value_digest(self)

    @property
    def actions(self) -> tuple[Action, ...]:
        """All actions, uploads first and deletes last; no large upload is left alone at the end."""
        chains = [action for model in self.models for action in model.actions]
        chains.sort(key=lambda action: isinstance(action, DeleteModel))
        uploads = sorted(self.uploads, key=lambda upload: -upload.asset.size)
        return (*uploads, *self.collections, *chains)

    @property
    def blocked(self) -> bool:
        """Whether a brake forbids the whole plan."""
        return any(not refusal.model for refusal in self.refusals)

    def count(self, verb: Verb) -> int:
        """The number of models that the verb happens to."""
        return sum(1 for model in self.models if model.verb is verb)

    @property
    def would_undo(self) -> int:
        """The number of edits on the server that it undoes, as far as a base tells."""
        return sum(model.would_undo for model in self.models)

    @property
    def is_guessed(self) -> bool:
        """Whether what passes for an edit on the server may be a commit that was not applied."""
        return self.base is not None and self.base.guessed

    @property
    def imports(self) -> tuple[ImportModel, ...]:
        """The models that are made from weights."""
        actions = (action for model in self.models for action in model.actions)
        return tuple(action for action in actions if isinstance(action, ImportModel))

    @property
    def creative_units(self) -> float | None:
        """What the imports cost together; None where the server does not tell it of all."""
        units = [each.units for each in self.imports]
        return None if None in units else sum(each or 0.0 for each in units)

    @property
    def training_units(self) -> float | None:
        """What the trainings that are due cost together; None where that is not known of all."""
        told = known_units(self.training)
        return sum(told) if len(told) == len(self.training) else None

    @property
    def fetches(self) -> int:
        """The number of addresses that the server is to fetch."""
        return sum(1 for upload in self.uploads if upload.asset.url)

    @property
    def files(self) -> tuple[AssetRef, ...]:
        """The files to send."""
        sending: tuple[Action, ...] = (*self.uploads, *self.imports)
        return tuple(file for action in sending for file in files_to_send(action))

    @property
    def upload_bytes(self) -> int:
        """The size of all files to send, in bytes."""
        return sum(file.size for file in self.files)

    @property
    def reorders(self) -> int:
        """The number of models whose examples change their order."""
        return sum(1 for model in self.models if any(map(_is_move, model.changes)))

    @property
    def requests(self) -> int:
        """The number of requests that carrying it out takes, if nothing is to be repeated."""
        seen = (m for m in self.models if m.model_id and m.verb is not Verb.RESTORE)
        checks = sum(looks(model.actions) for model in seen)
        actions = self.actions
        edits = [action for action in actions if isinstance(action, EditCollections)]
        return checks + len(batches(edits)) + sum(map(requests_of, actions))


def build_plan(
    catalog: Catalog,
    diff: Diff,
    *,
    target: str = "",
    project: str = "",
    against: str = LIVE,
    allow: Allowances = NO_ALLOWANCES,
    base: Base | None = None,
) -> Plan:
    """Order what is to be done, and refuse what must not be."""
    refusals = (*diff.refusals, *refused_models(catalog, diff))
    refused = {refusal.model for refusal in refusals}
    chosen = [found for found in diff.models if found.key not in refused]
    models = tuple(_plan_model(found, diff, catalog.name) for found in chosen)
    actions = [action for model in models for action in model.actions]
    uploads = uploads_for(actions, lacks=lambda ref: diff.contents.id_of(ref) is None)
    plan = Plan(
        catalog=catalog.name,
        target=target,
        project=project,
        against=against,
        uploads=uploads,
        collections=_new_collections(actions, uploads, diff.collections),
        models=models,
        orphans=tuple(Orphan(key, model.id, model.name) for key, model in diff.orphans),
        unchanged=diff.unchanged,
        accepted=diff.accepted,
        base=base,
        alone=diff.alone,
        training=tuple(trainings_due(diff, refused)),
    )
    brakes = broken_limits(
        shared_policy(catalog.policy, diff),
        allow,
        managed=diff.managed,
        deletes=plan.count(Verb.DELETE) + deletes_elsewhere(catalog, diff),
        updates=sum(1 for found in chosen if _is_update(found)),
        upload=plan.upload_bytes,
    )
    ordered = sorted((*brakes, *refusals), key=lambda r: (r.model, r.code, r.message))
    return replace(plan, refusals=tuple(dict.fromkeys(ordered)))


def _is_update(found: ModelDiff) -> bool:
    """Whether a model changes that somebody may rely on: not one that our own create left."""
    changing = found.verb in (Verb.UPDATE, Verb.ADOPT, Verb.FORGET)
    return changing and found.origin not in (Origin.INTERRUPTED, Origin.CLAIMED)


def uploads_for(
    actions: Iterable[Action], *, lacks: Callable[[AssetRef], bool]
) -> tuple[UploadAsset, ...]:
    """Each file that the server lacks, once, as it is needed first, and what it is filed below."""
    missing: dict[str, AssetRef] = {}
    needed = deque(ref for action in actions for ref in asset_refs(action))
    while needed:
        ref = needed.popleft()
        if ref.sha256 and lacks(ref):
            if ref.options and ref.options.parent:
                needed.append(ref.options.parent)
            known = missing.get(ref.sha256)
            if known is None or _telling(ref) < _telling(known):
                missing[ref.sha256] = ref
    return tuple(UploadAsset(_bare(ref), ref.options) for ref in missing.values())


def _bare(ref: AssetRef) -> AssetRef:
    """The file alone, without the asset that was to hold it and how it is to be filed."""
    return replace(ref, id="", options=None) if ref.id or ref.options else ref


def _telling(ref: AssetRef) -> tuple[bool, str]:
    """Of two references to one file, that with options says more, and comes first."""
    return ref.options is None, ref.name


def _new_collections(
    actions: Iterable[Action], uploads: Iterable[UploadAsset], known: Mapping[str, str]
) -> tuple[CreateCollection, ...]:
    edits = (action for action in actions if isinstance(action, EditCollections))
    names = {name for edit in edits for name in edit.add}
    names |= {name for upload in uploads for name in collection_names(upload)}
    return tuple(CreateCollection(name) for name in sorted(names - set(known.values())))


def _plan_model(found: ModelDiff, diff: Diff, catalog: str) -> ModelPlan:
    before, after = cards(found, diff.contents, diff.collections)
    # What goes is what is there: who brings back an earlier state knows only its key.
    goes = found.remote if found.verb is Verb.DELETE else None
    named = goes or found.spec or found.remote
    assert named
    return ModelPlan(
        key=found.key,
        name=named.name,
        verb=found.verb,
        model_id=found.remote.id if found.remote else "",
        changes=found.changes,
        actions=tuple(actions_of(found, diff, catalog)),
        note=remark(found, diff),
        before=before,
        after=after,
        came=found.came,
    )


def _is_move(change: Change) -> bool:
    return isinstance(change.before, Placed) and isinstance(change.after, Placed)
