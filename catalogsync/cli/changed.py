"""`--changed-since REF`: the models whose manifests, texts or pictures are not as they were."""

from dataclasses import dataclass, replace
from pathlib import Path

from catalogsync.cli.output import say
from catalogsync.manifest.commit import load_commit
from catalogsync.manifest.tree import KnownBlobs
from catalogsync.model import Catalog
from catalogsync.review.words import counted, visible


@dataclass(frozen=True, slots=True)
class Changed:
    """The keys that changed since a commit, or None where all count, and that in words."""

    commit: str
    keys: frozenset[str] | None
    said: str


def changed_since(root: Path, catalog: Catalog, ref: str, blobs: KnownBlobs | None) -> Changed:
    """Compare every manifest, with all that it refers to, with what the commit says.

    Where Git knows that nothing in a model's folder differs, that is not read again.
    """
    before = load_commit(root, ref, known=blobs, only_changed=True)
    since = f"since {before.commit[:12]}"
    if before.catalog is None:
        return Changed(before.commit, None, f"The catalog is new {since}: every model counts.")
    if _settings(before.catalog) != _settings(catalog):
        words = f"catalog.yaml has changed {since}: every model counts."
        return Changed(before.commit, None, words)
    known = {spec.key: spec for spec in before.catalog.models}
    keys = frozenset(
        spec.key
        for spec in catalog.models
        if spec.key not in before.unchanged and known.get(spec.key) != spec
    )
    said = f"{len(keys)} of {counted(len(catalog.models), 'model')} changed {since}."
    there = {key for spec in catalog.models for key in (spec.key, spec.renamed_from)}
    if gone := sorted(known.keys() - there):
        said += f" Without manifest now: {', '.join(gone)}; --prune looks at the whole catalog."
    return Changed(before.commit, keys, said)


def say_changed(changed: Changed | None, *, quiet: bool) -> None:
    """Say which models count."""
    if changed and not quiet:
        say(visible(changed.said))


def _settings(catalog: Catalog) -> Catalog:
    """What is said of all models at once."""
    return replace(catalog, models=(), files={})
