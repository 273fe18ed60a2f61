"""A manifest as its author wrote it: its text, and which file each of its examples is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalogsync.errors import Problem
from catalogsync.manifest.document import Document
from catalogsync.manifest.files import Files, Parts
from catalogsync.manifest.folder import Folder, KnownFiles
from catalogsync.manifest.paths import split
from catalogsync.manifest.references import each_example, globbed
from catalogsync.manifest.root import CATALOG
from catalogsync.manifest.settings import settings
from catalogsync.manifest.strict_yaml import MAX_BYTES
from catalogsync.manifest.training import Entry, entries
from catalogsync.manifest.words import Unfit
from catalogsync.model import AssetRef, ModelSpec
from catalogsync.values import dataclass

_TEXTS = ("description", "promptGuide")


@dataclass(frozen=True, slots=True)
class Example:
    """An entry of a manifest's examples: what it stands for, and the paths of a glob."""

    assets: tuple[AssetRef, ...]
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Authored:
    """A manifest: where it is, its bytes, its value, and those of the texts that it names.

    `texts` has, by field, where a text's file is and what is in it; captions beside the training
    images are there by their paths.
    """

    parts: Parts
    data: bytes
    value: Mapping[str, Any]
    texts: Mapping[str, tuple[Parts, bytes]]
    examples: tuple[Example, ...]
    training: tuple[Entry, ...] = ()


def authored(
    root: Path, specs: tuple[ModelSpec, ...], *, known: KnownFiles | None = None
) -> dict[str, Authored]:
    """The manifests of models of a catalog that was loaded without a problem, by key."""
    with Folder(root.resolve(), known) as folder:
        files = Files(folder)
        return {spec.key: _manifest(spec, files) for spec in specs}


def defaults(root: Path) -> Mapping[str, Any]:
    """What catalog.yaml merges into every manifest."""
    with Folder(root.resolve()) as folder:
        text = folder.read((CATALOG,), MAX_BYTES).decode("utf-8")
    return settings(Document(CATALOG, text, [])).defaults


def _manifest(spec: ModelSpec, files: Files) -> Authored:
    parts = tuple(spec.source.path.split("/"))
    data = files.read(parts, MAX_BYTES)
    problems: list[Problem] = []
    document = Document(spec.source.path, data.decode("utf-8"), problems)
    folder = parts[:-1]
    texts = {
        field: (folder + split(held["file"]), files.read(folder + split(held["file"]), MAX_BYTES))
        for field in _TEXTS
        if isinstance(held := document.value.get(field), dict)
    }
    written = document.value.get("examples", ())
    examples = tuple(_example(document, at, folder, files) for at in range(len(written)))
    trained = entries(document, folder, files)
    sidecars = (path for entry in trained for path in entry.sidecars)
    texts |= {"/".join(path): (path, files.read(path, MAX_BYTES)) for path in sidecars}
    return Authored(parts, data, document.value, texts, examples, trained)


def _example(document: Document, at: int, folder: Parts, files: Files) -> Example:
    entry = document.value["examples"][at]
    assets = tuple(each_example(document, entry, at, folder, files))
    pattern = entry.get("glob") if isinstance(entry, dict) else None
    if pattern is None:
        return Example(assets)
    try:
        found = globbed(pattern, folder, files)
    except Unfit:
        return Example(assets)
    return Example(assets, tuple("/".join(path[len(folder) :]) for path in found))
