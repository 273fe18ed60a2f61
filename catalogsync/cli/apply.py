"""`catalog-sync apply`: plan, ask, do, and say what became of it."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import click

from catalogsync.actions import Creation, files_to_send
from catalogsync.apply import apply, noticing_twins
from catalogsync.cli.against import live_only
from catalogsync.cli.approvals import approval_of, as_saved
from catalogsync.cli.asking import confirmed, yes_option
from catalogsync.cli.base import base_options
from catalogsync.cli.options import (
    connection_options,
    option,
    plan_options,
    selection_options,
    talk_options,
)
from catalogsync.cli.output import say, write_lines, write_text
from catalogsync.cli.pictures import Pictures, pictures_of
from catalogsync.cli.planning import make_plan, split_options
from catalogsync.cli.progress import Load, progress
from catalogsync.cli.readings import Told, reading_options, split_readings
from catalogsync.cli.record import Record, record_option, recording
from catalogsync.cli.restore import (
    check_restores,
    desired_session,
    restore_option,
    say_manifests_stay,
    say_restore,
)
from catalogsync.cli.saved import told_apart
from catalogsync.cli.session import Session, interruptible
from catalogsync.cli.undo import check_can_be_kept, keep, say_way_back
from catalogsync.diff import Verb
from catalogsync.errors import CatalogSyncError, Interrupted
from catalogsync.identity import twins
from catalogsync.ledger import Ledger
from catalogsync.manifest import open_file
from catalogsync.manifest.ready import make_ready
from catalogsync.model import AssetRef, Catalog, LocalFile
from catalogsync.outcome import Outcome, Status
from catalogsync.perform import Performer
from catalogsync.plan import Plan
from catalogsync.review.document import dumped, error_document, outcome_document
from catalogsync.review.phrases import total_cost
from catalogsync.review.report import render_report
from catalogsync.review.saved import saved_document
from catalogsync.review.text import render_plan
from catalogsync.review.words import counted, visible


@click.command("apply")
@click.argument("places", nargs=-1, type=click.Path(path_type=Path), metavar="[CATALOG] [PLAN]")
@connection_options
@selection_options
@plan_options
@option("--expect", metavar="DIGEST", help="Apply only the plan that has this digest.")
@yes_option
@option("--lfs-pull", is_flag=True, help="Let Git LFS download the files that are to be sent.")
@live_only
@base_options
@record_option
@restore_option
@option(
    "--undo-into",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep what is about to be changed in FILE, not among the last ones of the user's folder.",
)
@reading_options()
@talk_options
def command(
    places: tuple[Path, ...],
    expect: str | None,
    html_live_images: bool,
    yes: bool,
    lfs_pull: bool,
    record: Record,
    restore: Path | None,
    undo_into: Path | None,
    quiet: bool,
    color: str,
    **options: Any,
) -> int:
    """Make the project look like the manifests.

    Shows the plan and asks first. Can be repeated at any time: it does what is left to do.

    Given a saved PLAN, or the digest of one with --expect, it plans again, does what is still what
    was approved, refuses the rest by name and does not ask.

    What it is about to change is kept in a file first: --restore FILE brings it back.
    """
    readings = split_readings(options)
    catalog, plan_file = told_apart(places)
    planning, choices = split_options({**options, "catalog": catalog, "quiet": quiet})
    approval = approval_of(plan_file, expect)
    if approval.saved:
        planning, choices = as_saved(approval.saved, planning, choices)
    check_restores(approval.saved, restore)
    check_can_be_kept(undo_into, restore)
    with desired_session(choices, planning, restore, read_only=False) as (opened, planning):
        approval.check(opened)
        note = recording(
            record,
            opened.root,
            opened.catalog,
            opened.target,
            blobs=opened.blobs,
            partial=opened.keys is not None or restore is not None,
        )
        shown = readings.as_json
        planned = make_plan(
            opened,
            planning,
            jobs=choices.jobs,
            quiet=quiet,
            as_json=shown,
            objections=lambda plan: approval.objections(plan, opened.catalog),
        )
        plan = planned.plan
        say_restore(planned, planning, quiet=quiet)
        lines = render_plan(plan, jobs=choices.jobs, before=planned.saved.read_before)
        write_lines(lines, color=color, to_stderr=shown)
        ledger = Ledger(planned.diff, planned.snapshot)
        pictures: Pictures = {}
        if readings.want_pictures:
            live = opened.client if html_live_images else None
            pictures = pictures_of(
                plan.models, opened.catalog.files, live=live, timeout=choices.timeout
            )
        outcomes: list[Outcome] = []
        undo: Path | None = None
        if plan.models and not plan.blocked:
            _make_sure(opened, plan, lfs_pull=lfs_pull, asks=not (yes or approval.given))
            load = _load(opened.catalog, plan)
            undo = keep(planned, undo_into)
            # An apply that ends in the middle must leave nothing behind that it made untrue.
            opened.reads.forget(model.model_id for model in plan.models if model.model_id)
            with progress("applying", quiet=quiet, as_json=shown, load=load) as watched:
                opened.uploads.progress = watched
                outcomes = _carry_out(opened, plan, ledger, jobs=choices.jobs)
            write_lines(render_report(plan, outcomes), color=color, to_stderr=shown)
            if any(outcome.status is Status.DONE for outcome in outcomes):
                say_manifests_stay(restore, quiet=quiet)
                say_way_back(undo, choices, quiet=quiet)
        code = _exit_code(plan, outcomes, interrupted=opened.stop.is_set())

    @cache
    def document() -> str:
        told = saved_document(planned.saved) | outcome_document(plan, outcomes, ledger.ids())
        told["undo"] = str(undo) if undo else ""
        error = _error(outcomes, code)
        return dumped(told | error_document(error) if error else told)

    if note:
        note.finish(complete=code == 0)
    readings.write_files(Told(planned.saved, document, outcomes, pictures, choices.jobs))
    if readings.as_json:
        write_text(document())
    return code


def _make_sure(opened: Session, plan: Plan, *, lfs_pull: bool, asks: bool) -> None:
    """Raise an error unless every file is there and, where that is asked, the user says yes."""
    files = [_file(opened.catalog, asset) for asset in plan.files]
    with interruptible():
        make_ready(files, lfs_pull=lfs_pull)
    if asks and not _confirmed(opened, plan):
        raise CatalogSyncError("Nothing was applied.")


def _confirmed(opened: Session, plan: Plan) -> bool:
    """Ask whether to apply; where, how much and at what cost is in the question."""
    where = " ".join(filter(None, (opened.target.name, opened.target.project)))
    where = visible(where) or "the project of these credentials"
    deletes = plan.count(Verb.DELETE)
    loss = f", DELETE {deletes} of them" if deletes else ""
    undone = f", UNDO {counted(plan.would_undo, 'edit')} on the server" if plan.would_undo else ""
    cost = total_cost(plan)
    price = f", cost of imports: {cost}" if cost else ""
    number = counted(len(plan.models), "model")
    question = f"Apply to {number} in {where}{loss}{undone}{price}?"
    return confirmed(question, opened.stop, instead="--yes to apply without asking")


def _file(catalog: Catalog, asset: AssetRef) -> LocalFile:
    return catalog.files[asset.sha256]


def _load(catalog: Catalog, plan: Plan) -> Load:
    """What is to be sent, each file by its path in the catalog."""
    return Load(
        files=len(plan.files),
        size=plan.upload_bytes,
        name=lambda asset: catalog.files[asset.sha256].path,
    )


def _carry_out(opened: Session, plan: Plan, ledger: Ledger, *, jobs: int) -> list[Outcome]:
    performer = Performer(
        opened.client,
        ledger,
        lambda asset: open_file(_file(opened.catalog, asset)),
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


def _exit_code(plan: Plan, outcomes: Sequence[Outcome], *, interrupted: bool) -> int:
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
