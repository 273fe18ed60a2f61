"""The saved plans of all shards as the one plan that they are together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from catalogsync.errors import BadPlan
from catalogsync.model import ReadBefore
from catalogsync.plan import Plan, uploads_for
from catalogsync.review.saved import SavedPlan
from catalogsync.review.words import counted
from catalogsync.shard import Shard

_EVERY = "give the plan of every shard, all of one run, each once"


def merged(plans: Mapping[str, SavedPlan]) -> SavedPlan:
    """One plan, or the plans of all shards, by the names of their files, as the plan of the whole.

    Raises `BadPlan` where they are not all parts of one. It counts as read when the first was.
    """
    (first_name, first), *others = plans.items()
    if not others:
        return first
    for name, each in others:
        _check_alike(first_name, first, name, each)
    _check_complete({name: each.scope.shard for name, each in plans.items()})
    return SavedPlan(
        plan=_together([each.plan for each in plans.values()]),
        read_at=min(each.read_at for each in plans.values()),
        scope=replace(first.scope, shard=None),
        tool_version=first.tool_version,
        read_before=_read_before([each.read_before for each in plans.values()]),
    )


def _read_before(parts: Sequence[ReadBefore | None]) -> ReadBefore | None:
    held = [each for each in parts if each]
    if not held:
        return None
    return ReadBefore(sum(each.models for each in held), min(each.since for each in held))


def _alike(saved: SavedPlan) -> dict[str, object]:
    """What the plans of one run have in common, in words."""
    plan = saved.plan
    return {
        "catalog": plan.catalog,
        "target": plan.target,
        "project": plan.project,
        "state": plan.against,
        "base": plan.base.commit if plan.base else "",
        "version of catalog-sync": saved.tool_version,
        "scope": replace(saved.scope, shard=None),
        "number of shards": saved.scope.shard.of if saved.scope.shard else 0,
    }


def _check_alike(first_name: str, first: SavedPlan, name: str, each: SavedPlan) -> None:
    ours, theirs = _alike(first), _alike(each)
    other = [what for what in ours if ours[what] != theirs[what]]
    if other:
        message = f"{name} is of another {' and another '.join(other)} than {first_name}"
        raise BadPlan(message, hint=_EVERY)


def _check_complete(shards: Mapping[str, Shard | None]) -> None:
    held: dict[int, str] = {}
    for name, shard in shards.items():
        if shard is None:
            raise BadPlan(f"{name} is the plan of a whole, not of a shard", hint=_EVERY)
        if shard.number in held:
            message = f"{held[shard.number]} and {name} are both shard {shard}"
            raise BadPlan(message, hint=_EVERY)
        held[shard.number] = name
    of = next(shard.of for shard in shards.values() if shard)
    lacking = [str(Shard(number, of)) for number in range(1, of + 1) if number not in held]
    if lacking:
        told = ", ".join(lacking[:10]) + (", ..." if len(lacking) > 10 else "")
        raise BadPlan(f"{counted(len(lacking), 'shard')} missing: {told}", hint=_EVERY)


def _together(plans: Sequence[Plan]) -> Plan:
    """In the order of a plan of the whole; what several shards need is there once."""
    models = tuple(sorted((model for plan in plans for model in plan.models), key=lambda m: m.key))
    lacking = {upload.asset.sha256 for plan in plans for upload in plan.uploads}
    return replace(
        plans[0],
        uploads=uploads_for(
            (action for model in models for action in model.actions),
            lacks=lambda ref: ref.sha256 in lacking,
        ),
        collections=tuple(
            sorted({made for plan in plans for made in plan.collections}, key=lambda c: c.name)
        ),
        models=models,
        refusals=tuple(
            sorted(
                {refusal for plan in plans for refusal in plan.refusals},
                key=lambda each: (each.model, each.code, each.message),
            )
        ),
        orphans=tuple(
            sorted(
                (orphan for plan in plans for orphan in plan.orphans),
                key=lambda orphan: (orphan.key, orphan.model_id),
            )
        ),
        unchanged=sum(plan.unchanged for plan in plans),
        accepted=tuple(
            sorted(
                (each for plan in plans for each in plan.accepted),
                key=lambda each: each.change.model,
            )
        ),
        alone=sum(plan.alone for plan in plans),
        training=tuple(
            sorted((due for plan in plans for due in plan.training), key=lambda due: due.key)
        ),
    )
