"""What is to be done to one model, in order."""

from collections.abc import Iterable, Iterator

from catalogsync.actions import (
    AdoptModel,
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
    RestoreModel,
    SetDescription,
    SetExamples,
    SetPromptGuide,
    UpdateModel,
)
from catalogsync.claims import Way, claim_name
from catalogsync.diff import SCALARS, Change, Diff, ModelDiff, Promotion, Verb
from catalogsync.import_notes import note_name, weights_digest
from catalogsync.marks import PROTECTED_TAG, UNFINISHED_TAG
from catalogsync.model import NO_ASSET, ModelSpec, Price, Weights
from catalogsync.training_data import training_actions
from catalogsync.training_due import data_marks, mark_edits


def actions_of(found: ModelDiff, diff: Diff, catalog: str) -> Iterator[ModelAction]:
    """The actions of a model: what makes it ours first, what replaces texts last."""
    if found.verb is Verb.DELETE:
        yield DeleteModel(found.key)
    elif found.verb is Verb.FORGET and found.remote:
        marks = {str(change.before) for change in found.changes if change.field == "owner"}
        protected = {PROTECTED_TAG} if any(c.field == "protect" for c in found.changes) else set()
        yield ForgetModel(found.key, tuple(sorted(marks | protected | data_marks(found.remote))))
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
    add, delete = map(set, _edits(found.changes, "tags"))
    marks, unmarks = mark_edits(found)
    add |= marks
    delete |= unmarks
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
