"""A glance at a catalog before it is loaded: enough to guess what will be asked of the server."""

import os
import re
from pathlib import Path

from catalogsync.errors import Problem
from catalogsync.manifest.catalog import read_document
from catalogsync.manifest.discover import MANIFESTS
from catalogsync.manifest.files import Files
from catalogsync.manifest.folder import Folder
from catalogsync.manifest.paths import Opener
from catalogsync.manifest.root import CATALOG, MODELS
from catalogsync.manifest.settings import settings
from catalogsync.manifest.strict_yaml import MAX_BYTES
from catalogsync.manifest.words import Unfit
from catalogsync.model import Catalog

_FIELD = re.compile(rb"^(\w+):", re.MULTILINE)


def catalog_without_models(root: Path) -> Catalog | None:
    """What catalog.yaml says, or None where something is wrong with it, which `load` tells."""
    problems: list[Problem] = []
    with Folder(root.resolve()) as folder:
        document = read_document(Files(folder), (CATALOG,), problems)
    found = settings(document) if document else None
    if found is None or problems:
        return None
    return Catalog(
        name=found.name,
        models=(),
        files={},
        targets=found.targets,
        default_target=found.default_target,
    )


def size(root: Path) -> int:
    """About how many models there are."""
    try:
        with os.scandir(root / MODELS) as entries:
            return sum(1 for _ in entries)
    except OSError:
        return 0


class Glance:
    """Guesses which fields manifests have, without a look at the rest of them."""

    def __init__(self, root: Path) -> None:
        self._opener = Opener(root)
        self._names = {entry.name for entry in self._opener.entries((MODELS,))}

    def fields(self, key: str) -> frozenset[str]:
        """The fields that begin a line of a key's manifest; none where it has no manifest."""
        for parts in self._places(key):
            try:
                descriptor, _ = self._opener.open((MODELS, *parts))
            except Unfit:
                continue
            with os.fdopen(descriptor, "rb") as file:
                return frozenset(name.decode() for name in _FIELD.findall(file.read(MAX_BYTES)))
        return frozenset()

    def _places(self, key: str) -> list[tuple[str, ...]]:
        if key in self._names:
            return [(key, name) for name in sorted(MANIFESTS)]
        return [(name,) for name in (f"{key}.yaml", f"{key}.yml") if name in self._names]
