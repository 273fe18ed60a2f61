"""`catalog-sync plan`: show what an apply would do, over a transport that cannot write."""

from pathlib import Path
from typing import Any

import click

from catalogsync.cli.against import Against, against_option
from catalogsync.cli.base import base_options
from catalogsync.cli.options import (
    catalog_argument,
    connection_options,
    option,
    plan_options,
    selection_options,
    talk_options,
)
from catalogsync.cli.output import say, spooled, write_document, write_lines
from catalogsync.cli.pictures import Pictures, pictures_in, pictures_of
from catalogsync.cli.planning import make_plan, plan_offline, split_options
from catalogsync.cli.readings import Told, reading_options, split_readings
from catalogsync.cli.way_back import desired_session, restore_option, say_restore
from catalogsync.errors import UsageError
from catalogsync.plan import LIVE
from catalogsync.review.saved import saved_document, write_sealed
from catalogsync.review.text import render_plan
from catalogsync.review.words import visible


@click.command("plan")
@catalog_argument
@connection_options
@selection_options
@plan_options
@reading_options(saves=True)
@against_option
@base_options
@restore_option
@option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
@talk_options
def command(
    against: Against,
    restore: Path | None,
    html_live_images: bool,
    detailed_exitcode: bool,
    quiet: bool,
    color: str,
    **options: Any,
) -> int:
    """Show what an apply would do. Reads only: its connection refuses anything that writes.

    Exits 5 when something is refused, with --detailed-exitcode 2 when there are changes.
    """
    readings = split_readings(options)
    planning, choices = split_options({**options, "quiet": quiet})
    said = ""
    pictures: Pictures = {}
    if against.kind == LIVE:
        with desired_session(choices, planning, restore, read_only=True) as (opened, planning):
            planned = make_plan(
                opened, planning, jobs=choices.jobs, quiet=quiet, as_json=readings.as_json
            )
            saved = planned.saved
            say_restore(planned, planning, quiet=quiet)
            if readings.want_pictures:
                pictures = pictures_in(
                    opened, planned, live=html_live_images, timeout=choices.timeout
                )
    elif choices.recalls:
        raise UsageError(
            "--refresh changed reads the live project", hint="leave --against or --refresh out"
        )
    elif restore:
        raise UsageError("--restore compares with the live project", hint="leave --against out")
    elif html_live_images:
        raise UsageError("--html-live-images asks the server", hint="leave --against out")
    else:
        files, saved, said = plan_offline(choices, planning, against)
        if readings.want_pictures:
            pictures = pictures_of(saved.plan.models, files)
    document = spooled(lambda file: write_sealed(saved_document(saved), file))
    readings.write_files(Told(saved, document, pictures=pictures, jobs=choices.jobs))
    if readings.as_json:
        if said and not quiet:
            say(visible(f"Planned against {said}; the live project was not asked."))
        write_document(document())
    else:
        write_lines(
            render_plan(saved.plan, jobs=choices.jobs, said=said, before=saved.read_before),
            color=color,
        )
    if saved.plan.refusals:
        return 5
    return 2 if detailed_exitcode and saved.plan.models else 0
