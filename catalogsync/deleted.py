"""What is to be said of models that were deleted and can be restored."""

from collections.abc import Iterable
from datetime import date, timedelta

from catalogsync.identity import owners
from catalogsync.model import ModelSpec, RemoteModel

KEPT_DAYS = 30
"""How many days the API keeps what was deleted."""


def last_day(deleted: RemoteModel) -> date | None:
    """The day until which the API restores a model; None where it does not tell when it went."""
    try:
        return date.fromisoformat(deleted.deleted_at[:10]) + timedelta(days=KEPT_DAYS)
    except ValueError:
        return None


def restorable_until(deleted: RemoteModel) -> str:
    """When a model was deleted, and until when the API restores it."""
    until = last_day(deleted)
    told = f"deleted {deleted.deleted_at[:10]}"
    return f"{told}, restorable until {until}" if until else told


def namesake_hint(spec: ModelSpec, deleted: Iterable[RemoteModel]) -> str:
    """A hint at what may be meant: a name and a type are not enough to be sure."""
    alike = [m for m in deleted if (m.name, m.type) == (spec.name, spec.type) and not owners(m)]
    last = max(alike, key=lambda model: (model.deleted_at, model.id), default=None)
    if last is None:
        return ""
    told = restorable_until(last)
    return f"a model of this name was {told}: `id: {last.id}` in the manifest restores it instead"
