"""`catalog-sync apply`: plan, ask, do, and say what became of it."""

from pathlib import Path
from typing import Any

import click

from catalogsync.cli.again import added, options_again
from catalogsync.cli.against import live_only
from catalogsync.cli.approvals import approval_of, as_saved
from catalogsync.cli.asking import yes_option
from catalogsync.cli.base import base_options
from catalogsync.cli.carrying import Manner, carried_document, carried_out
from catalogsync.cli.options import (
    connection_options,
    option,
    plan_options,
    selection_options,
    talk_options,
)
from catalogsync.cli.output import spooled, write_document, write_lines
from catalogsync.cli.pictures import Pictures, pictures_in
from catalogsync.cli.planning import make_plan, split_options
from catalogsync.cli.readings import Told, reading_options, split_readings
from catalogsync.cli.record import Record, record_option, recording
from catalogsync.cli.saved import told_apart
from catalogsync.cli.undo import beside_report, check_can_be_kept, say_way_back
from catalogsync.cli.way_back import (
    check_restores,
    desired_session,
    restore_option,
    say_manifests_stay,
    say_restore,
)
from catalogsync.review.document import write_dumped
from catalogsync.review.text import render_plan


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
    help="Keep what is about to be changed in FILE, not beside the report or among the last ones "
    "of the user's folder.",
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
    undo_beside = None if undo_into else beside_report(readings.files, restore)
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
        pictures: Pictures = {}
        if readings.want_pictures:
            pictures = pictures_in(opened, planned, live=html_live_images, timeout=choices.timeout)
        manner = Manner(
            jobs=choices.jobs,
            asks=not (yes or approval.given),
            quiet=quiet,
            as_json=shown,
            color=color,
            lfs_pull=lfs_pull,
            undo_into=undo_into,
            undo_beside=undo_beside,
            at=added(options_again(choices)),
        )
        done = carried_out(opened, planned, manner)
        if done.anything:
            say_manifests_stay(restore, quiet=quiet)
            say_way_back(done, choices, quiet=quiet, described=planning.described)
    if note:
        note.finish(complete=done.code == 0)
    document = spooled(lambda file: write_dumped(carried_document(planned, done), file))
    readings.write_files(Told(planned.saved, document, done.outcomes, pictures, choices.jobs))
    if readings.as_json:
        write_document(document())
    return done.code
