"""Actions that run together."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from catalogsync.actions import (
    Action,
    CreateCollection,
    Creation,
    ModelAction,
    UploadAsset,
    is_compared,
)
from catalogsync.apply.attempt import Halt, attempt, reason_for
from catalogsync.apply.order import dependencies
from catalogsync.outcome import Outcome, Status
from catalogsync.perform import Performer


class Round:
    """Actions that run together, each as soon as all that it needs is done."""

    def __init__(self, actions: Sequence[Action], performer: Performer, halt: Halt) -> None:
        self._actions = actions
        self._performer = performer
        self._halt = halt
        self._needs = dependencies(actions)
        self._needed_by: defaultdict[int, list[int]] = defaultdict(list)
        for at, needs in enumerate(self._needs):
            for needed in needs:
                self._needed_by[needed].append(at)
        self._first = _first_of_each_model(actions)
        self._skipped: set[int] = set()
        self._finished: SimpleQueue[tuple[int, Outcome | BaseException]] = SimpleQueue()

    def outcomes(self, jobs: int) -> Iterator[Outcome]:
        """Yield every action's outcome as it comes in."""
        ready = [at for at, needs in enumerate(self._needs) if not needs]
        in_flight = 0
        pool = ThreadPoolExecutor(jobs, thread_name_prefix="apply")
        try:
            while ready or in_flight:
                for at in ready:
                    pool.submit(self._work, at)
                in_flight += len(ready)
                at, outcome = self._finished.get()
                in_flight -= 1
                if isinstance(outcome, BaseException):
                    raise outcome
                done = outcome.status is Status.DONE
                ready = self._release(at) if done else []
                yield outcome
                if not done:
                    yield from self._skip_dependents(at, outcome)
        finally:
            # Also when nobody wants to know any more: what nobody hears of must not be done.
            pool.shutdown(wait=True, cancel_futures=True)
        assert not self._waiting(), "actions wait for each other"

    def _work(self, at: int) -> None:
        try:
            self._finished.put((at, self._attempt(at)))
        except BaseException as defect:
            self._finished.put((at, defect))

    def _attempt(self, at: int) -> Outcome:
        action = self._actions[at]

        def work() -> None:
            first = at in self._first
            if first:
                self._performer.lookout.check_unchanged(self._first[at])
            if is_compared(action, first=first):
                self._performer.lookout.check_replaced(action)
            self._performer.perform(action)

        return attempt(action, self._halt, work) or Outcome(action, Status.DONE)

    def _waiting(self) -> set[int]:
        """The actions that were neither begun nor skipped."""
        return {at for at, needs in enumerate(self._needs) if needs} - self._skipped

    def _release(self, at: int) -> list[int]:
        """The actions that needed nothing but this one any more."""
        ready = []
        for dependent in self._needed_by[at]:
            self._needs[dependent].discard(at)
            if not self._needs[dependent] and dependent not in self._skipped:
                ready.append(dependent)
        return ready

    def _skip_dependents(self, at: int, cause: Outcome) -> Iterator[Outcome]:
        reason = reason_for(cause)
        waiting = list(self._needed_by[at])
        while waiting:
            dependent = waiting.pop()
            if dependent not in self._skipped:
                self._skipped.add(dependent)
                waiting += self._needed_by[dependent]
                yield Outcome(self._actions[dependent], Status.SKIPPED, reason)


def _first_of_each_model(actions: Sequence[Action]) -> dict[int, ModelAction]:
    """Every model's first action by its index, unless it creates the model."""
    first: dict[str, int] = {}
    for at, action in enumerate(actions):
        if not isinstance(action, UploadAsset | CreateCollection):
            first.setdefault(action.model, at)
    found = ((at, actions[at]) for at in first.values())
    return {
        at: action
        for at, action in found
        if not isinstance(action, UploadAsset | CreateCollection | Creation)
    }
