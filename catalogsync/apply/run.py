"""The rounds of an apply: what creates and changes, who belongs where, and last the deletes."""

from collections.abc import Generator
from threading import Event

from catalogsync.actions import Creation, DeleteModel, EditCollections
from catalogsync.apply.attempt import Halt
from catalogsync.apply.deletes import Deletes
from catalogsync.apply.memberships import Memberships
from catalogsync.apply.round import Round
from catalogsync.outcome import Outcome, Status
from catalogsync.perform import Performer
from catalogsync.plan import Plan


def apply(
    plan: Plan, performer: Performer, *, jobs: int = 8, stop: Event | None = None
) -> Generator[Outcome, None, None]:
    """Do the plan's actions with `jobs` threads and yield an outcome for every one of them.

    A failed action skips the rest of its own model and what depends on it, nothing else; but
    nothing is deleted when a create did not succeed, nor what a model could not let go of. Once
    `stop` is set, what is in flight is finished and the rest is skipped.
    """
    edits = [action for action in plan.actions if isinstance(action, EditCollections)]
    deletes = [action for action in plan.actions if isinstance(action, DeleteModel)]
    others = [a for a in plan.actions if not isinstance(a, EditCollections | DeleteModel)]
    halt = Halt(stop or Event())
    ended: list[Outcome] = []
    for outcome in Round(others, performer, halt).outcomes(jobs):
        if isinstance(outcome.action, Creation) and outcome.status is not Status.DONE:
            # What is to be deleted may be what was to be replaced.
            halt.deletes("a model could not be created, so none is deleted")
        ended.append(outcome)
        yield outcome
    yield from Memberships(edits, ended, performer, halt).outcomes(jobs)
    halt.finish_round()
    refused = [refusal.model for refusal in plan.refusals]
    yield from Deletes(deletes, ended, refused, performer, halt).outcomes(jobs)
