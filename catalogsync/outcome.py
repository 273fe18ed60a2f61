"""What became of an action: the vocabulary between `apply` and the reports."""

from enum import StrEnum

from catalogsync.actions import Action
from catalogsync.errors import CatalogSyncError
from catalogsync.values import dataclass


class Status(StrEnum):
    """How an action ended."""

    DONE = "done"
    FAILED = "failed"
    CONFLICT = "conflict"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one action; `reason` is for people, `error` what was raised, if anything."""

    action: Action
    status: Status
    reason: str = ""
    error: CatalogSyncError | None = None
