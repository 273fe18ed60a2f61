"""What must be read before anything can be drafted."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from catalogsync.diff import Diff, Verb, diff
from catalogsync.manifest import authored, defaults
from catalogsync.manifest.folder import KnownFiles
from catalogsync.model import NO_ASSET, Catalog, ModelSpec, RemoteModel, Snapshot, Text
from catalogsync.pull.draft import Draft, Grounds
from catalogsync.pull.selection import Kind, Note, Selection, Wanted
from catalogsync.pull.taken import taken

_SCHEMA = ("schemas", "model.schema.json")
_NOT_THERE = "it has no model on the server"


def to_observe(catalog: Catalog, selection: Selection) -> Catalog:
    """The catalog with a manifest of every field for each model that is to get one.

    Nothing is imported by a pull, and so no price is asked for.
    """
    specs = (replace(spec, weights=None) for spec in catalog.models)
    fresh = (_of_every_field(key, model) for key, model in selection.fresh.items())
    return replace(catalog, models=tuple(sorted((*specs, *fresh), key=lambda spec: spec.key)))


def _of_every_field(key: str, model: RemoteModel) -> ModelSpec:
    return ModelSpec(
        key=key,
        name=model.name,
        type=model.type,
        id=model.id,
        description=Text(),
        prompt_guide=Text(),
        thumbnail=NO_ASSET,
        examples=(),
        collections=frozenset(),
        prompt_embedding="",
        negative_prompt_embedding="",
        training_images=(),
        training_pairs=(),
        training_parameters=(),
    )


def grounds(
    root: Path,
    catalog: Catalog,
    snapshot: Snapshot,
    selection: Selection,
    wanted: Wanted,
    known: KnownFiles | None = None,
    base: Catalog | None = None,
    today: date = date.max,
) -> Grounds:
    """Compare, and read the manifests that differ; with a `base`, by what the server edited."""
    whole = diff(catalog, snapshot, keys=selection.edited, base=base, today=today)
    models, left = taken(whole, wanted.accept)
    found = replace(whole, models=models)
    differing = [
        model.spec
        for model in found.models
        if model.spec and model.remote and model.verb in (Verb.UPDATE, Verb.ADOPT)
        if model.changes
    ]
    notes = (*selection.notes, *left, *_not_compared(selection, found))
    return Grounds(
        catalog=catalog,
        snapshot=snapshot,
        selection=replace(selection, notes=notes),
        found=found,
        written=authored(root, tuple(differing), known=known),
        defaults=defaults(root),
        base=base,
        today=today,
        modeline=root.joinpath(*_SCHEMA).is_file(),
    )


def _not_compared(selection: Selection, found: Diff) -> Iterable[Note]:
    """The manifests that are asked for and have nothing to be compared with."""
    refused = {refusal.model: refusal for refusal in found.refusals}
    for key in sorted(selection.edited):
        if key in refused:
            refusal = refused[key]
            yield Note(key, "", Kind.REFUSED, refusal.message, refusal.hint)
        elif key not in found.ids:
            hint = "apply creates it; remove the manifest if that is not wanted"
            yield Note(key, "", Kind.REFUSED, _NOT_THERE, hint)


def to_download(draft: Draft, given: Grounds) -> dict[str, tuple[str, ...]]:
    """The assets whose files are to be had beside each manifest, by key, in their order."""
    live: Mapping[str, RemoteModel] = given.snapshot.models
    found: dict[str, tuple[str, ...]] = {}
    for key in draft.files:
        model = live[draft.names[key][1]]
        fields = draft.fields.get(key)
        thumbnail = (model.thumbnail,) if _takes(fields, "thumbnail") else ()
        examples = model.examples if _takes(fields, "examples") else ()
        trained = (model.training_images or ()) if _takes(fields, "trainingImages") else ()
        images = (image.asset.id for image in trained)
        held = _there_already(given, key) if fields is not None else frozenset()
        wanted = dict.fromkeys((*thumbnail, *examples, *images))
        found[key] = tuple(each for each in wanted if each and each not in held)
    return {key: assets for key, assets in found.items() if assets}


def _takes(fields: tuple[str, ...] | None, name: str) -> bool:
    return fields is None or name in fields


def _there_already(given: Grounds, key: str) -> frozenset[str]:
    """The assets that a manifest names, or whose file it has."""
    spec = next(spec for spec in given.catalog.models if spec.key == key)
    token: Callable[[str], str] = given.found.contents.token_of
    own = {given.found.contents.token(ref) for ref in spec.assets}
    return frozenset(held for held in given.snapshot.assets if token(held) in own)
