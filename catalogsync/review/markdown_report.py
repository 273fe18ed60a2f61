"""What became of a plan as Markdown for a pull request, in the past tense."""

from collections.abc import Iterator, Sequence

from catalogsync.deleted import KEPT_DAYS
from catalogsync.diff import Verb
from catalogsync.outcome import Outcome, Status
from catalogsync.plan import ModelPlan, Plan
from catalogsync.review.markdown import (
    BUDGET,
    in_order,
    joined,
    refusal_rows,
    refused_keys,
    rows_or_names,
    table,
    where,
)
from catalogsync.review.markdown_budget import size_of
from catalogsync.review.markdown_marker import marker
from catalogsync.review.markdown_model import WARNING, who
from catalogsync.review.markdown_words import NAME_LENGTH, code, prose, table_row
from catalogsync.review.report import (
    completed,
    described,
    key_of,
    past_summary,
    skipped_steps,
    still_due,
    undone_sentence,
)
from catalogsync.review.text import SIGNS
from catalogsync.review.training_due import after_words
from catalogsync.review.words import counted
from catalogsync.values import dataclass

_DONE = {
    Verb.DELETE: "deleted",
    Verb.CREATE: "created",
    Verb.RESTORE: "restored",
    Verb.ADOPT: "adopted",
    Verb.UPDATE: "updated",
    Verb.FORGET: "forgotten",
}
_TROUBLE = {Status.FAILED: "failed", Status.CONFLICT: "in conflict"}
_FOR_NOTES = 200


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows of one kind, and the keys that stand for them where the rows do not fit."""

    word: str
    rows: Sequence[str]
    keys: Sequence[str]


def render_report_markdown(plan: Plan, outcomes: Sequence[Outcome], *, budget: int = BUDGET) -> str:
    """What was done, in at most `budget` bytes (at least 10,000), with every failure named."""
    digest = plan.digest
    start = [
        *(marker(plan, "apply", digest), f"## {_verdict(plan, outcomes)}"),
        past_summary(plan, outcomes),
    ]
    if undone := undone_sentence(plan, outcomes):
        start.append(f"{WARNING} {undone}")
    if due := after_words(still_due(plan, outcomes)):
        start.append(prose(due))
    end = [f"<sub>{code(digest)}</sub>"]
    room = budget - size_of(joined([*start, *end])) - _FOR_NOTES
    groups = list(_groups(plan, outcomes))
    others = [_done_row(m) for m in _done(plan, outcomes) if m.verb is not Verb.DELETE]
    rows = [row for group in groups for row in group.rows]
    if size_of(table([*rows, *others])) <= room:
        return joined([*start, table([*rows, *others]), *end])
    left = f"**Left out to fit {budget:,} bytes:** {counted(len(others), 'model')} that went well."
    if size_of(table(rows)) <= room:
        return joined([*start, table(rows), left, *end])
    return joined([*start, *_shortest(groups, room), left, *end])


def _verdict(plan: Plan, outcomes: Sequence[Outcome]) -> str:
    statuses = {outcome.status for outcome in outcomes}
    if Status.DONE not in statuses and (plan.models or plan.refusals):
        return f"❌ Nothing was applied: {where(plan)}"
    if plan.refusals or statuses > {Status.DONE}:
        return f"⚠️ Applied in part: {where(plan)}"
    return f"✅ Applied: {where(plan)}"


def _groups(plan: Plan, outcomes: Sequence[Outcome]) -> Iterator[_Group]:
    """What people must see, in the order in which they should."""
    yield _Group("refused", refusal_rows(plan), refused_keys(plan))
    deletes = [model for model in _done(plan, outcomes) if model.verb is Verb.DELETE]
    yield _Group("deleted", [_done_row(m) for m in deletes], [m.key for m in deletes])
    for status, word in _TROUBLE.items():
        chosen = sorted((o for o in outcomes if o.status is status), key=_by_name)
        keys = [key_of(outcome.action) or described(outcome.action) for outcome in chosen]
        yield _Group(word, [_trouble_row(outcome) for outcome in chosen], keys)
    skipped = skipped_steps(outcomes)
    rows = [_skipped_row(key, reason, steps) for (key, reason), steps in skipped]
    yield _Group("skipped", rows, [key for (key, _), _ in skipped])


def _done(plan: Plan, outcomes: Sequence[Outcome]) -> list[ModelPlan]:
    return in_order(completed(plan, outcomes))


def _done_row(model: ModelPlan) -> str:
    sign, _, _ = SIGNS[model.verb]
    return table_row(f"`{sign}` {_DONE[model.verb]}", who(model), _way_back(model))


def _way_back(model: ModelPlan) -> str:
    """How to have back what was deleted; nothing of all else."""
    if model.verb is not Verb.DELETE or not model.model_id:
        return ""
    command = code(f"catalog-sync restore --id {model.model_id}")
    return f"can be brought back for {KEPT_DAYS} days: {command}"


def _trouble_row(outcome: Outcome) -> str:
    key = key_of(outcome.action)
    hint = outcome.error.hint if outcome.error else ""
    todo = f"<br>What to do: {prose(hint)}" if hint else ""
    text = prose(f"{described(outcome.action)}: {outcome.reason}")
    return table_row(f"`!` {outcome.status}", code(key, NAME_LENGTH) if key else "", text + todo)


def _skipped_row(key: str, reason: str, steps: int) -> str:
    return table_row(
        "`!` skipped", code(key, NAME_LENGTH), f"{counted(steps, 'step')}: {prose(reason)}"
    )


def _shortest(groups: Sequence[_Group], room: int) -> Iterator[str]:
    """Each group in rows or by name, in a fair part of the room that those before it left."""
    waiting = [group for group in groups if group.rows]
    while waiting:
        group, *waiting = waiting
        shown = rows_or_names(group.word, group.rows, group.keys, room // (len(waiting) + 1))
        room -= size_of(shown)
        yield shown


def _by_name(outcome: Outcome) -> tuple[str, str]:
    """Outcomes come as they end; a report has one order."""
    return key_of(outcome.action), described(outcome.action)
