"""What people changed on the server since the catalog was applied last: a plan read backwards."""

from collections.abc import Iterable, Mapping
from dataclasses import field, fields, replace

from catalogsync.codec import value_digest
from catalogsync.diff import (
    Accepted,
    Came,
    Card,
    Change,
    Diff,
    ModelDiff,
    Verb,
    but_for_git,
    cards,
    patched,
)
from catalogsync.identity import Refusal
from catalogsync.plan import Base, ModelPlan
from catalogsync.rules import dependents
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Edited:
    """A model that somebody edited on the server: from what Git says to what is there.

    A `model` with the verb `delete` is gone, one with `create` there although Git says that it
    is not. `conflicts` names the fields that were changed in Git too. `updated_at` and
    `author_id` are the API's: when the model was changed last, and who made it.
    """

    model: ModelPlan
    conflicts: tuple[str, ...] = ()
    updated_at: str = field(default="", compare=False)
    author_id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Drift:
    """Everything that differs from Git and was not changed in Git.

    `base` is the commit that was applied last; where nobody knows it, all that differs counts.
    `refusals` tell what could not be compared, `pending` how many models have changes of Git that
    wait for an apply.
    """

    catalog: str
    target: str
    project: str
    base: Base | None = None
    edited: tuple[Edited, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    pending: int = 0
    unchanged: int = 0

    @property
    def fingerprint(self) -> str:
        """The sha256 of what differs: the same as long as nobody edits or puts back anything."""
        return value_digest((self.catalog, self.target, self.project, self.edited, self.refusals))

    @property
    def is_three_way(self) -> bool:
        """Whether edits on the server are told from changes of Git."""
        return self.base is not None and bool(self.base.commit)

    @property
    def found(self) -> bool:
        """Whether anybody edited anything."""
        return bool(self.edited)

    @property
    def conflicts(self) -> int:
        """The number of models that were changed on both sides."""
        return sum(1 for each in self.edited if each.conflicts)

    def count(self, verb: Verb) -> int:
        """The number of models that were edited (`update`), are gone, or are there again."""
        return sum(1 for each in self.edited if each.model.verb is verb)

    @property
    def models(self) -> tuple[ModelPlan, ...]:
        """The edited models as one reads a plan: before is Git, after is the server."""
        return tuple(each.model for each in self.edited)


def drift_of(
    found: Diff, *, catalog: str, target: str, project: str, base: Base | None = None
) -> Drift:
    """What a comparison with the server says of edits there; without a commit all are."""
    attributed = _with_the_lost(found if base and base.commit else _all_drift(found))
    lost = {model.key for model in attributed.models} & {model.key for model in found.lost}
    told = [refusal for refusal in found.refusals if refusal.model not in lost]
    unclear = {refusal.model for refusal in told}
    refusals = (*told, *dependents(found, unclear))
    unclear |= {refusal.model for refusal in refusals}
    clear = [model for model in attributed.models if model.key not in unclear]
    edited = [_edited(model, attributed) for model in clear if _drifted(model.came)]
    return Drift(
        catalog=catalog,
        target=target,
        project=project,
        base=base,
        edited=tuple(edited),
        accepted=found.accepted,
        refusals=tuple(sorted(refusals, key=lambda each: (each.model, each.code))),
        pending=sum(1 for model in clear if _pending(model)),
        unchanged=found.unchanged,
    )


def _with_the_lost(found: Diff) -> Diff:
    """Pinned models that somebody deleted; in a project that has none of ours they never were."""
    gone = [model for model in found.lost if found.managed and _drifted(model.came)]
    return replace(found, models=(*found.models, *gone))


def _all_drift(found: Diff) -> Diff:
    def drifted(model: ModelDiff) -> ModelDiff:
        changes = tuple(replace(change, came=Came.DRIFT) for change in model.changes)
        return replace(model, came=Came.DRIFT, changes=changes)

    return replace(
        found,
        models=tuple(map(drifted, found.models)),
        lost=tuple(map(drifted, found.lost)),
    )


def _drifted(came: Came | None) -> bool:
    return came is not None and came.would_undo


def _pending(model: ModelDiff) -> bool:
    return model.came is Came.PENDING or any(c.came is Came.PENDING for c in model.changes)


_BACKWARDS = {
    Verb.CREATE: Verb.DELETE,
    Verb.RESTORE: Verb.DELETE,
    Verb.DELETE: Verb.CREATE,
    Verb.FORGET: Verb.ADOPT,
    Verb.ADOPT: Verb.UPDATE,
    Verb.UPDATE: Verb.UPDATE,
}


def _edited(model: ModelDiff, found: Diff) -> Edited:
    conflicts = [change.field for change in model.changes if change.came is Came.CONFLICT]
    model = but_for_git(model, found.contents)
    live, wanted = cards(model, found.contents, found.collections)
    verb = _BACKWARDS[model.verb]
    before, after = (wanted, live) if verb is not Verb.DELETE else (wanted, None)
    if before and after:
        before = _unless_changed(before, after, {change.field for change in model.changes})
    remote = model.remote
    return Edited(
        ModelPlan(
            key=model.key,
            name=remote.name if remote else model.spec.name if model.spec else "",
            verb=verb,
            model_id=remote.id if remote else model.spec.id if model.spec else "",
            changes=tuple(map(_backwards, model.changes)) if verb is Verb.UPDATE else (),
            actions=(),
            before=before,
            after=after,
        ),
        tuple(dict.fromkeys(conflicts)),
        remote.updated_at if remote else "",
        remote.author_id if remote else "",
    )


_CARD_FIELDS: Mapping[str, str] = {
    "short_description": "shortDescription",
    "training": "trainingImages",
}


def _unless_changed(before: Card, after: Card, changed: Iterable[str]) -> Card:
    """Git's card, with what waits for an apply as the server has it."""
    moved = frozenset(changed)
    names = [each.name for each in fields(Card)]
    same = [name for name in names if _CARD_FIELDS.get(name, name) not in moved]
    return replace(before, **{name: getattr(after, name) for name in same})


def _backwards(change: Change) -> Change:
    """A change read from Git to the server; of a text only what was edited there."""
    before = change.after
    if change.hunks:
        pending = (hunk for hunk in change.hunks if not hunk.came.would_undo)
        before = patched(str(change.after or ""), pending)
    return replace(change, before=before, after=change.before, came=None, hunks=())
