"""Carries out a plan: concurrently, in an order in which every prefix leaves the server sound."""

from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event

from catalogsync.actions import (
    Action,
    CreateCollection,
    Creation,
    DeleteModel,
    EditCollections,
    ModelAction,
    UploadAsset,
    asset_refs,
    model_keys,
)
from catalogsync.errors import (
    AccessDenied,
    ApiError,
    AskedToWait,
    CatalogSyncError,
    Conflict,
    Interrupted,
)
from catalogsync.members import Batch, batches, without
from catalogsync.outcome import Outcome, Status
from catalogsync.perform import Performer
from catalogsync.plan import Plan


def apply(
    plan: Plan, performer: Performer, *, jobs: int = 8, stop: Event | None = None
) -> Generator[Outcome, None, None]:
    """Do the plan's actions with `jobs` threads and yield an outcome for every one of them.

    A failed action skips the rest of its own model and what depends on it, nothing else; but
    nothing is deleted when a create did not succeed. Once `stop` is set, what is in flight is
    finished and the rest is skipped.
    """
    edits = [action for action in plan.actions if isinstance(action, EditCollections)]
    deletes = [action for action in plan.actions if isinstance(action, DeleteModel)]
    others = [a for a in plan.actions if not isinstance(a, EditCollections | DeleteModel)]
    halt = _Halt(stop or Event())
    ended: list[Outcome] = []
    for outcome in _Round(others, performer, halt).outcomes(jobs):
        if isinstance(outcome.action, Creation) and outcome.status is not Status.DONE:
            # What is to be deleted may be what was to be replaced.
            halt.deletes("a model could not be created, so none is deleted")
        ended.append(outcome)
        yield outcome
    yield from _Memberships(edits, ended, performer, halt).outcomes(jobs)
    halt.finish_round()
    yield from _Round(deletes, performer, halt).outcomes(jobs)


def noticing_twins(
    outcomes: Sequence[Outcome], twins: Mapping[str, Sequence[str]]
) -> list[Outcome]:
    """The outcomes, with a conflict for every create that another apply did at the same time."""

    def noticed(outcome: Outcome) -> Outcome:
        action = outcome.action
        if not isinstance(action, Creation) or action.model not in twins:
            return outcome
        ids = ", ".join(twins[action.model])
        error = Conflict(
            f"another apply created the same model at the same time: {ids}",
            hint="delete the one you do not want in the web page; run one apply at a time",
        )
        return Outcome(action, Status.CONFLICT, error.message, error)

    return [noticed(outcome) for outcome in outcomes]


def dependencies(actions: Sequence[Action]) -> list[set[int]]:
    """For every action the indices of those that must be done before it.

    They are: the one before it of the same model, the uploads of the files it uses, the creation
    of the models it names; for the first one of a model that exists already, also what any other
    of that model needs.
    """
    maker: dict[tuple[str, str], int] = {}
    chains: defaultdict[str, list[int]] = defaultdict(list)
    for at, action in enumerate(actions):
        if isinstance(action, UploadAsset | Creation):
            maker[_subject(action)] = at
    needs: list[set[int]] = []
    for at, action in enumerate(actions):
        before = {maker[used] for used in _uses(action) if used in maker}
        if not isinstance(action, UploadAsset | CreateCollection):
            before |= set(chains[action.model][-1:])
            chains[action.model].append(at)
        needs.append(before - {at})
    for chain in chains.values():
        if not isinstance(actions[chain[0]], Creation):
            # A model is looked at once before it is changed: then nothing may make it wait.
            outside = set().union(*(needs[at] for at in chain)) - set(chain)
            needs[chain[0]] |= outside
    return needs


def _uses(action: Action) -> Iterator[tuple[str, str]]:
    yield from (("file", ref.sha256) for ref in asset_refs(action))
    yield from (("model", key) for key in model_keys(action))


class _Halt:
    """Why nothing more is to be begun: the user said so, or the credentials are no good."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._why = ""
        self._deletes = ""

    def because(self, error: CatalogSyncError) -> None:
        """Halt when an error means that every other request would fail as well."""
        if isinstance(error, AccessDenied) and error.status == 401:
            self._why = "the credentials were refused"
        if isinstance(error, AskedToWait):
            self._why = "the server asks to wait"

    def deletes(self, why: str) -> None:
        """Begin nothing in the round that is left, the deletes."""
        self._deletes = self._deletes or why

    def finish_round(self) -> None:
        """From here on only deletes are left."""
        self._why = self._why or self._deletes

    @property
    def reason(self) -> str:
        """Empty as long as the run goes on."""
        return "interrupted" if self._stop.is_set() else self._why


class _Round:
    """Actions that run together, each as soon as all that it needs is done."""

    def __init__(self, actions: Sequence[Action], performer: Performer, halt: _Halt) -> None:
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
            if at in self._first:
                self._performer.check_unchanged(self._first[at])
            self._performer.perform(action)

        return _attempt(action, self._halt, work) or Outcome(action, Status.DONE)

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
        reason = _reason(cause)
        waiting = list(self._needed_by[at])
        while waiting:
            dependent = waiting.pop()
            if dependent not in self._skipped:
                self._skipped.add(dependent)
                waiting += self._needed_by[dependent]
                yield Outcome(self._actions[dependent], Status.SKIPPED, reason)


class _Memberships:
    """Edits of collections: many models in a call, each by itself where such a call fails."""

    def __init__(
        self,
        edits: Sequence[EditCollections],
        ended: Sequence[Outcome],
        performer: Performer,
        halt: _Halt,
    ) -> None:
        self._edits = edits
        self._performer = performer
        self._halt = halt
        self._begun = {_subject(outcome.action) for outcome in ended}
        self._missing: dict[tuple[str, str], Outcome] = {}
        for outcome in ended:
            if outcome.status is not Status.DONE:
                self._missing.setdefault(_subject(outcome.action), outcome)

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
            return Outcome(edit, Status.SKIPPED, _reason(cause))
        if ("model", edit.model) in self._begun:
            return None
        return _attempt(edit, self._halt, lambda: self._performer.check_unchanged(edit))

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
        trouble = _attempt(edit, self._halt, lambda: self._performer.perform(left))
        return trouble or Outcome(edit, Status.DONE)


def _attempt(action: Action, halt: _Halt, work: Callable[[], None]) -> Outcome | None:
    """What kept a piece of work from being done, or None."""
    if halt.reason:
        return Outcome(action, Status.SKIPPED, halt.reason)
    try:
        work()
    except Interrupted as interrupted:
        return Outcome(action, Status.SKIPPED, interrupted.message, interrupted)
    except Conflict as conflict:
        return Outcome(action, Status.CONFLICT, conflict.message, conflict)
    except CatalogSyncError as error:
        halt.because(error)
        return Outcome(action, Status.FAILED, error.message, error)
    return None


def _subject(action: Action) -> tuple[str, str]:
    """What an action is about."""
    match action:
        case UploadAsset(asset=asset):
            return "file", asset.sha256
        case CreateCollection(name=name):
            return "collection", name
        case _:
            return "model", action.model


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


def _reason(cause: Outcome) -> str:
    """Why what needed this is skipped."""
    if cause.status is Status.SKIPPED:
        return cause.reason
    match cause.action:
        case UploadAsset(asset=asset):
            return f"{asset.name} was not uploaded"
        case CreateCollection(name=name):
            return f"collection {name} was not created"
        case action:
            return f"an earlier step of {action.model} did not succeed"
