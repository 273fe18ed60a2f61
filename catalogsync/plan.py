"""Turns differences into an ordered plan: a value that people read and `apply` carries out."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from catalogsync.actions import (
    Action,
    AddTrainingImages,
    AdoptModel,
    CreateCollection,
    CreateModel,
    DeleteModel,
    EditCollections,
    EditTags,
    EndImport,
    EndNote,
    FieldValue,
    ForgetModel,
    ImportModel,
    ModelAction,
    PromoteModel,
    RemoveTrainingImages,
    RestoreModel,
    SetCaptions,
    SetDescription,
    SetExamples,
    SetPromptGuide,
    SetTrainingPairs,
    UpdateModel,
    UploadAsset,
    asset_refs,
    collection_names,
    files_to_send,
    is_compared,
)
from catalogsync.claims import Way, claim_name
from catalogsync.codec import value_digest
from catalogsync.contents import Contents
from catalogsync.diff import (
    SCALARS,
    Accepted,
    Came,
    Card,
    Change,
    Diff,
    ModelDiff,
    Placed,
    Promotion,
    Verb,
    cards,
    undone,
)
from catalogsync.identity import PROTECTED_TAG, UNFINISHED_TAG, Origin, Refusal
from catalogsync.import_notes import note_name, weights_digest
from catalogsync.members import batches
from catalogsync.model import (
    NO_ASSET,
    AssetOptions,
    AssetRef,
    Catalog,
    ModelSpec,
    Price,
    Weights,
)
from catalogsync.ports import TRAINING_IMAGES_PER_CALL
from catalogsync.remarks import remark
from catalogsync.rules import (
    NO_ALLOWANCES,
    Allowances,
    broken_limits,
    deletes_elsewhere,
    refused_models,
    shared_policy,
)
from catalogsync.sending import requests_to_send
from catalogsync.training_data import training_actions
from catalogsync.training_due import (
    TrainingDue,
    data_marks,
    known_units,
    mark_edits,
    trainings_due,
)


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

    `said` is how it was found. Without a commit there is none, and `said` tells why.
    """

    commit: str
    said: str = ""


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
        checks = sum(_looks(model.actions) for model in seen)
        edits = [action for action in self.actions if isinstance(action, EditCollections)]
        return checks + len(batches(edits)) + sum(map(_requests, self.actions))


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
    uploads = _uploads(actions, diff.contents)
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


def _uploads(actions: Iterable[Action], contents: Contents) -> tuple[UploadAsset, ...]:
    """Each file that an action needs and the server lacks, once, and what it is filed below."""
    missing: dict[str, AssetRef] = {}
    needed = deque(ref for action in actions for ref in asset_refs(action))
    while needed:
        ref = needed.popleft()
        if ref.sha256 and contents.id_of(ref) is None:
            if ref.options and ref.options.parent and not _options(missing.get(ref.sha256)):
                needed.append(ref.options.parent)
            missing[ref.sha256] = min(ref, missing.get(ref.sha256, ref), key=_telling)
    ordered = sorted(missing.values(), key=lambda ref: (ref.name, ref.sha256))
    return tuple(UploadAsset(replace(ref, id="", options=None), ref.options) for ref in ordered)


def _options(ref: AssetRef | None) -> AssetOptions | None:
    return ref.options if ref else None


def _telling(ref: AssetRef) -> tuple[bool, str]:
    """Of two references to one file, that with options says more."""
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
    name = found.spec.name if found.spec else found.remote.name if found.remote else ""
    return ModelPlan(
        key=found.key,
        name=name,
        verb=found.verb,
        model_id=found.remote.id if found.remote else "",
        changes=found.changes,
        actions=tuple(_actions(found, diff, catalog)),
        note=remark(found, diff),
        before=before,
        after=after,
        came=found.came,
    )


def _actions(found: ModelDiff, diff: Diff, catalog: str) -> Iterator[ModelAction]:
    if found.verb is Verb.DELETE:
        yield DeleteModel(found.key)
    elif found.verb is Verb.FORGET:
        marks = {str(change.before) for change in found.changes if change.field == "owner"}
        protected = {PROTECTED_TAG} if any(c.field == "protect" for c in found.changes) else set()
        told = data_marks(found.remote) if found.remote else frozenset()
        yield ForgetModel(found.key, tuple(sorted(marks | protected | told)))
    elif found.spec:
        yield from _identity_actions(found, diff, catalog)
        yield from _field_actions(found, found.spec)


_AT_CREATION = ("name", "type", "shortDescription", "classSlug", "concepts")
"""The fields that POST /models takes; the others follow in a PUT."""

_BY_UPDATE = (*_AT_CREATION, "epoch", "promptEmbedding", "negativePromptEmbedding", "thumbnail")
"""The fields that PUT /models/{modelId} takes."""


def _identity_actions(found: ModelDiff, diff: Diff, catalog: str) -> Iterator[ModelAction]:
    """What makes a model ours and gives it its tags: a create, an adoption, or just an edit."""
    add, delete = _tag_edits(found)
    fields = {change.field for change in found.changes}
    if {"owner", "note"} <= fields:
        # What bears it has a note that the next run must look for, if this one does not get there.
        add = tuple(sorted({*add, UNFINISHED_TAG}))
    if found.promotion:
        yield _promote(found.key, found.promotion, catalog)
    if found.verb is Verb.CREATE and found.promotion:
        return
    if found.verb is Verb.RESTORE and found.remote:
        name = claim_name(Way.RESTORING, catalog, found.key, model_id=found.remote.id)
        yield RestoreModel(found.key, found.remote.id, add, name)
    elif found.verb is Verb.CREATE and found.spec and found.spec.weights:
        yield _import(found.spec, found.spec.weights, add, diff, catalog)
    elif found.verb is Verb.CREATE:
        yield CreateModel(found.key, _fields(found, _AT_CREATION), add)
    elif found.verb is Verb.ADOPT:
        yield AdoptModel(found.key, add, delete)
    elif add or delete:
        yield EditTags(found.key, add, delete)
    if "import" in fields:
        yield EndImport(found.key)
    if "note" in fields:
        yield EndNote(found.key)


def _promote(key: str, promotion: Promotion, catalog: str) -> PromoteModel:
    source = promotion.source.id
    return PromoteModel(
        model=key,
        source=source,
        origin=promotion.origin,
        by=promotion.by,
        note=claim_name(Way.PROMOTING, catalog, key, source=source),
        arrived=promotion.arrived,
    )


def _import(
    spec: ModelSpec, weights: Weights, tags: tuple[str, ...], diff: Diff, catalog: str
) -> ImportModel:
    begun, price = diff.notes.get(spec.key), diff.prices.get(weights_digest(weights), Price())
    return ImportModel(
        model=spec.key,
        model_type=spec.type,
        weights=weights,
        tags=tags,
        note=note_name(catalog, spec.key, weights),
        upload=begun.upload if begun else "",
        units=0.0 if begun else price.units,
    )


def _field_actions(found: ModelDiff, spec: ModelSpec) -> Iterator[ModelAction]:
    changed = {change.field for change in found.changes}
    given = _given_at_creation(found, spec)
    fields = _fields(found, [name for name in _BY_UPDATE if name not in given])
    if fields:
        yield UpdateModel(found.key, fields)
    if "collections" in changed:
        yield EditCollections(found.key, *_edits(found.changes, "collections"))
    yield from training_actions(found, spec)
    if "examples" in changed and spec.examples is not None:
        yield SetExamples(found.key, spec.examples)
    if "description" in changed and spec.description is not None:
        yield SetDescription(found.key, spec.description)
    if "promptGuide" in changed and spec.prompt_guide is not None:
        yield SetPromptGuide(found.key, spec.prompt_guide)


def _given_at_creation(found: ModelDiff, spec: ModelSpec) -> tuple[str, ...]:
    """The fields that need no update; an import decides the type, and takes none of the others."""
    if found.verb is not Verb.CREATE or found.promotion:
        return ()
    return ("type",) if spec.weights else _AT_CREATION


def _fields(found: ModelDiff, names: Iterable[str]) -> tuple[tuple[str, FieldValue], ...]:
    """The changed ones of the named fields with their new values, sorted."""
    assert found.spec is not None
    changed = {change.field for change in found.changes}
    return tuple((n, _field_value(found.spec, n)) for n in sorted(changed.intersection(names)))


def _field_value(spec: ModelSpec, name: str) -> FieldValue:
    if name == "thumbnail":
        return None if spec.thumbnail == NO_ASSET else spec.thumbnail
    if name == "concepts":
        return spec.concepts
    value: str = getattr(spec, SCALARS[name])
    return value or (None if name in ("classSlug", "epoch") else "")


def _tag_edits(found: ModelDiff) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tags to add and to delete, our own marks among them."""
    marks = mark_edits(found)
    edits = zip(_edits(found.changes, "tags"), marks, strict=True)
    add, delete = ({*tags, *ours} for tags, ours in edits)
    for change in found.changes:
        if change.field == "owner":
            add.add(str(change.after))
            if change.before is not None:
                delete.add(str(change.before))
        elif change.field == "protect":
            (add if change.after else delete).add(PROTECTED_TAG)
    return tuple(sorted(add)), tuple(sorted(delete))


def _edits(changes: Iterable[Change], field: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is added to a field that is a set, and what is taken out of it, sorted."""
    chosen = [change for change in changes if change.field == field]
    add = sorted(str(change.after) for change in chosen if change.after is not None)
    remove = sorted(str(change.before) for change in chosen if change.after is None)
    return tuple(add), tuple(remove)


def _is_move(change: Change) -> bool:
    return isinstance(change.before, Placed) and isinstance(change.after, Placed)


def _looks(actions: Iterable[ModelAction]) -> int:
    """The requests that look at a model before it is written to."""
    return 1 + sum(is_compared(action, first=at == 0) for at, action in enumerate(actions))


_TO_BEGIN = 2  # begin, poll
_TO_NOTE_AND_TAG = 7  # collection: make, look for twins, rename, delete; model: tag, look at
_TO_PROMOTE = 14  # note: make, rename; copy, mark, look, transfer, look; delete, list, look
_TO_RESTORE = 8  # look, restore; collection: make, delete; model: tag and look at, twice
_TO_TAKE_UP = 5  # look, poll; model: tag, look at; collection: delete


def _requests(action: Action) -> int:
    match action:
        case UploadAsset(asset=asset):
            return requests_to_send(asset)
        case CreateModel():
            return 2
        case PromoteModel():
            return _TO_PROMOTE
        case EndNote():
            return 2
        case RestoreModel():
            return _TO_RESTORE
        case ImportModel(upload=upload) if upload:
            return _TO_TAKE_UP
        case ImportModel(weights=weights):
            sending = requests_to_send(weights.file) if weights.file else _TO_BEGIN
            return sending + _TO_NOTE_AND_TAG
        case EditCollections():
            return 0  # counted by the batch
        case SetCaptions(images=captioned):
            return len(captioned)
        case AddTrainingImages(images=added):
            return 2 + -(-len(added) // TRAINING_IMAGES_PER_CALL)
        case RemoveTrainingImages(images=removed):
            return len(removed)
        case SetTrainingPairs():
            return 2
    return 1
