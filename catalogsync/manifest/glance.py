"""A glance at a catalog before it is loaded: enough to guess what will be asked of the server."""

import os
import re
from pathlib import Path

from catalogsync.manifest.paths import Opener
from catalogsync.manifest.root import MODELS
from catalogsync.manifest.words import Unfit

_FIELD = re.compile(rb"^(\w+):", re.MULTILINE)
_ENOUGH = 256 * 1024


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
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                return frozenset(name.decode() for name in _FIELD.findall(file.read(_ENOUGH)))
        return frozenset()

    def _places(self, key: str) -> list[tuple[str, ...]]:
        own = [(key, name) for name in ("model.yaml", "model.yml")]
        return [(name,) for name in (f"{key}.yaml", f"{key}.yml") if name in self._names] or [*own]
