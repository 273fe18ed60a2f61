"""Finds the catalog that a command is about."""

from pathlib import Path
from shlex import quote

from catalogsync.errors import UsageError
from catalogsync.manifest import find_catalog


def catalog_root(path: Path | None) -> Path:
    """The folder of the catalog at `path`, or of the nearest one upward from here."""
    if path is None:
        return find_catalog(Path.cwd())
    root = path.parent if path.name == "catalog.yaml" else path
    if not (root / "catalog.yaml").is_file():
        raise UsageError(f"{path} holds no catalog.yaml", hint=_hint(path))
    return root


def _hint(path: Path) -> str:
    """What to name instead of a place that is no catalog."""
    # Only a mistake needs it.
    from catalogsync.cli.output import from_here

    above = (each for each in path.resolve().parents if (each / "catalog.yaml").is_file())
    if catalog := next(above, None):
        return f"it is in the catalog {from_here(catalog)}: name that; --only KEY chooses models"
    return f"name a catalog's folder, or start one with `catalog-sync init {quote(str(path))}`"
