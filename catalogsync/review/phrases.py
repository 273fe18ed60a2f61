"""What every reading of a plan says of changes, in the same words."""

from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher

from catalogsync.actions import By, ImportModel, PromoteModel
from catalogsync.diff import Change, Value
from catalogsync.model import AssetRef, ReadBefore, TrainingPair, Weights
from catalogsync.plan import Plan
from catalogsync.review.words import counted, file_size, visible

SETS = ("tags", "collections")
"""The fields that are sets of names."""

TEXTS = ("description", "promptGuide")
"""The fields that are Markdown."""

LISTS = ("examples", "trainingImages", "trainingImagePairs")
"""The fields that are many assets."""


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


def training_count(changes: Sequence[Change]) -> str:
    """How many training images are added and removed, and how many get another caption."""
    added = sum(1 for change in changes if change.before is None)
    removed = sum(1 for change in changes if change.after is None)
    captions = len(changes) - added - removed
    counts = [f"{added} added"] if added else []
    counts += [f"{removed} removed"] if removed else []
    counts += [counted(captions, "caption")] if captions else []
    return ", ".join(counts)


def pair_steps(change: Change) -> list[tuple[str, TrainingPair]]:
    """The training pairs that go (`-`) and come (`+`), in their order."""
    before, after = _pairs(change.before), _pairs(change.after)
    old_keys, new_keys = ([_pair_key(pair) for pair in side] for side in (before, after))
    steps: list[tuple[str, TrainingPair]] = []
    matcher = SequenceMatcher(None, old_keys, new_keys, autojunk=False)
    for tag, old, old_end, new, new_end in matcher.get_opcodes():
        if tag != "equal":
            steps += [("-", pair) for pair in before[old:old_end]]
            steps += [("+", pair) for pair in after[new:new_end]]
    return steps


def _pairs(value: Value) -> list[TrainingPair]:
    held = value if isinstance(value, tuple) else ()
    return [pair for pair in held if isinstance(pair, TrainingPair)]


def _pair_key(pair: TrainingPair) -> tuple[str, str, str]:
    return _content(pair.source), _content(pair.target), pair.instruction


def _content(ref: AssetRef) -> str:
    return ref.digest or ref.id


def pair_count(change: Change) -> str:
    """How many training pairs come and go."""
    signs = [sign for sign, _ in pair_steps(change)]
    counts = ((signs.count("+"), "added"), (signs.count("-"), "removed"))
    return ", ".join(f"{number} {word}" for number, word in counts if number)


def asset_facts(
    ref: AssetRef, uploads: Iterable[str], show: Callable[[str], str] = visible
) -> list[str]:
    """Dimensions, size and whereabouts of a file or asset, as far as they are known.

    Foreign text in them is shown by `show`.
    """
    facts = [f"{ref.width}x{ref.height}"] if ref.width and ref.height else []
    facts += [file_size(ref.size)] if ref.size else []
    if ref.sha256:
        due = "fetch" if ref.url else "upload"
        facts += [due, *filing(ref, show)] if ref.digest in uploads else ["on the server"]
    return facts


def filing(ref: AssetRef, show: Callable[[str], str]) -> list[str]:
    """How a file is filed when it is sent, where its manifest says so."""
    if ref.options is None:
        return []
    parent = ref.options.parent
    told = ["hidden"] if ref.options.hide else []
    told += [f"below {show(parent.name or parent.id)}"] if parent else []
    return told + [f"in {show(name)}" for name in ref.options.collections]


def plain_value(value: str | float | bool | None) -> str:
    """A value that needs no quotes: nothing, a truth or a number."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.15g}" if isinstance(value, float | int) else "(none)"


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


def read_before_words(before: ReadBefore, marked: Callable[[str], str]) -> str:
    """What of the live state was not read for this plan; a foreign text in it is `marked`."""
    texts = f"texts of {counted(before.models, 'model')}"
    return f"{texts} as read before, the oldest at {marked(before.since)}"


def total_cost(plan: Plan) -> str:
    """What the imports that a plan begins cost together; empty if it begins none."""
    begun = [action.units for action in plan.imports if not action.upload]
    told = [units for units in begun if units is not None]
    if not told:
        return creative_units(None) if begun else ""
    unknown = len(begun) - len(told)
    more = f" and an unknown cost of {counted(unknown, 'import')}" if unknown else ""
    return creative_units(sum(told)) + more
