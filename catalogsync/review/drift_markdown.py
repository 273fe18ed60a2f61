"""Drift as Markdown, for an issue: as much as fits, and what was left out is said."""

from collections.abc import Sequence
from dataclasses import replace

from catalogsync.diff import Verb
from catalogsync.drift import Drift, Edited
from catalogsync.identity import Refusal
from catalogsync.review.drift_text import (
    SIGNS,
    drift_summary,
    in_order,
    since,
    way_back,
    ways_out,
    who_and_when,
)
from catalogsync.review.markdown import (
    BUDGET,
    accepted_sentence,
    joined,
    left_out,
    place,
    rows_or_names,
    table,
)
from catalogsync.review.markdown_budget import Section, fitted, rows_fit, size_of
from catalogsync.review.markdown_marker import drift_marker
from catalogsync.review.markdown_model import WARNING, model_section, short_row
from catalogsync.review.markdown_words import NAME_LENGTH, code, prose, table_row
from catalogsync.review.words import counted

_FOR_NOTES = 500


def render_drift_markdown(drift: Drift, *, read_at: str = "", budget: int = BUDGET) -> str:
    """The drift in at most `budget` bytes (at least 10,000), read from the server at `read_at`."""
    edits = in_order(drift)
    unclear = [_unclear(refusal) for refusal in drift.refusals]
    start = [drift_marker(drift), f"## {_verdict(drift)}", drift_summary(drift), _since(drift)]
    end = [accepted_sentence(drift.accepted), _ways_out(drift), _footer(drift, read_at)]
    room = budget - size_of(joined([*start, table(unclear), *end])) - _FOR_NOTES
    short = [short_row(each.model, SIGNS, warning=_warning(each)) for each in edits]
    if not rows_fit(short, room):
        keys = [edited.model.key for edited in edits]
        left = budget - size_of(joined([*start, *end]))
        return joined([*start, rows_or_names("drifted", [*unclear, *short], keys, left), *end])
    sections = [_section(edited) for edited in edits]
    details = fitted(sections, room)
    shown = list(zip(sections, details, strict=True))
    rows = [*unclear, *(section.row_at(detail) for section, detail in shown)]
    blocks = [section.block_at(detail) for section, detail in shown]
    return joined([*start, table(rows), *blocks, left_out(sections, details, budget), *end])


def _section(edited: Edited) -> Section:
    note = " · ".join(filter(None, (*who_and_when(edited), _conflict(edited))))
    model = replace(edited.model, note=note)
    return model_section(model, set(), SIGNS, warning=_warning(edited))


def _warning(edited: Edited) -> str:
    told = [f"{WARNING} conflict"] if edited.conflicts else []
    told += ["the project has no model of it"] if edited.model.verb is Verb.DELETE else []
    return " · ".join(told)


def _conflict(edited: Edited) -> str:
    fields = " ".join(edited.conflicts)
    return f"{WARNING} conflict, Git changes too: {fields}" if fields else ""


def _verdict(drift: Drift) -> str:
    where = place(drift.catalog, drift.target, drift.project)
    if drift.found:
        return f"⚠️ {counted(len(drift.edited), 'model')} changed on the server: {where}"
    if drift.refusals:
        return f"⛔ {counted(len(drift.refusals), 'model')} could not be compared: {where}"
    return f"✅ No drift: {where}"


def _since(drift: Drift) -> str:
    return f"{prose(since(drift))} Before is Git, after is the server."


def _unclear(refusal: Refusal) -> str:
    hint = f"<br>What to do: {prose(refusal.hint)}" if refusal.hint else ""
    what = f"{prose(refusal.message)} ({code(refusal.code)}){hint}"
    return table_row("`!` could not tell", code(refusal.model, NAME_LENGTH), what)


def _ways_out(drift: Drift) -> str:
    ways = [f"{what}: {code(how)}" for what, how in ways_out(drift)]
    return "\n".join(f"- {way}" for way in (*ways, *map(prose, way_back(drift))))


def _footer(drift: Drift, read_at: str) -> str:
    parts: Sequence[str] = (
        f"{counted(drift.unchanged, 'model')} as in Git",
        f"{counted(drift.pending, 'model')} with changes of Git to apply" if drift.pending else "",
        f"live state read at {code(read_at, NAME_LENGTH)}" if read_at else "",
        code(drift.fingerprint),
    )
    return f"<sub>{' · '.join(filter(None, parts))}</sub>"
