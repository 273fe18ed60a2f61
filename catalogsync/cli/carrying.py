"""What the commands share that carry out a plan: files made ready, the question, the work."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from catalogsync.actions import Action, Creation, DeleteModel, files_to_send
from catalogsync.apply import apply, noticing_twins
from catalogsync.cli.asking import confirmed
from catalogsync.cli.output import say, write_lines
from catalogsync.cli.planning import Planned
from catalogsync.cli.progress import Load, progress
from catalogsync.cli.session import Session, interruptible
from catalogsync.cli.undo import Kept, keep
from catalogsync.diff import Verb
from catalogsync.errors import CatalogSyncError, Interrupted
from catalogsync.identity import twins
from catalogsync.ledger import Ledger
from catalogsync.manifest import open_file
from catalogsync.manifest.ready import make_ready
from catalogsync.outcome import Outcome, Status
from catalogsync.perform import Performer
from catalogsync.plan import Plan
from catalogsync.review.document import error_document, outcome_document
from catalogsync.review.phrases import total_cost
from catalogsync.review.report import render_report
from catalogsync.review.saved import saved_document
from catalogsync.review.words import counted, visible
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Manner:
    """How a plan is carried out: with how many threads, asking or not, and how it is talked of.

    Commands to be typed next get the options `at`.
    """

    jobs: int
    asks: bool
    quiet: bool
    as_json: bool
    color: str
    lfs_pull: bool = False
    undo_into: Path | None = None
    undo_beside: Path | None = None
    reports: bool = True
    at: str = ""


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of a plan: every outcome, the file that leads back, the ids, the exit code."""

    outcomes: Sequence[Outcome]
    undo: Path | None
    ids: Mapping[str, str]
    code: int

    @property
    def anything(self) -> bool:
        """Whether anything was done at all."""
        return bool(self._done())

    @property
    def deleted(self) -> Mapping[str, str]:
        """The ids of the models that were deleted, by their keys."""
        gone = (action.model for action in self._done() if isinstance(action, DeleteModel))
        return {key: self.ids[key] for key in sorted(gone)}

    @property
    def only_deleted(self) -> bool:
        """Whether nothing else was done than deleting models."""
        return all(isinstance(action, DeleteModel) for action in self._done())

    def _done(self) -> list[Action]:
        return [outcome.action for outcome in self.outcomes if outcome.status is Status.DONE]


def carried_out(opened: Session, planned: Planned, manner: Manner) -> Carried:
    """Ask, keep what is about to be changed, do what a plan says, and report it."""
    plan, ledger = planned.plan, Ledger(planned.diff, planned.snapshot)
    outcomes: list[Outcome] = []
    kept: Kept | None = None
    if plan.models and not plan.blocked:
        _make_sure(opened, planned, lfs_pull=manner.lfs_pull, asks=manner.asks)
        load = _load(planned)
        kept = keep(planned, opened.target.server, manner.undo_into, manner.undo_beside)
        # An apply that ends in the middle must leave nothing behind that it made untrue.
        opened.reads.forget(model.model_id for model in plan.models if model.model_id)
        with (
            _finishing(kept, ledger),
            progress("applying", quiet=manner.quiet, as_json=manner.as_json, load=load) as watched,
        ):
            opened.uploads.progress = watched
            outcomes = _carry_out(opened, planned, ledger, jobs=manner.jobs)
        if manner.reports:
            lines = render_report(plan, outcomes, manner.at)
            write_lines(lines, color=manner.color, to_stderr=manner.as_json)
    code = exit_code(plan, outcomes, interrupted=opened.stop.is_set())
    return Carried(outcomes, kept.path if kept else None, ledger.ids(), code)


@contextmanager
def _finishing(kept: Kept | None, ledger: Ledger) -> Iterator[None]:
    """However an apply ends, what leads back says what it created."""
    try:
        yield
    finally:
        if kept:
            kept.finish(ledger.made())


def carried_document(planned: Planned, done: Carried) -> dict[str, object]:
    """A plan and what became of it as JSON data."""
    told = outcome_document(planned.plan, done.outcomes, done.ids)
    document = saved_document(planned.saved) | told
    document["undo"] = str(done.undo) if done.undo else ""
    if error := _error(done.outcomes, done.code):
        document |= error_document(error)
    return document


def _make_sure(opened: Session, planned: Planned, *, lfs_pull: bool, asks: bool) -> None:
    """Raise an error unless every file is there and, where that is asked, the user says yes."""
    plan = planned.plan
    files = [planned.file(asset) for asset in plan.files]
    with interruptible():
        make_ready(files, lfs_pull=lfs_pull)
    asked(opened, f"Apply to {counted(len(plan.models), 'model')}", _at_stake(plan), asks=asks)


def _at_stake(plan: Plan) -> str:
    """What a person must know before saying yes: losses and cost."""
    deletes = plan.count(Verb.DELETE)
    loss = f", DELETE {deletes} of them" if deletes else ""
    undo = "may UNDO" if plan.is_guessed else "UNDO"
    undone = f", {undo} {counted(plan.would_undo, 'edit')} on the server" if plan.would_undo else ""
    cost = total_cost(plan)
    return loss + undone + (f", cost of imports: {cost}" if cost else "")


def asked(opened: Session, what: str, more: str = "", *, asks: bool) -> None:
    """Raise an error unless the user says yes, where that is asked; where is in the question."""
    if not asks:
        return
    where = " ".join(filter(None, (opened.target.name, opened.target.project)))
    where = visible(where) or "the project of these credentials"
    question = f"{what} in {where}{more}?"
    if not confirmed(question, opened.stop, instead="--yes to apply without asking"):
        raise CatalogSyncError("Nothing was applied.")


def _load(planned: Planned) -> Load:
    """What is to be sent, each file by its path in the catalog."""
    return Load(
        files=len(planned.plan.files),
        size=planned.plan.upload_bytes,
        name=lambda asset: planned.file(asset).path,
    )


def _carry_out(opened: Session, planned: Planned, ledger: Ledger, *, jobs: int) -> list[Outcome]:
    plan = planned.plan
    performer = Performer(
        opened.client,
        ledger,
        lambda asset: open_file(planned.file(asset)),
        pause=opened.stop.wait,
    )
    outcomes = []
    due = len(plan.actions)
    tell = opened.uploads.progress
    tell.step(0, due)
    for outcome in apply(plan, performer, jobs=jobs, stop=opened.stop):
        outcomes.append(outcome)
        for file in files_to_send(outcome.action):
            tell.ended(file, done=outcome.status is Status.DONE)
        tell.step(len(outcomes), due)
    created = any(isinstance(o.action, Creation) and o.status is Status.DONE for o in outcomes)
    if not created or opened.stop.is_set():
        return outcomes
    try:
        held = twins(opened.catalog.name, opened.client.list_models())
    except CatalogSyncError as error:
        # What was done must be told, whatever cannot be asked any more.
        say(f"Whether another apply created the same models could not be read: {error.message}")
        return outcomes
    return noticing_twins(outcomes, held)


def exit_code(plan: Plan, outcomes: Sequence[Outcome], *, interrupted: bool) -> int:
    """130 interrupted, 0 all done, 4 in part, 5 nothing but refusals and conflicts, else 1 or 3."""
    statuses = {outcome.status for outcome in outcomes}
    if interrupted:
        return Interrupted.exit_code
    if statuses <= {Status.DONE} and not plan.refusals:
        return 0
    if Status.DONE in statuses:
        return 4
    return max((error.exit_code for error in _failures(outcomes)), default=5)


def _failures(outcomes: Sequence[Outcome]) -> list[CatalogSyncError]:
    return [o.error for o in outcomes if o.status is Status.FAILED and o.error]


def _error(outcomes: Sequence[Outcome], code: int) -> CatalogSyncError | None:
    """The error that an exit code stands for, None for one that is a result."""
    known = (*_failures(outcomes), Interrupted("interrupted"))
    return next((error for error in known if error.exit_code == code), None)
