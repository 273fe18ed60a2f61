"""What every reading of a plan says of changes, in the same words."""

from collections.abc import Iterable, Sequence

from catalogsync.actions import By, ImportModel, PromoteModel
from catalogsync.diff import Change
from catalogsync.model import AssetRef, Weights
from catalogsync.plan import Plan
from catalogsync.review.words import counted, file_size

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
        due = "fetch" if ref.url else "upload"
        facts.append(due if ref.digest in uploads else "on the server")
    return facts


def plain_value(value: str | float | bool | None) -> str:
    """A value that needs no quotes: nothing, a truth or a number."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float | int) else "(none)"


def weights_facts(weights: Weights) -> list[str]:
    """Where weights come from, and the size of their file."""
    size = [file_size(weights.file.size)] if weights.file else []
    return [f"{weights.source} {weights.address}", *size]


def by_promotion(actions: Iterable[object]) -> str:
    """How a model is brought over from another project, as it follows the verb; or nothing."""
    for action in actions:
        if isinstance(action, PromoteModel) and not action.arrived:
            way = "copy and transfer" if action.by is By.COPY else "transfer"
            return f" by {way} from {action.origin}"
    return ""


def import_cost(action: ImportModel) -> str:
    """What making a model from weights costs, in words."""
    if action.upload:
        return f"nothing more: the import was begun by an earlier apply ({action.upload})"
    return creative_units(action.units)


def creative_units(units: float | None) -> str:
    """A cost in words."""
    if units is None:
        return "unknown"
    return f"{units:g} creative unit" + ("" if units == 1 else "s")


def total_cost(plan: Plan) -> str:
    """What the imports that a plan begins cost together; empty if it begins none."""
    begun = [action.units for action in plan.imports if not action.upload]
    told = [units for units in begun if units is not None]
    if not told:
        return creative_units(None) if begun else ""
    unknown = len(begun) - len(told)
    more = f" and an unknown cost of {counted(unknown, 'import')}" if unknown else ""
    return creative_units(sum(told)) + more
