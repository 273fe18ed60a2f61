"""`--changed-since REF`: the models whose manifests, texts or pictures are not as they were."""

from dataclasses import field, replace
from pathlib import Path
from typing import Protocol

from catalogsync.cli.output import say
from catalogsync.manifest.commit import Committed, load_beside, unchanged_since
from catalogsync.manifest.index import Unchanged
from catalogsync.manifest.tree import KnownBlobs
from catalogsync.model import Catalog, ModelSpec, State
from catalogsync.review.words import counted, visible
from catalogsync.values import dataclass


class Load(Protocol):
    """Loads the catalog, of the models with the given keys only the outline."""

    def __call__(self, *, outlined: frozenset[str] = ...) -> Catalog: ...


@dataclass(frozen=True, slots=True)
class Changed:
    """The keys that changed since a commit, or None where all count, and that in words.

    `before` is what the commit holds, unless that was read for fewer models than count.
    """

    commit: str
    keys: frozenset[str] | None
    said: str
    before: Committed | None = field(default=None, compare=False)


def open_changed(
    load: Load, root: Path, ref: str | None, blobs: KnownBlobs | None
) -> tuple[Catalog, Changed | None]:
    """Load a catalog for what changed since a commit: of other models only what that needs.

    They are outlined, unless they share a file with one that counts. Where any may count for
    something, as when a model is to be deleted that a text refers to, all are loaded.
    """
    if ref is None:
        return load(), None
    unchanged = unchanged_since(root, ref)
    catalog = load(outlined=unchanged.alone)
    changed = _changed_since(root, catalog, ref, blobs, unchanged)
    if unchanged.alone and _all_matter(catalog, changed):
        return load(), replace(changed, before=None)
    return catalog, changed


def _all_matter(catalog: Catalog, changed: Changed) -> bool:
    """Whether every model may count: all do, or any may speak of one that does."""
    keys = changed.keys
    return keys is None or any(
        _may_be_spoken_of(spec) for spec in catalog.models if spec.key in keys
    )


def _may_be_spoken_of(spec: ModelSpec) -> bool:
    """Whether a model is to go, or names assets that others may name without a file of theirs."""
    captioned = (image.asset for image in spec.training_images or ())
    return (
        spec.state is not State.PRESENT
        or any(ref.url for ref in spec.assets)
        or any(ref.id for ref in captioned)
    )


def _changed_since(
    root: Path, catalog: Catalog, ref: str, blobs: KnownBlobs | None, unchanged: Unchanged
) -> Changed:
    """Compare every other manifest, with all that it refers to, with what the commit says."""
    before = load_beside(root, ref, catalog, unchanged=unchanged, known=blobs)
    since = f"since {before.commit[:12]}"
    if before.catalog is None:
        return Changed(before.commit, None, f"The catalog is new {since}: every model counts.")
    if _settings(before.catalog) != _settings(catalog):
        words = f"catalog.yaml has changed {since}: every model counts."
        return Changed(before.commit, None, words, before)
    known = {spec.key: spec for spec in before.catalog.models}
    keys = frozenset(spec.key for spec in catalog.models if known.get(spec.key) != spec)
    said = f"{len(keys)} of {counted(len(catalog.models), 'model')} changed {since}."
    there = {key for spec in catalog.models for key in (spec.key, spec.renamed_from)}
    if gone := sorted(known.keys() - there):
        said += f" Without manifest now: {', '.join(gone)}; --prune looks at the whole catalog."
    return Changed(before.commit, keys, said, before)


def say_changed(changed: Changed | None, *, quiet: bool) -> None:
    """Say which models count."""
    if changed and not quiet:
        say(visible(changed.said))


def _settings(catalog: Catalog) -> Catalog:
    """What is said of all models at once."""
    return replace(catalog, models=(), files={})
