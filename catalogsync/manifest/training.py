"""What a manifest says of a model's training: images with their captions, pairs, parameters."""

from collections.abc import Iterator
from typing import Any

from catalogsync.manifest.captions import Captions, sidecar, sidecar_path
from catalogsync.manifest.document import Document, where
from catalogsync.manifest.files import Files
from catalogsync.manifest.references import At, Folder, assets, globbed, refuse_twin
from catalogsync.manifest.strict_yaml import Hole
from catalogsync.manifest.trainers import is_trained, misfits
from catalogsync.manifest.words import Unfit, quote
from catalogsync.model import AssetKind, AssetRef, Parameters, TrainingImage, TrainingPair
from catalogsync.texts import as_compared
from catalogsync.values import dataclass

MAX_IMAGES = 1000
_IMAGES: tuple[AssetKind, ...] = (AssetKind.IMAGE,)
_SOUNDS_TOO = (AssetKind.IMAGE, AssetKind.AUDIO)


@dataclass(frozen=True, slots=True)
class Training:
    """The parts of a training that a manifest manages; None for one that it leaves alone."""

    images: tuple[TrainingImage, ...] | None = None
    pairs: tuple[TrainingPair, ...] | None = None
    parameters: Parameters | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    """Where a training is read from, and what its files must be."""

    document: Document
    folder: Folder
    files: Files
    captions: Captions
    kinds: tuple[AssetKind, ...]

    def assets(self, entry: Any, at: At) -> Iterator[tuple[AssetRef, At]]:
        """What an entry stands for, as far as it is what models are trained on."""
        for asset, place in assets(
            self.document, entry, at, self.folder, self.files, most=MAX_IMAGES
        ):
            if asset.sha256 and asset.kind not in self.kinds:
                message = f"{where(place)}: {quote(asset.name)} is not an image ({asset.kind})"
                self.document.report(place, message, "take it out")
            else:
                yield asset, [*place]  # a place of its own for each: it tells twins apart


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a manifest's images: what it stands for.

    `paths` are those of a glob below the manifest's folder, `sidecars` where its captions are.
    """

    images: tuple[TrainingImage, ...]
    paths: tuple[str, ...] = ()
    sidecars: tuple[Folder, ...] = ()


def entries(document: Document, folder: Folder, files: Files) -> tuple[Entry, ...]:
    """The images of a manifest that was loaded without a problem, entry by entry."""
    value = document.value.get("training")
    written = (_list(value, "images") if isinstance(value, dict) else None) or []
    reading = _Reading(document, folder, files, Captions(), tuple(AssetKind))
    found = []
    for index, entry in enumerate(written):
        images = tuple(image for image, _ in _entry(reading, entry, ["training", "images", index]))
        if not isinstance(entry, dict) or "glob" not in entry:
            found.append(Entry(images))
            continue
        paths = globbed(entry["glob"], folder, files, MAX_IMAGES)
        sidecars = tuple(map(sidecar_path, paths)) if "captions" in entry else ()
        found.append(Entry(images, tuple("/".join(p[len(folder) :]) for p in paths), sidecars))
    return tuple(found)


def training(document: Document, folder: Folder, files: Files, captions: Captions) -> Training:
    """The training that a manifest declares; whatever is wrong with it is reported."""
    value = document.value.get("training")
    if not isinstance(value, dict):
        return Training()
    model_type = document.value.get("type")
    if isinstance(model_type, str) and not is_trained(model_type):
        message = f"training: models of type {quote(model_type)} are not trained"
        document.report(["training"], message, "take it out, or write a type that ends in -lora")
    kinds = _SOUNDS_TOO if model_type == "elevenlabs-voice" else _IMAGES
    reading = _Reading(document, folder, files, captions, kinds)
    pairs = _pairs(reading, _list(value, "pairs"))
    images = _images(reading, _list(value, "images"))
    return Training(
        None if images is None else _with_paired(images, pairs or ()),
        pairs,
        _parameters(document, value.get("parameters"), model_type),
    )


def _list(value: dict[str, Any], name: str) -> list[Any] | None:
    held = value.get(name)
    return held if isinstance(held, list) else None


def _images(reading: _Reading, entries: list[Any] | None) -> tuple[TrainingImage, ...] | None:
    if entries is None:
        return None
    found: list[TrainingImage] = []
    seen: dict[str, At] = {}
    for index, entry in enumerate(entries):
        for image, at in _entry(reading, entry, ["training", "images", index]):
            refuse_twin(reading.document, image.asset, at, seen)
            reading.captions.claim(reading.document, at, image)
            found.append(image)
    if len(found) > MAX_IMAGES >= len(entries):
        message = f"training.images: {len(found)} after the globs, {MAX_IMAGES} are allowed"
        reading.document.report(["training", "images"], message, "take some out")
    return tuple(found)


def _entry(reading: _Reading, entry: Any, at: At) -> Iterator[tuple[TrainingImage, At]]:
    """The images of one entry, each with its caption, if it has one."""
    written = entry if isinstance(entry, dict) else {}
    if written and not written.keys() & {"file", "asset", "glob"}:
        hint = "write file:, asset: or glob: beside it"
        reading.document.report(at, f"{where(at)}: it names no image", hint)
        return
    found = list(reading.assets(entry, at))
    if "captions" not in written or not found:
        caption = written.get("caption")
        said = as_compared(caption) if isinstance(caption, str) else None
        yield from ((TrainingImage(asset, said), place) for asset, place in found)
        return
    paths = globbed(written["glob"], reading.folder, reading.files, MAX_IMAGES)
    texts = {reading.files.asset(path).sha256: path for path in paths}
    for asset, place in found:
        try:
            yield TrainingImage(asset, sidecar(texts[asset.sha256], reading.files)), place
        except Unfit as unfit:
            there = [*at, "captions"]
            reading.document.report(there, f"{where(there)}: {unfit.message}", unfit.hint)


def _pairs(reading: _Reading, entries: list[Any] | None) -> tuple[TrainingPair, ...] | None:
    if entries is None:
        return None
    found = []
    for index, entry in enumerate(entries):
        if isinstance(entry, Hole):
            continue
        at: At = ["training", "pairs", index]
        source, target = (
            [asset for asset, _ in reading.assets(entry[side], [*at, side])]
            for side in ("source", "target")
        )
        instruction = entry.get("instruction", "")
        if source and target and isinstance(instruction, str):
            found.append(TrainingPair(source[0], target[0], as_compared(instruction)))
    return tuple(found)


def _with_paired(
    images: tuple[TrainingImage, ...], pairs: tuple[TrainingPair, ...]
) -> tuple[TrainingImage, ...]:
    """The images with those of the pairs, whose captions nobody has spoken of."""
    known = {mark for image in images for mark in _marks(image.asset)}
    paired = dict.fromkeys(ref for pair in pairs for ref in (pair.source, pair.target))
    more = {min(_marks(ref)): ref for ref in paired if known.isdisjoint(_marks(ref))}
    return (*images, *map(TrainingImage, more.values()))


def _marks(asset: AssetRef) -> set[str]:
    return {asset.sha256, asset.id} - {""}


def _parameters(document: Document, value: Any, model_type: Any) -> Parameters | None:
    if not isinstance(value, dict):
        return None
    given = {name: held for name, held in value.items() if not isinstance(held, Hole)}
    for name, message, hint in misfits(given, model_type if isinstance(model_type, str) else ""):
        at: At = ["training", "parameters", name]
        document.report(at, f"{where(at)}: {message}", hint)
    return tuple(sorted((name, _parameter(held)) for name, held in given.items()))


def _parameter(held: Any) -> str | float | bool | tuple[str, ...]:
    if isinstance(held, list):
        return tuple(each for each in held if isinstance(each, str))
    return held if isinstance(held, str | bool) else float(held)
