"""What must be read before anything can be drafted."""

from collections.abc import Callable, Collection, Container, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from catalogsync.diff import Came, Diff, Verb, diff
from catalogsync.manifest.authored import authored, defaults
from catalogsync.manifest.folder import KnownFiles
from catalogsync.model import Catalog, ModelSpec, RemoteModel, Snapshot, State
from catalogsync.observe import of_every_field
from catalogsync.pull.grounds import Draft, Grounds
from catalogsync.pull.selection import Kind, Note, Selection, Wanted
from catalogsync.pull.taken import taken

_SCHEMA = ("schemas", "model.schema.json")
_NOT_THERE = "it has no model on the server"
_GONE = "its model is gone from the server"


def to_observe(catalog: Catalog, selection: Selection) -> Catalog:
    """The catalog with a manifest of every field for each model that is to get one.

    Nothing is imported by a pull, and so no price is asked for.
    """
    specs = (replace(spec, weights=None) for spec in catalog.models)
    fresh = (of_every_field(key, model) for key, model in selection.fresh.items())
    return replace(catalog, models=tuple(sorted((*specs, *fresh), key=lambda spec: spec.key)))


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
    keys = selection.edited | selection.without
    whole = diff(catalog, snapshot, keys=keys, base=base, today=today)
    models, left = taken(whole, wanted.accept)
    gone = {spec.key: spec for spec in _gone(selection, whole)}
    let_go = tuple(spec for key, spec in gone.items() if wanted.accept.get(key) == frozenset())
    found = replace(whole, models=models)
    differing = [
        model.spec
        for model in found.models
        if model.spec and model.remote and model.verb in (Verb.UPDATE, Verb.ADOPT)
        if model.changes
    ]
    notes = (*selection.notes, *left, *_not_taken(catalog, selection, found, gone, let_go))
    return Grounds(
        catalog=catalog,
        snapshot=snapshot,
        selection=replace(selection, notes=notes),
        found=found,
        gone=let_go,
        written=authored(root, (*differing, *let_go), known=known),
        defaults=defaults(root),
        base=base,
        today=today,
        modeline=root.joinpath(*_SCHEMA).is_file(),
    )


def _gone(selection: Selection, found: Diff) -> Iterator[ModelSpec]:
    """The manifests whose models were deleted by somebody, as far as anybody can tell.

    In a project that has none of the catalog's models, those that manifests pin never were there.
    """
    lost = found.lost if found.managed else ()
    for model in (*found.models, *lost):
        told = model.came is Came.DRIFT or (model.came is None and model in lost)
        if told and model.spec and model.remote is None and model.key in selection.without:
            yield model.spec


def _not_taken(
    catalog: Catalog,
    selection: Selection,
    found: Diff,
    gone: Container[str],
    let_go: Collection[ModelSpec],
) -> Iterator[Note]:
    """The manifests that are asked for and have nothing to be compared with, or not by now."""
    refused = {refusal.model: refusal for refusal in found.refusals}
    states = {spec.key: spec.state for spec in catalog.models}
    taken_in = {spec.key for spec in let_go}
    for key in sorted((selection.edited | selection.without) - taken_in):
        if key in gone:
            hint = f"let it go with --accept {key}, or restore it on the server"
            yield Note(key, "", Kind.REFUSED, _GONE, hint)
        elif key not in selection.edited:
            continue
        elif key in refused:
            refusal = refused[key]
            yield Note(key, "", Kind.REFUSED, refusal.message, refusal.hint)
        elif key not in found.ids:
            hint = "apply creates it; remove the manifest if that is not wanted"
            yield Note(key, "", Kind.REFUSED, _NOT_THERE, hint)
        elif states[key] is not State.PRESENT:
            message = f"its manifest says `state: {states[key]}`, and its model is there"
            yield Note(key, "", Kind.REFUSED, message, "take that line out, then pull again")


def to_download(draft: Draft, given: Grounds) -> dict[str, tuple[str, ...]]:
    """The assets whose files are to be had beside each manifest, by key, in their order."""
    live: Mapping[str, RemoteModel] = given.snapshot.models
    found: dict[str, tuple[str, ...]] = {}
    for key in draft.files:
        model = live.get(draft.names[key][1])
        if model is None:
            continue
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
