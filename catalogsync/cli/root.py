"""Finds the catalog that a command is about."""

from pathlib import Path

from catalogsync.errors import UsageError
from catalogsync.manifest import find_catalog


def catalog_root(path: Path | None) -> Path:
    """The folder of the catalog at `path`, or of the nearest one upward from here."""
    if path is None:
        return find_catalog(Path.cwd())
    root = path.parent if path.name == "catalog.yaml" else path
    if not (root / "catalog.yaml").is_file():
        raise UsageError(
            f"{path} holds no catalog.yaml",
            hint=f"name a catalog's folder, or start one with `catalog-sync init {path}`",
        )
    return root
