"""What of a plan was approved; everything else is refused by name."""

from collections.abc import Collection, Iterator

from catalogsync.diff import Verb
from catalogsync.identity import Refusal
from catalogsync.plan import Plan

_CODE = "plan-changed"
_HINT = "plan again, look at what changed, and approve the new plan"


def unapproved(plan: Plan, approved: Plan, keys: Collection[str]) -> Iterator[Refusal]:
    """What a plan would do and an approved one does not hold just so, and what fell away since.

    `keys` are those of the catalog's manifests. A change that is not due any more, as it is on the
    server already, is neither.
    """
    digests = {model.digest for model in approved.models}
    held = {model.key for model in approved.models}
    for model in plan.models:
        if model.digest not in digests:
            yield _changed(model.key) if model.key in held else _added(model.key)
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


def _changed(key: str) -> Refusal:
    return Refusal(key, _CODE, "what is to be done is not what was approved", _HINT)


def _added(key: str) -> Refusal:
    return Refusal(key, _CODE, "the approved plan does not hold this model", _HINT)


def _fell_away(key: str) -> Refusal:
    return Refusal(key, _CODE, "it was approved, but its manifest is gone", _HINT)
