"""A plan as Markdown for a pull request: as much as fits, and what was left out is said."""

from collections.abc import Iterable, Iterator, Sequence

from catalogsync.diff import Accepted, Verb
from catalogsync.identity import Refusal
from catalogsync.model import ReadBefore
from catalogsync.plan import LIVE, ModelPlan, Orphan, Plan
from catalogsync.review.markdown_budget import (
    Detail,
    Section,
    fitted,
    listed,
    rows_fit,
    size_of,
)
from catalogsync.review.markdown_marker import marker
from catalogsync.review.markdown_model import WARNING, model_section, short_row
from catalogsync.review.markdown_words import NAME_LENGTH, code, prose, table_row
from catalogsync.review.phrases import read_before_words, total_cost
from catalogsync.review.text import SIGNS, summary, work_estimate
from catalogsync.review.training_due import due_command, due_sentence, due_words
from catalogsync.review.undoing import (
    Acceptance,
    acceptances,
    alone_sentence,
    base_sentence,
    undoing_sentence,
)
from catalogsync.review.words import counted
from catalogsync.training_due import TrainingDue

BUDGET = 60_000
"""The bytes that a comment may have; GitHub refuses one of more than 65,536 characters."""

_HEAD_ROWS = ("| | model | what |", "|---|---|---|")
_FOR_NOTES = 500
_FOR_A_SENTENCE = 100
_FOR_ORPHANS = 3_000
_FOR_ACCEPTED = 2_000
_FOR_TRAINING = 2_000


def render_markdown(
    plan: Plan,
    *,
    read_at: str = "",
    before: ReadBefore | None = None,
    budget: int = BUDGET,
    jobs: int = 8,
) -> str:
    """The plan in at most `budget` bytes (at least 10,000), with every refusal and delete.

    `read_at` says when the live state was read, and `before` what of it was read earlier; `jobs`
    only matters for the estimate of time.
    """
    models, digest = in_order(plan.models), plan.digest
    start = [
        *(marker(plan, "plan", digest), f"## {_verdict(plan)}", summary(plan)),
        *(_undoing(plan), _against(plan), accepted_sentence(plan.accepted)),
        _training_due(plan),
    ]
    end = [_footer(plan, digest, read_at, before, jobs)]
    refusals = refusal_rows(plan)
    frame = [*start, "\n".join([*_HEAD_ROWS, *refusals]), _orphans(plan), *end]
    room = budget - size_of(joined(frame)) - _FOR_NOTES
    if not rows_fit((short_row(model, guessed=plan.is_guessed) for model in models), room):
        room = budget - size_of(joined([*start, *end])) - _FOR_NOTES
        return joined([*start, *_shortest(plan, refusals, room, budget), *end])
    uploads = {upload.asset.digest for upload in plan.uploads}
    sections = [model_section(model, uploads, guessed=plan.is_guessed) for model in models]
    details = fitted(sections, room)
    shown = list(zip(sections, details, strict=True))
    rows = [*refusals, *(section.row_at(detail) for section, detail in shown)]
    blocks = [section.block_at(detail) for section, detail in shown]
    note = left_out(sections, details, budget)
    return joined([*start, table(rows), *blocks, _orphans(plan), note, *end])


def joined(blocks: Iterable[str]) -> str:
    """Blocks with an empty line between them."""
    return "\n\n".join(filter(None, blocks)) + "\n"


def table(rows: Sequence[str]) -> str:
    """Rows below the heads of their columns, or nothing if there are none."""
    return "\n".join([*_HEAD_ROWS, *rows]) if rows else ""


def in_order(models: Iterable[ModelPlan]) -> list[ModelPlan]:
    """Models in the order in which people should look at them."""
    order = list(SIGNS)
    return sorted(models, key=lambda model: (order.index(model.verb), model.key))


def where(plan: Plan) -> str:
    """The catalog of a plan, its target and its project."""
    return place(plan.catalog, plan.target, plan.project)


def place(catalog: str, target: str, project: str) -> str:
    """A catalog, its target and its project."""
    to = f" → {code(target, NAME_LENGTH)}" if target else ""
    of = f" (project {code(project, NAME_LENGTH)})" if project else ""
    return f"{code(catalog, NAME_LENGTH)}{to}{of}"


def _against(plan: Plan) -> str:
    if plan.against == LIVE:
        return ""
    return f"⚠️ Against {code(plan.against)}, not the live project."


def _undoing(plan: Plan) -> str:
    undoing = undoing_sentence(plan)
    told = [f"{WARNING} **{undoing}**"] if undoing else []
    return " ".join(filter(None, (*told, alone_sentence(plan), base_sentence(plan, prose))))


def _training_due(plan: Plan) -> str:
    if not plan.training:
        return ""
    items = (_due(due) for due in plan.training)
    names, left = listed(items, _FOR_TRAINING)
    more = f" and {left} more" if left else ""
    return f"{due_sentence(plan)} {names}{more}."


def _due(due: TrainingDue) -> str:
    return f"{code(due.key, NAME_LENGTH)}: {prose(due_words(due))} ({code(due_command([due]))})"


def accepted_sentence(accepted: Sequence[Accepted]) -> str:
    """What may differ for now, by model; empty for nothing."""
    if not accepted:
        return ""
    items = map(_acceptance, acceptances(accepted))
    names, left = listed(items, _FOR_ACCEPTED)
    more = f" and {left} more" if left else ""
    return f"Accepted for now, and left as it is on the server: {names}{more}."


def _acceptance(each: Acceptance) -> str:
    who = f", {prose(each.owner)}" if each.owner else ""
    fields = " ".join(map(code, each.fields))
    until = f"until {code(each.until)}{who}: {prose(each.reason)}"
    return f"{code(each.model, NAME_LENGTH)} {fields} {until}"


def _verdict(plan: Plan) -> str:
    changes = len(plan.models)
    would = f"{counted(changes, 'model')} would change"
    if plan.would_undo:
        up_to = "up to " if plan.is_guessed else ""
        would += f", {up_to}{counted(plan.would_undo, 'edit')} on the server undone"
    if plan.blocked:
        return f"⛔ Refused as a whole: {where(plan)}"
    if plan.refusals:
        others = would if changes else "nothing else would change"
        return f"⛔ {counted(len(plan.refusals), 'refusal')}, {others}: {where(plan)}"
    if deletes := plan.count(Verb.DELETE):
        return f"⚠️ {would}, {deletes} of them deleted: {where(plan)}"
    if plan.would_undo:
        return f"⚠️ {would}: {where(plan)}"
    return f"📝 {would}: {where(plan)}" if changes else f"✅ Nothing would change: {where(plan)}"


def refusal_rows(plan: Plan) -> list[str]:
    """One row for every refusal, those of the whole plan first."""
    return [_refusal_row(refusal) for refusal in plan.refusals]


def refused_keys(plan: Plan) -> list[str]:
    """What each refusal is about."""
    return [refusal.model or "(the whole plan)" for refusal in plan.refusals]


def _refusal_row(refusal: Refusal) -> str:
    who = code(refusal.model, NAME_LENGTH) if refusal.model else "**the whole plan**"
    hint = f"<br>What to do: {prose(refusal.hint)}" if refusal.hint else ""
    return table_row("`!` refused", who, f"{prose(refusal.message)} ({code(refusal.code)}){hint}")


def _orphans(plan: Plan) -> str:
    if not plan.orphans:
        return ""
    created = {model.name: model.key for model in plan.models if model.verb is Verb.CREATE}
    items = (_orphan(orphan, created.get(orphan.name, "")) for orphan in plan.orphans)
    names, left = listed(items, _FOR_ORPHANS)
    bear = counted(len(plan.orphans), "model bears", "models bear")
    more = f" and {left} more" if left else ""
    have = "has" if len(plan.orphans) == 1 else "have"
    text = f"{bear} this catalog's mark and {have} no manifest (`--prune` deletes)"
    return f"{text}: {names}{more}."


def _orphan(orphan: Orphan, new_key: str) -> str:
    key = code(orphan.key, NAME_LENGTH)
    if not new_key:
        return key
    renamed = code(f"renamedFrom: {orphan.key}", NAME_LENGTH)
    return f"{key} (was it renamed? then say {renamed} in {code(new_key, NAME_LENGTH)})"


def left_out(sections: Sequence[Section], details: Sequence[Detail], budget: int) -> str:
    """What the details leave out of the sections, in a sentence."""
    if Detail.ROW in details:
        return f"**Left out to fit {budget:,} bytes:** what changes in each model."
    shown = zip(sections, details, strict=True)
    texts = sum(
        1 for s, d in shown if d is Detail.COUNTED_TEXTS and s.block != s.block_without_texts
    )
    blocks = details.count(Detail.COUNTED)
    left = [f"the differences of texts of {counted(texts, 'model')}"] if texts else []
    left += [f"the details of {counted(blocks, 'model')}"] if blocks else []
    return f"**Left out to fit {budget:,} bytes:** {' and '.join(left)}." if left else ""


def _shortest(plan: Plan, refusals: Sequence[str], room: int, budget: int) -> Iterator[str]:
    """Refusals and deletes only, and what that leaves out."""
    deletes = [model for model in in_order(plan.models) if model.verb is Verb.DELETE]
    rows = [short_row(model, guessed=plan.is_guessed) for model in deletes]
    for_refusals = max(room // 2, room - size_of(table(rows)))
    shown = rows_or_names("refused", refusals, refused_keys(plan), for_refusals)
    yield shown
    yield rows_or_names("to delete", rows, [m.key for m in deletes], room - size_of(shown))
    others = len(plan.models) - len(deletes)
    orphans = f" and {len(plan.orphans)} without a manifest" if plan.orphans else ""
    yield f"**Left out to fit {budget:,} bytes:** the other {counted(others, 'model')}{orphans}."


def rows_or_names(word: str, rows: Sequence[str], keys: Sequence[str], room: int) -> str:
    """Rows if they fit, else the keys as far as these fit, and how many do not."""
    whole = table(rows)
    if size_of(whole) <= room:
        return whole
    names, left = listed((code(key, NAME_LENGTH) for key in keys), room - _FOR_A_SENTENCE)
    more = f", and {left} more that did not fit" if left else ""
    return f"**{len(keys)} {word}:** {names}{more}."


def _footer(plan: Plan, digest: str, read_at: str, before: ReadBefore | None, jobs: int) -> str:
    parts = [work_estimate(plan, jobs)] if plan.models else []
    parts += [f"{counted(plan.unchanged, 'model')} unchanged"] if plan.unchanged else []
    cost = total_cost(plan)
    parts += [f"cost of imports: {prose(cost)}"] if cost else []
    parts += [f"live state read at {code(read_at, NAME_LENGTH)}"] if read_at else []
    parts += [read_before_words(before, lambda since: code(since, NAME_LENGTH))] if before else []
    return f"<sub>{' · '.join([*parts, code(digest)])}</sub>"
