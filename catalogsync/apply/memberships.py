"""Who belongs to which collection."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from catalogsync.actions import EditCollections
from catalogsync.apply.attempt import Halt, attempt, reason_for
from catalogsync.apply.order import subject
from catalogsync.errors import ApiError, Interrupted
from catalogsync.members import Batch, batches, without
from catalogsync.outcome import Outcome, Status
from catalogsync.perform import Performer


class Memberships:
    """Edits of collections: many models in a call, each by itself where such a call fails."""

    def __init__(
        self,
        edits: Sequence[EditCollections],
        ended: Sequence[Outcome],
        performer: Performer,
        halt: Halt,
    ) -> None:
        self._edits = edits
        self._performer = performer
        self._halt = halt
        self._begun = {subject(outcome.action) for outcome in ended}
        self._missing: dict[tuple[str, str], Outcome] = {}
        for outcome in ended:
            if outcome.status is not Status.DONE:
                self._missing.setdefault(subject(outcome.action), outcome)

    def outcomes(self, jobs: int) -> Iterator[Outcome]:
        """Yield every edit's outcome."""
        pool = ThreadPoolExecutor(jobs, thread_name_prefix="members")
        try:
            due = []
            for edit, outcome in zip(self._edits, pool.map(self._refuse, self._edits), strict=True):
                if outcome is None:
                    due.append(edit)
                else:
                    yield outcome
            together = [batch for batch in batches(due) if len(batch.models) > 1]
            moved = [
                batch
                for batch, done in zip(together, pool.map(self._move, together), strict=True)
                if done
            ]
            done = {(b.collection, b.adding, model) for b in moved for model in b.models}
            yield from pool.map(lambda edit: self._finish(edit, without(edit, done)), due)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _refuse(self, edit: EditCollections) -> Outcome | None:
        """What speaks against an edit, or None if it can be done."""
        needed = (("model", edit.model), *(("collection", name) for name in edit.add))
        for cause in (self._missing[what] for what in needed if what in self._missing):
            return Outcome(edit, Status.SKIPPED, reason_for(cause))
        if ("model", edit.model) in self._begun:
            return None
        return attempt(edit, self._halt, lambda: self._performer.lookout.check_unchanged(edit))

    def _move(self, batch: Batch) -> bool:
        if self._halt.reason:
            return False
        try:
            self._performer.move_together(batch)
        except (ApiError, Interrupted):
            return False
        return True

    def _finish(self, edit: EditCollections, left: EditCollections) -> Outcome:
        if not (left.add or left.remove):
            return Outcome(edit, Status.DONE)
        trouble = attempt(edit, self._halt, lambda: self._performer.perform(left))
        return trouble or Outcome(edit, Status.DONE)
