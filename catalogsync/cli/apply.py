"""`catalog-sync apply`: plan, ask, do, and say what became of it."""

import select
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import click

from catalogsync.actions import CreateModel
from catalogsync.apply import apply, noticing_twins
from catalogsync.cli.html import write_html
from catalogsync.cli.options import (
    catalog_argument,
    connection_options,
    option,
    plan_options,
    selection_options,
    talk_options,
)
from catalogsync.cli.output import say, write_lines
from catalogsync.cli.planning import make_plan, split_options
from catalogsync.cli.progress import progress
from catalogsync.cli.session import Session, interruptible, session
from catalogsync.diff import Verb
from catalogsync.errors import AccessDenied, UsageError
from catalogsync.identity import twins
from catalogsync.ledger import Ledger
from catalogsync.manifest import open_file
from catalogsync.model import AssetRef, Catalog
from catalogsync.outcome import Outcome, Status
from catalogsync.perform import Performer
from catalogsync.plan import Plan
from catalogsync.review.document import apply_document, dumped
from catalogsync.review.report import render_report
from catalogsync.review.text import render_plan
from catalogsync.review.words import counted, visible


@click.command("apply")
@catalog_argument
@connection_options
@selection_options
@plan_options
@option("--yes", "-y", is_flag=True, help="Do not ask.")
@talk_options
def command(
    as_json: bool,
    html: Path | None,
    html_live_images: bool,
    yes: bool,
    quiet: bool,
    color: str,
    **options: Any,
) -> int:
    """Make the project look like the manifests.

    Shows the plan and asks first. Can be repeated at any time: it does what is left to do.
    """
    planning, choices = split_options(options)
    with session(choices, read_only=False) as opened:
        planned = make_plan(opened, planning, jobs=choices.jobs, quiet=quiet)
        plan = planned.plan
        if html:
            write_html(html, plan, opened, live=html_live_images, jobs=choices.jobs)
        write_lines(render_plan(plan, jobs=choices.jobs), color=color, to_stderr=as_json)
        ledger = Ledger(planned.diff, planned.snapshot)
        outcomes: list[Outcome] = []
        if plan.models and not plan.blocked:
            if not yes and not _confirmed(opened, plan):
                say("Nothing was applied.")
                return 1
            _check_files(opened.catalog, plan)
            outcomes = _carry_out(opened, plan, ledger, jobs=choices.jobs, quiet=quiet)
            write_lines(render_report(plan, outcomes), color=color, to_stderr=as_json)
        if as_json:
            click.echo(dumped(apply_document(plan, outcomes, ledger.ids())), nl=False)
        return _exit_code(plan, outcomes, interrupted=opened.stop.is_set())


def _confirmed(opened: Session, plan: Plan) -> bool:
    """Ask whether to apply; the target, the project and the counts are in the question."""
    if not sys.stdin.isatty():
        raise UsageError("there is nobody to ask", hint="give --yes to apply without asking")
    where = " ".join(filter(None, (opened.target.name, opened.target.project)))
    where = visible(where) or "the project of these credentials"
    deletes = plan.count(Verb.DELETE)
    loss = f", DELETE {deletes} of them" if deletes else ""
    say(f"\nApply to {counted(len(plan.models), 'model')} in {where}{loss}? [y/N]")
    with interruptible():
        return _answer() in ("y", "yes")


def _answer() -> str:
    """A line of the user; looked for again and again, so that no Ctrl-C can be missed."""
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        pass
    return sys.stdin.readline().strip().lower()


def _opener(catalog: Catalog, asset: AssetRef) -> BinaryIO:
    return open_file(catalog.files[asset.sha256])


def _check_files(catalog: Catalog, plan: Plan) -> None:
    """Open every file that is to be sent before anything is written."""
    for upload in plan.uploads:
        _opener(catalog, upload.asset).close()


def _carry_out(
    opened: Session, plan: Plan, ledger: Ledger, *, jobs: int, quiet: bool
) -> list[Outcome]:
    performer = Performer(
        opened.client,
        ledger,
        lambda asset: _opener(opened.catalog, asset),
        pause=opened.stop.wait,
    )
    outcomes = []
    due = len(plan.actions)
    with progress("applying", quiet=quiet) as tick:
        for outcome in apply(plan, performer, jobs=jobs, stop=opened.stop):
            outcomes.append(outcome)
            tick(len(outcomes), due)
    created = any(isinstance(o.action, CreateModel) and o.status is Status.DONE for o in outcomes)
    if not created or opened.stop.is_set():
        return outcomes
    return noticing_twins(outcomes, twins(opened.catalog.name, opened.client.list_models()))


def _exit_code(plan: Plan, outcomes: Sequence[Outcome], *, interrupted: bool) -> int:
    """130 interrupted, 0 all done, 4 in part, 5 nothing but refusals and conflicts, else 1 or 3."""
    statuses = {outcome.status for outcome in outcomes}
    if interrupted:
        return 130
    if statuses <= {Status.DONE} and not plan.refusals:
        return 0
    if Status.DONE in statuses:
        return 4
    errors = [outcome.error for outcome in outcomes if outcome.status is Status.FAILED]
    if errors:
        return 3 if any(isinstance(error, AccessDenied) for error in errors) else 1
    return 5
