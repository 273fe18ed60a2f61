"""Carries out a plan: concurrently, in an order in which every prefix leaves the server sound."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event

from catalogsync.actions import (
    Action,
    CreateCollection,
    CreateModel,
    DeleteModel,
    EditCollections,
    UploadAsset,
    asset_refs,
    model_keys,
)
from catalogsync.errors import AccessDenied, CatalogSyncError, Conflict
from catalogsync.outcome import Outcome, Status
from catalogsync.perform import Performer
from catalogsync.plan import Plan


def apply(
    plan: Plan, performer: Performer, *, jobs: int = 8, stop: Event | None = None
) -> Iterator[Outcome]:
    """Do the plan's actions with `jobs` threads and yield an outcome for every one of them.

    A failed action skips the rest of its own model and what depends on it, nothing else. Once
    `stop` is set, what is in flight is finished and the rest is skipped.
    """
    deletes = [action for action in plan.actions if isinstance(action, DeleteModel)]
    others = [action for action in plan.actions if not isinstance(action, DeleteModel)]
    halt = _Halt(stop or Event())
    for actions in (others, deletes):
        yield from _Round(actions, performer, halt).outcomes(jobs)


def dependencies(actions: Sequence[Action]) -> list[set[int]]:
    """For every action the indices of those that must be done before it.

    They are: the one before it of the same model, the uploads of the files it uses, the creation
    of the models and collections it names.
    """
    maker: dict[tuple[str, str], int] = {}
    last: dict[str, int] = {}
    for at, action in enumerate(actions):
        maker |= dict.fromkeys(_makes(action), at)
    needs: list[set[int]] = []
    for at, action in enumerate(actions):
        before = {maker[used] for used in _uses(action) if used in maker}
        model = getattr(action, "model", None)
        if model is not None:
            before |= {last[model]} if model in last else set()
            last[model] = at
        needs.append(before - {at})
    return needs


def _makes(action: Action) -> Iterator[tuple[str, str]]:
    match action:
        case UploadAsset(asset=asset):
            yield "file", asset.sha256
        case CreateCollection(name=name):
            yield "collection", name
        case CreateModel(model=key):
            yield "model", key


def _uses(action: Action) -> Iterator[tuple[str, str]]:
    yield from (("file", ref.sha256) for ref in asset_refs(action))
    yield from (("model", key) for key in model_keys(action))
    if isinstance(action, EditCollections):
        yield from (("collection", name) for name in action.add)


class _Halt:
    """Why nothing more is to be begun: the user said so, or the credentials are no good."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._denied = ""

    def because(self, error: CatalogSyncError) -> None:
        """Halt when an error means that every other request would fail as well."""
        if isinstance(error, AccessDenied) and error.status == 401:
            self._denied = "the credentials were refused"

    @property
    def reason(self) -> str:
        """Empty as long as the run goes on."""
        return "interrupted" if self._stop.is_set() else self._denied


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
        with ThreadPoolExecutor(jobs, thread_name_prefix="apply") as pool:
            while ready or in_flight:
                for at in ready:
                    pool.submit(self._work, at)
                in_flight += len(ready)
                at, outcome = self._finished.get()
                in_flight -= 1
                if isinstance(outcome, BaseException):
                    pool.shutdown(cancel_futures=True)
                    raise outcome
                yield outcome
                done = outcome.status is Status.DONE
                ready = self._release(at) if done else []
                if not done:
                    yield from self._skip_dependents(at, outcome)

    def _work(self, at: int) -> None:
        try:
            self._finished.put((at, self._attempt(at)))
        except BaseException as defect:
            self._finished.put((at, defect))

    def _attempt(self, at: int) -> Outcome:
        action = self._actions[at]
        if self._halt.reason:
            return Outcome(action, Status.SKIPPED, self._halt.reason)
        try:
            if at in self._first:
                self._performer.check_unchanged(self._first[at])
            self._performer.perform(action)
        except Conflict as conflict:
            return Outcome(action, Status.CONFLICT, conflict.message, conflict)
        except CatalogSyncError as error:
            self._halt.because(error)
            return Outcome(action, Status.FAILED, error.message, error)
        return Outcome(action, Status.DONE)

    def _release(self, at: int) -> list[int]:
        """The actions that needed nothing but this one any more."""
        ready = []
        for dependent in self._needed_by[at]:
            self._needs[dependent].discard(at)
            if not self._needs[dependent] and dependent not in self._skipped:
                ready.append(dependent)
        return ready

    def _skip_dependents(self, at: int, cause: Outcome) -> Iterator[Outcome]:
        reason = cause.reason if cause.status is Status.SKIPPED else _blames(cause)
        waiting = list(self._needed_by[at])
        while waiting:
            dependent = waiting.pop()
            if dependent not in self._skipped:
                self._skipped.add(dependent)
                waiting += self._needed_by[dependent]
                yield Outcome(self._actions[dependent], Status.SKIPPED, reason)


def _first_of_each_model(actions: Sequence[Action]) -> dict[int, str]:
    """The index of every model's first action, with the key, unless it creates the model."""
    first: dict[str, int] = {}
    for at, action in enumerate(actions):
        key = getattr(action, "model", None)
        if key is not None:
            first.setdefault(key, at)
    return {at: key for key, at in first.items() if not isinstance(actions[at], CreateModel)}


def _blames(cause: Outcome) -> str:
    match cause.action:
        case UploadAsset(asset=asset):
            return f"{asset.name} was not uploaded"
        case CreateCollection(name=name):
            return f"collection {name} was not created"
        case action:
            return f"an earlier step of {action.model} did not succeed"
