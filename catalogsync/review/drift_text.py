"""Drift as text for a terminal or a log: what is gone first, one stable last sentence."""

from collections.abc import Iterator

from catalogsync.diff import Verb
from catalogsync.drift import Drift, Edited
from catalogsync.review.text import Line, accepted_lines, model_lines, place, refusal_lines
from catalogsync.review.undoing import acceptances
from catalogsync.review.words import counted, visible

SIGNS = {
    Verb.DELETE: ("-", "gone", "red"),
    Verb.CREATE: ("+", "there again", "green"),
    Verb.ADOPT: ("=", "marked again", "cyan"),
    Verb.UPDATE: ("~", "edited", "yellow"),
}
"""For everything that happens to a model on the server its sign, words and colour, in order."""

_WAYS_OUT = (
    ("To put it back", "catalog-sync apply{place}"),
    ("To take it into Git", "catalog-sync pull{place}"),
    ("To take one model's, conflicts too", "catalog-sync pull{place} --accept KEY"),
)
_WAY_BACK = (
    "What is gone: an apply restores it for 30 days, as does `catalog-sync restore KEY`; "
    "or let it go with `catalog-sync pull{place} --accept KEY`"
)


def render_drift(drift: Drift, at: str = "") -> Iterator[Line]:
    """All of it, read from Git to the server; `at` is what names the catalog in a command."""
    yield Line(place(drift.catalog, drift.target, drift.project), "bold")
    yield Line(visible(since(drift)), "" if drift.is_three_way else "yellow")
    yield Line("")
    for refusal in drift.refusals:
        yield from refusal_lines(refusal, word="could not tell of")
    for edited in in_order(drift):
        yield from _edited(edited)
    yield from accepted_lines(acceptances(drift.accepted))
    for what, how in ways_out(drift, at):
        yield Line(visible(f"{what}: {how}"))
    for way in way_back(drift, at):
        yield Line(visible(way))
    yield Line(drift_summary(drift), "bold")


def ways_out(drift: Drift, at: str = "") -> tuple[tuple[str, str], ...]:
    """What can be done about edits, and with which command."""
    if len(drift.edited) == drift.count(Verb.DELETE):
        return ()
    return tuple((what, how.format(place=at)) for what, how in _WAYS_OUT)


def way_back(drift: Drift, at: str = "") -> tuple[str, ...]:
    """What can be done about models that are gone, if any are."""
    return (_WAY_BACK.format(place=at),) if drift.count(Verb.DELETE) else ()


def since(drift: Drift) -> str:
    """What the server is compared with."""
    base = drift.base
    if base and base.commit:
        said = f" ({base.said})" if base.said else ""
        return f"Edits since commit {base.commit[:12]}{said}."
    why = f" ({base.said})" if base and base.said else ""
    return f"No commit is known to be applied{why}: all that differs from these manifests counts."


def in_order(drift: Drift) -> list[Edited]:
    """The edited models in the order in which people should look at them."""
    order = list(SIGNS)
    return sorted(drift.edited, key=lambda each: (order.index(each.model.verb), each.model.key))


def drift_summary(drift: Drift) -> str:
    """The one sentence that says what it amounts to; scripts may rely on its form."""
    if drift.found:
        parts = [
            f"{drift.count(Verb.UPDATE)} edited on the server",
            f"{drift.count(Verb.DELETE)} gone",
            f"{drift.conflicts} in conflict with Git",
        ]
        again = drift.count(Verb.CREATE) + drift.count(Verb.ADOPT)
        extra = ((again, "there again"), (len(drift.refusals), "could not be told"))
        parts += [f"{number} {word}" for number, word in extra if number]
        return f"Drift: {', '.join(parts)}."
    if drift.refusals:
        return f"Could not tell: {counted(len(drift.refusals), 'model')} could not be compared."
    accepted = len({each.change.model for each in drift.accepted})
    parts = [f"{counted(drift.unchanged, 'model')} as in Git"]
    parts += [f"{drift.pending} to be applied"] if drift.pending else []
    parts += [f"{accepted} with accepted differences"] if accepted else []
    return f"No drift. {', '.join(parts)}."


def who_and_when(edited: Edited) -> list[str]:
    """When the model was changed last, and who made it, as far as the API says."""
    told = (("last changed", edited.updated_at), ("model created by", edited.author_id))
    return [f"{word} {value}" for word, value in told if value]


def _edited(edited: Edited) -> Iterator[Line]:
    first, *rest = model_lines(edited.model, set(), SIGNS)
    yield first
    if told := who_and_when(edited):
        yield Line(f"    {visible(', '.join(told))}")
    if edited.conflicts:
        fields = ", ".join(map(visible, edited.conflicts))
        yield Line(f"    ! conflict: Git changes {fields} too", "red")
    yield from rest
    yield Line("")
