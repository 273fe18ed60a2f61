"""What of a plan was approved; everything else is refused by name."""

from collections.abc import Collection, Iterator

from catalogsync.diff import Verb
from catalogsync.identity import Refusal
from catalogsync.plan import ModelPlan, Plan

_CODE = "plan-changed"
_HINT = "plan again, look at what changed, and approve the new plan"


def unapproved(plan: Plan, approved: Plan, keys: Collection[str]) -> Iterator[Refusal]:
    """What a plan would do and an approved one does not hold just so, and what fell away since.

    `keys` are those of the catalog's manifests. A change that is not due any more, as it is on the
    server already, is neither.
    """
    digests = {model.digest for model in approved.models}
    held = {model.key: model for model in approved.models}
    for model in plan.models:
        if model.digest not in digests:
            before = held.get(model.key)
            yield _changed(model, before) if before else _added(model.key)
    due = {model.key for model in plan.models} | {refusal.model for refusal in plan.refusals}
    for model in approved.models:
        ends = model.verb in (Verb.DELETE, Verb.FORGET)
        if not ends and model.key not in due and model.key not in keys:
            yield _fell_away(model.key)


def unexpected(plan: Plan, digest: str) -> Iterator[Refusal]:
    """The refusal of a whole plan that is not the one of an approved digest."""
    if plan.digest != digest:
        message = f"it is not the plan that was approved: its digest is {plan.digest}"
        yield Refusal("", _CODE, message, _HINT)


def _changed(now: ModelPlan, approved: ModelPlan) -> Refusal:
    message = "what is to be done is not what was approved"
    return Refusal(now.key, _CODE, f"{message}: {_difference(now, approved)}", _HINT)


def _difference(now: ModelPlan, approved: ModelPlan) -> str:
    """In what one plan for a model is not another."""
    if now.verb is not approved.verb:
        return f"{now.verb} instead of {approved.verb}"
    moved = [change for change in now.changes if change not in approved.changes]
    moved += [change for change in approved.changes if change not in now.changes]
    fields = sorted({change.field for change in moved})
    return f"other changes of {', '.join(fields)}" if fields else "other steps"


def _added(key: str) -> Refusal:
    return Refusal(key, _CODE, "the approved plan does not hold this model", _HINT)


def _fell_away(key: str) -> Refusal:
    return Refusal(key, _CODE, "it was approved, but its manifest is gone", _HINT)
