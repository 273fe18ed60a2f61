"""The way back: models as they were before an apply, as a catalog to plan and apply."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from catalogsync.diff import SCALARS, TRAINING, Change, Verb
from catalogsync.identity import Refusal, owners
from catalogsync.marks import PROTECTED_TAG
from catalogsync.mentions import mentioned_assets, parsed
from catalogsync.model import (
    AssetRef,
    Catalog,
    Mention,
    ModelRef,
    ModelSpec,
    RemoteModel,
    Snapshot,
    State,
    Text,
)
from catalogsync.plan import Plan
from catalogsync.snapshots import SavedSnapshot, Touched, Undo, in_utc

_ALWAYS = ("name", "type", "protect")
"""The fields that every manifest manages."""


_NEW = (Verb.CREATE, Verb.RESTORE)


def pre_images(plan: Plan, snapshot: Snapshot, server: str, *, now: datetime) -> SavedSnapshot:
    """What a plan is about to change, as it was when the plan was made.

    Of the models that these mention just what tells whose they are is kept beside them.
    """
    existing = [m for m in plan.models if m.model_id and m.verb is not Verb.RESTORE]
    touched = {model.model_id: Touched(model.key, _touched(model.changes)) for model in existing}
    models = {model_id: snapshot.models[model_id] for model_id in touched}
    shown = {asset_id for model in models.values() for asset_id in _assets_of(model)}
    held = {model_id for model in models.values() for model_id in model.collection_ids}
    collections = snapshot.collections
    return SavedSnapshot(
        catalog=plan.catalog,
        target=plan.target,
        project=plan.project,
        read_at=in_utc(now),
        snapshot=Snapshot(
            models=models | _mentioned(models.values(), snapshot),
            assets={id: ref for id, ref in snapshot.assets.items() if id in shown},
            collections=None
            if collections is None
            else {id: name for id, name in collections.items() if id in held},
        ),
        undo=Undo(touched, tuple(m.key for m in plan.models if m.verb in _NEW)),
        server=server,
    )


def finished(saved: SavedSnapshot, made: Mapping[str, str]) -> SavedSnapshot:
    """What is kept of an apply once it has ended: also the ids of what it created, by key."""
    undo = saved.undo or Undo({})
    known = {key: made[key] for key in undo.created if key in made}
    return replace(saved, undo=replace(undo, made=known))


def _mentioned(models: Iterable[RemoteModel], snapshot: Snapshot) -> dict[str, RemoteModel]:
    """The models that others mention, without what is in them."""
    held = list(models)
    ids = {concept.model.id for model in held for concept in model.concepts}
    for model in held:
        for text in (model.description, model.prompt_guide):
            targets = (mention.target for mention in parsed(text or "").mentions)
            ids |= {target.id for target in targets if isinstance(target, ModelRef)}
    found = (
        snapshot.models[id] for id in ids - {model.id for model in held} if id in snapshot.models
    )
    return {
        model.id: RemoteModel(
            id=model.id,
            name=model.name,
            type=model.type,
            status=model.status,
            updated_at=model.updated_at,
            tags=model.tags,
        )
        for model in found
    }


def _touched(changes: Iterable[Change]) -> tuple[str, ...]:
    """The fields that changes are in; what leaves a training set may take its pairs along."""
    fields = {change.field for change in changes}
    return tuple(sorted(fields | ({"trainingImagePairs"} if "trainingImages" in fields else set())))


def _assets_of(model: RemoteModel) -> Iterator[str]:
    yield from (model.thumbnail, *model.examples)
    yield from (image.asset.id for image in model.training_images or ())
    for text in (model.description, model.prompt_guide):
        yield from mentioned_assets(text or "")


def desired(saved: SavedSnapshot, catalog: Catalog, *, prune: bool) -> Catalog:
    """The catalog whose models are those of a snapshot, by their ids and with its fields.

    With `prune`, what the apply created is to be deleted, as far as its id is known.
    """
    undo = saved.undo or _whole(saved)
    found = (_spec(model_id, touched, saved) for model_id, touched in undo.touched.items())
    specs = {spec.key: spec for spec in found}
    for key in undo.made if prune else ():
        specs.setdefault(key, ModelSpec(key=key, name=key, type="", state=State.ABSENT))
    models = tuple(specs[key] for key in sorted(specs))
    return replace(catalog, models=models, files={})


def _whole(saved: SavedSnapshot) -> Undo:
    """Everything that a snapshot holds of the catalog's own models."""
    fields = (*SCALARS, *_OTHERS, "protect", "owner")
    models = saved.snapshot.models.values()
    marked = {m.id: key for m in models for name, key in owners(m) if name == saved.catalog}
    return Undo({model_id: Touched(key, fields) for model_id, key in marked.items()})


def _spec(model_id: str, touched: Touched, saved: SavedSnapshot) -> ModelSpec:
    """A model as a manifest would say it that manages just the fields that were touched."""
    model = saved.snapshot.models[model_id]
    keys = [key for name, key in owners(model) if name == saved.catalog]
    key = touched.key if touched.key in keys or not keys else keys[0]
    managed: dict[str, Any] = {
        attribute: getattr(model, attribute)
        for field, attribute in SCALARS.items()
        if field in touched.fields and field not in _ALWAYS
    }
    for field in touched.fields:
        if field in _OTHERS:
            attribute, value = _OTHERS[field]
            managed[attribute] = value(model, saved.snapshot)
    return ModelSpec(
        key=key,
        name=model.name,
        type=model.type,
        id=model.id,
        protect=PROTECTED_TAG in model.tags,
        renamed_from=touched.key if touched.key != key else "",
        **managed,
    )


def _text(text: str | None, snapshot: Snapshot) -> Text | None:
    """A text as it was; what it mentioned in vain already then is a word in it and nothing more."""
    if text is None:
        return None
    parts: list[str | Mention] = []
    for part in parsed(text).parts:
        said = part.written if isinstance(part, Mention) and _in_vain(part, snapshot) else part
        if isinstance(said, str) and parts and isinstance(parts[-1], str):
            parts[-1] += said
        else:
            parts.append(said)
    return Text(tuple(parts))


def _in_vain(mention: Mention, snapshot: Snapshot) -> bool:
    return isinstance(mention.target, AssetRef) and mention.target.id not in snapshot.assets


def _collections(model: RemoteModel, snapshot: Snapshot) -> frozenset[str]:
    names = snapshot.collections or {}
    return frozenset(names[held] for held in model.collection_ids if held in names)


def _as_read(attribute: str) -> Callable[[RemoteModel, Snapshot], object]:
    return lambda model, _: getattr(model, attribute)


_OTHERS: dict[str, tuple[str, Callable[[RemoteModel, Snapshot], object]]] = {
    "tags": ("tags", lambda model, _: model.tags),
    "concepts": ("concepts", lambda model, _: model.concepts),
    "description": ("description", lambda model, then: _text(model.description, then)),
    "promptGuide": ("prompt_guide", lambda model, then: _text(model.prompt_guide, then)),
    "thumbnail": ("thumbnail", lambda model, _: AssetRef(id=model.thumbnail)),
    "examples": ("examples", lambda model, _: tuple(AssetRef(id=id) for id in model.examples)),
    "collections": ("collections", _collections),
    **{field: (attribute, _as_read(attribute)) for field, attribute in TRAINING.items()},
}
"""Fields that are more than a string: ours, and its value before."""


def settled(
    saved: SavedSnapshot, wanted: Catalog, live: Snapshot
) -> tuple[Catalog, tuple[Refusal, ...]]:
    """The catalog to plan with: what was not touched stays as it is by now.

    A model that is gone is refused: to make it anew would make another one. What bears the key of a
    model that the apply created, and is not that one, is left alone.
    """
    undo = saved.undo or _whole(saved)
    models, gone = [], []
    for spec in wanted.models:
        found = live.models.get(spec.id)
        if spec.state is State.ABSENT:
            models += [spec] if _is_the_one(spec.key, saved.catalog, undo, live) else []
        elif found is None:
            gone.append(_gone(spec))
        else:
            models.append(_as_it_is(spec, found, undo.touched[spec.id].fields))
    return replace(wanted, models=tuple(models)), tuple(gone)


def _as_it_is(spec: ModelSpec, live: RemoteModel, fields: tuple[str, ...]) -> ModelSpec:
    now = {"name": live.name, "type": live.type, "protect": PROTECTED_TAG in live.tags}
    kept: dict[str, Any] = {field: value for field, value in now.items() if field not in fields}
    return replace(spec, **kept)


def _gone(spec: ModelSpec) -> Refusal:
    return Refusal(
        spec.key,
        "deleted",
        f"model {spec.id} is not in the project any more",
        f"bring it back first with `catalog-sync restore --id {spec.id}`, then try again: the "
        "server keeps deleted models for 30 days",
    )


def as_it_was(undo: Undo, catalog: Catalog, snapshot: Snapshot) -> tuple[Catalog, frozenset[str]]:
    """What to compare with the models of an undo file: the manifests, and the keys that count.

    What that apply was about to delete, and has no manifest, gets one that says so.
    """
    known = {spec.key for spec in catalog.models}
    gone = (
        ModelSpec(key=each.key, name=snapshot.models[model_id].name, type="", state=State.ABSENT)
        for model_id, each in undo.touched.items()
        if not each.fields and each.key not in known
    )
    models = tuple(sorted((*catalog.models, *gone), key=lambda spec: spec.key))
    keys = {each.key for each in undo.touched.values()} | set(undo.created)
    return replace(catalog, models=models), frozenset(keys & {spec.key for spec in models})


def left_there(saved: SavedSnapshot, live: Snapshot) -> tuple[str, ...]:
    """The keys of what the apply created and the project still has."""
    undo = saved.undo or Undo({})
    return tuple(key for key in undo.created if _is_the_one(key, saved.catalog, undo, live))


def in_doubt(saved: SavedSnapshot, live: Snapshot) -> tuple[str, ...]:
    """The keys that the apply was to create and that a model bears which may be another one."""
    marks = {mark for model in live.models.values() for mark in owners(model)}
    created = saved.undo.created if saved.undo else ()
    there = left_there(saved, live)
    return tuple(key for key in created if (saved.catalog, key) in marks and key not in there)


def _is_the_one(key: str, catalog: str, undo: Undo, live: Snapshot) -> bool:
    """Whether the project has the model that an apply created for a key, and it is still ours."""
    found = live.models.get(undo.made.get(key, ""))
    return found is not None and (catalog, key) in owners(found)
