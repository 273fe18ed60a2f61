"""The folder of a catalog: what lies where in it, and finding the nearest one."""

import os
from pathlib import Path

from catalogsync.errors import UsageError

CATALOG = "catalog.yaml"
MODELS = "models"


def find_catalog(start: Path) -> Path:
    """The nearest folder, from `start` upward, that holds a catalog.yaml."""
    folder = start.resolve()
    if not folder.is_dir():
        raise UsageError(f"{start} is not a folder", hint="name the folder of a catalog")
    for each in (folder, *folder.parents):
        if os.path.lexists(each / CATALOG):
            return each
    raise UsageError(
        f"there is no {CATALOG} in {folder} or above it",
        hint="start one by catalog-sync init, or name the folder of a catalog",
    )
