"""Opens what is on this machine: the catalog, and the cache of what earlier runs learned."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from catalogsync.cli.output import from_here
from catalogsync.cli.root import catalog_root
from catalogsync.errors import ManifestError
from catalogsync.events import Recalled, Tell, tell_nobody
from catalogsync.manifest import completed, load
from catalogsync.model import Catalog

if TYPE_CHECKING:
    from catalogsync.cache import DigestCache
    from catalogsync.hashed import Hashed
    from catalogsync.manifest.folder import KnownFiles


@contextmanager
def opened_cache(*, no_cache: bool) -> "Iterator[DigestCache]":
    """What earlier runs learned, for the length of a `with`; kept at its end, however it ends."""
    # SQLite is for those who load a catalog.
    from catalogsync.cache import default_path, open_cache

    with open_cache(None if no_cache else default_path()) as cache:
        yield cache


def open_catalog(
    path: Path | None,
    cache: "DigestCache",
    *,
    tell: Tell = tell_nobody,
    hashed: "Hashed | None" = None,
    may_be_empty: bool = False,
    outlined: frozenset[str] = frozenset(),
) -> Catalog:
    """Load the catalog at `path`, or the nearest one upward from here."""
    root = catalog_root(path)
    known = cache.files(root)
    with problems_as_seen_from_here(root):
        if may_be_empty:
            catalog = _loaded_if_any(root, known)
        else:
            catalog = load(root, known=known, hashed=hashed, outlined=outlined)
    tell(Recalled("file", known.hits))
    return catalog


def complete(
    root: Path,
    catalog: Catalog,
    keys: frozenset[str],
    known: "KnownFiles",
    hashed: "Hashed | None",
) -> Catalog:
    """Load models of a catalog in whole that were outlined."""
    if not keys:
        return catalog
    with problems_as_seen_from_here(root):
        return completed(root, catalog, keys, known=known, hashed=hashed)


@contextmanager
def problems_as_seen_from_here(root: Path) -> Iterator[None]:
    """Let the problems of a catalog be told by paths that lead to them from here."""
    try:
        yield
    except ManifestError as error:
        error.here = f"{from_here(root)}/"
        raise


def _loaded_if_any(root: Path, known: "KnownFiles") -> Catalog:
    from catalogsync.manifest.overlay import load_with

    catalog, problems = load_with(root, {}, {}, known=known)
    if problems:
        raise ManifestError(problems)
    return catalog
