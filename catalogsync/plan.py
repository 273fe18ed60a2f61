"""Turns differences into an ordered plan: a value that people read and `apply` carries out."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace

from catalogsync.actions import (
    Action,
    AdoptModel,
    CreateCollection,
    CreateModel,
    DeleteModel,
    EditCollections,
    EditTags,
    FieldValue,
    ForgetModel,
    ModelAction,
    SetDescription,
    SetExamples,
    SetPromptGuide,
    UpdateModel,
    UploadAsset,
    asset_refs,
)
from catalogsync.contents import Contents
from catalogsync.diff import SCALARS, Card, Change, Diff, ModelDiff, Placed, Verb, cards
from catalogsync.identity import PROTECTED_TAG, Origin, Refusal
from catalogsync.model import NO_ASSET, AssetRef, Catalog, ModelSpec
from catalogsync.rules import NO_ALLOWANCES, Allowances, broken_limits, refused_models
from catalogsync.sending import requests_to_send


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """What becomes of one model: the differences, for people, and the actions, for the API.

    `before` and `after` show the whole model, and are no part of what is approved: that is
    what changes.
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

    @property
    def digest(self) -> str:
        """The sha256 of all that the plan says of this model."""
        return _digest(self)


@dataclass(frozen=True, slots=True)
class Orphan:
    """A model with our mark whose manifest is gone."""

    key: str
    model_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an apply would do, and everything it refuses to."""

    catalog: str
    target: str
    project: str
    uploads: tuple[UploadAsset, ...] = ()
    collections: tuple[CreateCollection, ...] = ()
    models: tuple[ModelPlan, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    orphans: tuple[Orphan, ...] = ()
    unchanged: int = 0

    @property
    def digest(self) -> str:
        """The sha256 of the whole plan: the same for the same catalog and the same server."""
        return _digest(self)

    @property
    def actions(self) -> tuple[Action, ...]:
        """All actions, uploads first and deletes last."""
        chains = [action for model in self.models for action in model.actions]
        chains.sort(key=lambda action: isinstance(action, DeleteModel))
        return (*self.uploads, *self.collections, *chains)

    @property
    def blocked(self) -> bool:
        """Whether a brake forbids the whole plan."""
        return any(not refusal.model for refusal in self.refusals)

    def count(self, verb: Verb) -> int:
        """The number of models that the verb happens to."""
        return sum(1 for model in self.models if model.verb is verb)

    @property
    def upload_bytes(self) -> int:
        """The size of all files to send, in bytes."""
        return sum(upload.asset.size for upload in self.uploads)

    @property
    def reorders(self) -> int:
        """The number of models whose examples change their order."""
        return sum(1 for model in self.models if any(map(_is_move, model.changes)))

    @property
    def requests(self) -> int:
        """The number of requests that carrying it out takes, if nothing is to be repeated."""
        checks = sum(1 for model in self.models if model.model_id)
        return checks + sum(map(_requests, self.actions))


def build_plan(
    catalog: Catalog,
    diff: Diff,
    *,
    target: str = "",
    project: str = "",
    allow: Allowances = NO_ALLOWANCES,
) -> Plan:
    """Order what is to be done, and refuse what must not be."""
    refusals = (*diff.refusals, *refused_models(catalog, diff))
    refused = {refusal.model for refusal in refusals}
    chosen = [found for found in diff.models if found.key not in refused]
    models = tuple(_plan_model(found, diff) for found in chosen)
    actions = [action for model in models for action in model.actions]
    plan = Plan(
        catalog=catalog.name,
        target=target,
        project=project,
        uploads=_uploads(actions, diff.contents),
        collections=_new_collections(actions, diff.collections),
        models=models,
        orphans=tuple(Orphan(key, model.id, model.name) for key, model in diff.orphans),
        unchanged=diff.unchanged,
    )
    brakes = broken_limits(
        catalog.policy,
        allow,
        managed=diff.managed,
        deletes=plan.count(Verb.DELETE),
        updates=sum(1 for found in chosen if _is_update(found)),
        upload=plan.upload_bytes,
    )
    ordered = sorted((*brakes, *refusals), key=lambda r: (r.model, r.code, r.message))
    return replace(plan, refusals=tuple(dict.fromkeys(ordered)))


def _is_update(found: ModelDiff) -> bool:
    """Whether a model changes that somebody may rely on: not one that our own create left."""
    changing = found.verb in (Verb.UPDATE, Verb.ADOPT, Verb.FORGET)
    return changing and found.origin is not Origin.INTERRUPTED


def _uploads(actions: Iterable[Action], contents: Contents) -> tuple[UploadAsset, ...]:
    """Each file that an action needs and the server lacks, once."""
    missing: dict[str, AssetRef] = {}
    for ref in (ref for action in actions for ref in asset_refs(action)):
        if ref.sha256 and contents.id_of(ref) is None:
            missing[ref.sha256] = min(ref, missing.get(ref.sha256, ref), key=lambda r: r.name)
    ordered = sorted(missing.values(), key=lambda ref: (ref.name, ref.sha256))
    return tuple(UploadAsset(replace(ref, id="")) for ref in ordered)


def _new_collections(
    actions: Iterable[Action], known: Mapping[str, str]
) -> tuple[CreateCollection, ...]:
    edits = (action for action in actions if isinstance(action, EditCollections))
    names = {name for edit in edits for name in edit.add} - set(known.values())
    return tuple(CreateCollection(name) for name in sorted(names))


_NOTES = {Origin.INTERRUPTED: "left behind, untagged, by an apply that was interrupted"}


def _plan_model(found: ModelDiff, diff: Diff) -> ModelPlan:
    before, after = cards(found, diff.contents, diff.collections)
    name = found.spec.name if found.spec else found.remote.name if found.remote else ""
    return ModelPlan(
        key=found.key,
        name=name,
        verb=found.verb,
        model_id=found.remote.id if found.remote else "",
        changes=found.changes,
        actions=tuple(_actions(found)),
        note=_NOTES.get(found.origin, ""),
        before=before,
        after=after,
    )


def _actions(found: ModelDiff) -> Iterator[ModelAction]:
    if found.verb is Verb.DELETE:
        yield DeleteModel(found.key)
    elif found.verb is Verb.FORGET:
        marks = {str(change.before) for change in found.changes if change.field == "owner"}
        protected = {PROTECTED_TAG} if any(c.field == "protect" for c in found.changes) else set()
        yield ForgetModel(found.key, tuple(sorted(marks | protected)))
    elif found.spec:
        yield from _identity_actions(found)
        yield from _field_actions(found, found.spec)


_AT_CREATION = ("name", "type", "shortDescription", "classSlug", "concepts")
"""The fields that POST /models takes; the others follow in a PUT."""

_BY_UPDATE = (*_AT_CREATION, "epoch", "promptEmbedding", "negativePromptEmbedding", "thumbnail")
"""The fields that PUT /models/{modelId} takes."""


def _identity_actions(found: ModelDiff) -> Iterator[ModelAction]:
    """What makes a model ours and gives it its tags: a create, an adoption, or just an edit."""
    add, delete = _tag_edits(found.changes)
    if found.verb is Verb.CREATE:
        yield CreateModel(found.key, _fields(found, _AT_CREATION), add)
    elif found.verb is Verb.ADOPT:
        yield AdoptModel(found.key, add, delete)
    elif add or delete:
        yield EditTags(found.key, add, delete)


def _field_actions(found: ModelDiff, spec: ModelSpec) -> Iterator[ModelAction]:
    changed = {change.field for change in found.changes}
    given = _AT_CREATION if found.verb is Verb.CREATE else ()
    fields = _fields(found, [name for name in _BY_UPDATE if name not in given])
    if fields:
        yield UpdateModel(found.key, fields)
    if "collections" in changed:
        yield EditCollections(found.key, *_edits(found.changes, "collections"))
    if "examples" in changed and spec.examples is not None:
        yield SetExamples(found.key, spec.examples)
    if "description" in changed and spec.description is not None:
        yield SetDescription(found.key, spec.description)
    if "promptGuide" in changed and spec.prompt_guide is not None:
        yield SetPromptGuide(found.key, spec.prompt_guide)


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


def _tag_edits(changes: Iterable[Change]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tags to add and to delete, our own marks among them."""
    add, delete = (set(tags) for tags in _edits(changes, "tags"))
    for change in changes:
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


def _requests(action: Action) -> int:
    match action:
        case UploadAsset(asset=asset):
            return requests_to_send(asset)
        case CreateModel():
            return 2
        case EditCollections(add=add, remove=remove):
            return len(add) + len(remove)
    return 1


def as_data(value: object, *, compared_only: bool = False) -> object:
    """A value as plain JSON data: dataclasses become objects that name their type.

    With `compared_only`, fields that take no part in comparison are left out.
    """
    if is_dataclass(value) and not isinstance(value, type):
        chosen = [f.name for f in fields(value) if f.compare or not compared_only]
        held = {n: as_data(getattr(value, n), compared_only=compared_only) for n in chosen}
        return {"type": type(value).__name__, **held}
    if isinstance(value, tuple | list):
        return [as_data(item, compared_only=compared_only) for item in value]
    return value


def _digest(value: object) -> str:
    data = as_data(value, compared_only=True)
    text = json.dumps(data, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
