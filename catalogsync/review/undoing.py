"""What of a plan would undo edits on the server, in the same words in every reading."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from catalogsync.diff import Accepted, Came, Change, Placed, Verb
from catalogsync.model import TrainingImage
from catalogsync.plan import ModelPlan, Plan
from catalogsync.review.phrases import TEXTS, by_field
from catalogsync.review.words import counted
from catalogsync.values import dataclass

SIGN = "⚠"
"""What stands before whatever would undo an edit."""

Shown = Callable[[str], str]
"""How a reading writes foreign text."""

_WHOLE = {
    (Verb.CREATE, Came.DRIFT): "would bring back a model that was deleted on the server, "
    "unless base was never applied",
    (Verb.RESTORE, Came.DRIFT): "would bring back a model that was deleted on the server",
    (Verb.DELETE, Came.DRIFT): "would delete a model that base has no manifest of either",
    (Verb.DELETE, Came.CONFLICT): "would delete a model that was edited on the server",
    (Verb.FORGET, Came.DRIFT): "would take off a mark that was put on on the server",
}

_UNLESS = ", unless base was never applied"
_SURE = frozenset({(Verb.RESTORE, Came.DRIFT), (Verb.DELETE, Came.DRIFT)})
"""What holds whether base was applied or not."""

_MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class Undoing:
    """What one field, or for an empty `field` the whole model, would undo.

    `what` are the parts of the field that are concerned, `both` whether the manifest has changed
    the same. Where base was `guessed`, it may be no edit but a commit that waits.
    """

    field: str
    number: int = 1
    what: tuple[str, ...] = ()
    both: bool = False
    whole: str = ""
    guessed: bool = False

    def sentence(self, shown: Shown) -> str:
        """The words for it, without the field."""
        if self.whole:
            return self.whole
        edits = "an edit" if self.number == 1 else f"{self.number} edits"
        names = [shown(name) for name in self.what[:_MOST_NAMES]]
        names += [f"{len(self.what) - _MOST_NAMES} more"] if len(self.what) > _MOST_NAMES else []
        where = f" ({', '.join(names)})" if names else ""
        both = "; the manifest has changed it too" if self.both else ""
        return f"{would_undo(guessed=self.guessed)} {edits} on the server{where}{both}"


def would_undo(*, guessed: bool) -> str:
    """The words for what a base tells: a guessed one tells what may be."""
    return "may undo" if guessed else "would undo"


def undoings(model: ModelPlan, *, guessed: bool = False) -> Iterator[Undoing]:
    """What a model's changes would undo, field by field, by a base that may be `guessed`."""
    if model.came and (whole := _WHOLE.get((model.verb, model.came))):
        unsure = guessed and (model.verb, model.came) not in _SURE
        yield Undoing("", whole=whole.removesuffix(_UNLESS) + _UNLESS if unsure else whole)
    elif model.verb not in (Verb.CREATE, Verb.RESTORE):
        for field, changes in by_field(model.changes).items():
            if mine := [change for change in changes if change.came and change.came.would_undo]:
                yield replace(_of_field(field, mine), guessed=guessed)


def _of_field(field: str, changes: Sequence[Change]) -> Undoing:
    both = any(change.came is Came.CONFLICT for change in changes)
    if field in TEXTS:
        hunks = [hunk for hunk in changes[0].hunks if hunk.came.would_undo]
        return Undoing(field, len(hunks), tuple(f"line {hunk.line}" for hunk in hunks), both)
    return Undoing(field, len(changes), tuple(filter(None, map(_part, changes))), both)


def _part(change: Change) -> str:
    """What of a field a change is about: a tag, a file; empty for a field that is one value."""
    placed = change.after or change.before
    if isinstance(placed, Placed | TrainingImage):
        ref = placed.asset
        return PurePosixPath(ref.name).name or ref.id or ref.url
    return " ".join(change.path[1:])


def undoing_sentence(plan: Plan) -> str:
    """How much a plan would undo; empty where that is nothing, or nobody can tell."""
    models = sum(1 for model in plan.models if model.would_undo)
    if not models:
        return ""
    changes = counted(plan.would_undo, "change")
    would = would_undo(guessed=plan.is_guessed)
    return f"{changes} {would} edits on the server, in {counted(models, 'model')}."


def alone_sentence(plan: Plan) -> str:
    """How many edits on the server a plan leaves alone; empty for none."""
    return f"{counted(plan.alone, 'edit')} on the server left alone." if plan.alone else ""


def base_sentence(plan: Plan, shown: Shown) -> str:
    """By what the changes are told from edits, or why they are not; empty without a base."""
    if plan.base is None:
        return ""
    if not plan.base.commit:
        return f"Edits on the server are not told apart: {shown(plan.base.said)}"
    if plan.base.guessed:
        head = f"HEAD, commit {shown(plan.base.commit[:12])}"
        return (
            f"Uncommitted changes are told apart by {head}. The rest are edits on the server, "
            "or commits that wait: none is recorded as applied."
        )
    said = f" ({shown(plan.base.said)})" if plan.base.said else ""
    return f"Edits on the server are told apart by commit {shown(plan.base.commit[:12])}{said}."


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a manifest lets differ: fields of one model, with who says why and until when."""

    model: str
    fields: tuple[str, ...]
    until: str
    owner: str
    reason: str


def acceptances(accepted: Iterable[Accepted]) -> list[Acceptance]:
    """What differs and is accepted, by model and reason."""
    grouped: dict[tuple[str, str, str, str], dict[str, None]] = {}
    for each in accepted:
        key = (each.change.model, each.until, each.owner, each.reason)
        grouped.setdefault(key, {})[each.change.field] = None
    return [Acceptance(key[0], tuple(fields), *key[1:]) for key, fields in grouped.items()]
