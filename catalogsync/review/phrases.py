"""What every reading of a plan says of changes, in the same words."""

from collections.abc import Iterable, Sequence

from catalogsync.diff import Change
from catalogsync.model import AssetRef
from catalogsync.review.words import file_size

SETS = ("tags", "collections")
"""The fields that are sets of names."""

TEXTS = ("description", "promptGuide")
"""The fields that are Markdown."""


def by_field(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """The changes of a model grouped by the field they are in."""
    grouped: dict[str, list[Change]] = {}
    for change in changes:
        grouped.setdefault(change.field, []).append(change)
    return grouped


def examples_count(changes: Sequence[Change]) -> str:
    """How many examples are added, removed and moved."""
    added = sum(1 for change in changes if change.before is None)
    removed = sum(1 for change in changes if change.after is None)
    moved = len(changes) - added - removed
    counts = ((added, "added"), (removed, "removed"), (moved, "moved"))
    return ", ".join(f"{number} {word}" for number, word in counts if number)


def asset_facts(ref: AssetRef, uploads: Iterable[str]) -> list[str]:
    """Dimensions, size and whereabouts of a file or asset, as far as they are known."""
    facts = [f"{ref.width}x{ref.height}"] if ref.width and ref.height else []
    facts += [file_size(ref.size)] if ref.size else []
    if ref.sha256:
        facts.append("upload" if ref.digest in uploads else "on the server")
    return facts
