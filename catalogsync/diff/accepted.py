"""What a manifest lets differ for a while: shown apart, neither planned nor applied."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from catalogsync.diff.compare import Comparison
from catalogsync.diff.managed import MANAGED, leaving_alone
from catalogsync.diff.values import Accepted, Came
from catalogsync.identity import Match, Origin
from catalogsync.model import Ignored, State


def without_accepted(found: Match, today: date) -> Match:
    """The match as if its manifest did not manage what it lets differ today."""
    live = found.live
    fields = _ignored(found, today)
    if not fields or live is None:
        return found
    spec = leaving_alone(found.spec, (MANAGED[field] for field in fields if field in MANAGED))
    return replace(found, spec=replace(spec, name=live.name) if "name" in fields else spec)


def accepted(compare: Comparison, found: Match, today: date) -> Iterator[Accepted]:
    """What differs and may."""
    fields = _ignored(found, today)
    if not fields or found.live is None:
        return
    for change in compare.changes(found.spec, found.live):
        if change.field in fields:
            why = fields[change.field]
            said = replace(change, came=Came.ACCEPTED)
            yield Accepted(said, why.reason, why.until.isoformat(), why.owner)


_OURS_ALONE = (Origin.INTERRUPTED, Origin.CLAIMED)
"""What nobody can have edited since it came to be."""


def _ignored(found: Match, today: date) -> dict[str, Ignored]:
    """What counts today, by field; of several entries the one that ends last."""
    if found.spec.state is not State.PRESENT or found.origin in _OURS_ALONE:
        return {}
    entries = sorted(found.spec.ignored, key=lambda entry: entry.until)
    return {entry.field: entry for entry in entries if entry.until >= today}
