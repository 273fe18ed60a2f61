"""From a validated manifest to a `ModelSpec`."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from catalogsync.manifest.context import Context
from catalogsync.manifest.discover import Manifest
from catalogsync.manifest.document import Document, where
from catalogsync.manifest.markdown import markdown
from catalogsync.manifest.paths import split
from catalogsync.manifest.references import examples, thumbnail
from catalogsync.manifest.scalars import Surprise
from catalogsync.manifest.strict_yaml import Hole
from catalogsync.manifest.tags import check_tags, unique
from catalogsync.manifest.training import training
from catalogsync.manifest.words import Unfit, quote
from catalogsync.model import Concept, Ignored, ModelSpec, Source, State, Weights, WeightsSource

RETIRED = frozenset(
    ("sd-1_5", "sd-1_5-lora", "sd-1_5-composition", "sd-xl", "sd-xl-lora", "sd-xl-composition")
)


def spec(document: Document, manifest: Manifest, context: Context) -> ModelSpec:
    """The model a manifest describes; whatever is wrong with it is reported."""
    folder = manifest.parts[:-1]
    _check_type(document)
    trained = training(document, folder, context.files, context.captions)
    return ModelSpec(
        key=manifest.key,
        name=_own(document, "name", ""),
        type=_own(document, "type", ""),
        short_description=_value(document, context, "shortDescription"),
        tags=_tags(document, context),
        description=markdown(document, "description", folder, context),
        prompt_guide=markdown(document, "promptGuide", folder, context),
        thumbnail=thumbnail(document, folder, context.files),
        examples=examples(document, folder, context.files),
        collections=_collections(document, context),
        class_slug=_value(document, context, "classSlug"),
        concepts=_concepts(document, context),
        epoch=_own(document, "epoch"),
        prompt_embedding=_value(document, context, "promptEmbedding"),
        negative_prompt_embedding=_value(document, context, "negativePromptEmbedding"),
        weights=_weights(document, folder, context),
        training_images=trained.images,
        training_pairs=trained.pairs,
        training_parameters=trained.parameters,
        id=_own(document, "id", ""),
        protect=_value(document, context, "protect") or False,
        state=State(_own(document, "state", "present")),
        renamed_from=_own(document, "renamedFrom", ""),
        ignored=tuple(_ignored(document)),
        source=Source(manifest.path),
    )


def accept_dates(value: Any) -> None:
    """Takes the dates of `ignore` for text: there, and only there, a date is due."""
    entries = value.get("ignore") if isinstance(value, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        until = entry.get("until") if isinstance(entry, dict) else None
        if isinstance(until, Surprise) and until.is_date:
            entry["until"] = until.written


def _own(document: Document, name: str, default: Any = None) -> Any:
    value = document.value.get(name, default)
    return default if isinstance(value, Hole) else value


def _value(document: Document, context: Context, name: str) -> Any:
    return _own(document, name, context.settings.defaults.get(name))


def _tags(document: Document, context: Context) -> frozenset[str] | None:
    own = _own(document, "tags")
    if own:
        check_tags(document, own, ["tags"], context.settings.ignore_tags)
    return _union(own, context.settings.defaults.get("tags"))


def _collections(document: Document, context: Context) -> frozenset[str] | None:
    own = _own(document, "collections")
    if own:
        unique(document, own, ["collections"])
    return _union(own, context.settings.defaults.get("collections"))


def _union(own: list[Any] | None, others: list[str] | None) -> frozenset[str] | None:
    if own is None and others is None:
        return None
    return frozenset(value for value in (*(own or ()), *(others or ())) if isinstance(value, str))


def _concepts(document: Document, context: Context) -> tuple[Concept, ...] | None:
    entries = _own(document, "concepts")
    if entries is None:
        return None
    result = []
    for index, entry in enumerate(entries):
        if isinstance(entry, Hole) or any(isinstance(part, Hole) for part in entry.values()):
            continue
        try:
            model = context.model(entry["model"])
        except Unfit as unfit:
            at: list[str | int] = ["concepts", index, "model"]
            document.report(at, f"{where(at)}: {unfit.message}", unfit.hint)
            continue
        result.append(Concept(model, float(entry["scale"]), entry.get("epoch", "")))
    return tuple(result)


def _check_type(document: Document) -> None:
    kind = _own(document, "type")
    if kind in RETIRED and "id" not in document.value:
        message = f"type: {quote(kind)} is retired: the API does not create it any more (410)"
        hint = "take a FLUX, Qwen Image or Z-Image type, or pin an existing model by id:"
        document.report(["type"], message, hint)


def _ignored(document: Document) -> Iterator[Ignored]:
    """The differences that are accepted; the schema has seen to the names."""
    for index, entry in enumerate(_own(document, "ignore", ())):
        words = entry if isinstance(entry, dict) else {}
        if not all(isinstance(words.get(n, ""), str) for n in ("field", "reason", "owner")):
            continue
        until = words.get("until")
        if not isinstance(until, str):
            continue
        try:
            last = date.fromisoformat(until)
        except ValueError:
            at: list[str | int] = ["ignore", index, "until"]
            document.report(at, f"{where(at)}: {until} is no day of the calendar", "check it")
            continue
        yield Ignored(words["field"], words["reason"], last, words.get("owner", ""))


def _weights(document: Document, folder: tuple[str, ...], context: Context) -> Weights | None:
    """Where a new model comes from; the schema lets exactly one place through."""
    for source, address in _own(document, "source", {}).items():
        if not isinstance(address, str):
            continue
        if source != WeightsSource.FILE:
            return Weights(WeightsSource(source), address)
        try:
            file = context.files.weights(folder + split(address))
        except Unfit as unfit:
            message = f"source.file: {quote(address)}: {unfit.message}"
            document.report(["source", "file"], message, unfit.hint)
            continue
        return Weights(WeightsSource.FILE, address, file)
    return None
