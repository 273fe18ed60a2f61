"""`catalog-sync plan`: show what an apply would do, over a transport that cannot write."""

from pathlib import Path
from typing import Any

import click

from catalogsync.cli.html import write_html
from catalogsync.cli.options import (
    catalog_argument,
    connection_options,
    option,
    plan_options,
    selection_options,
    talk_options,
)
from catalogsync.cli.planning import make_plan, split_options
from catalogsync.cli.session import session


@click.command("plan")
@catalog_argument
@connection_options
@selection_options
@plan_options
@option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
@talk_options
def command(
    as_json: bool,
    html: Path | None,
    html_live_images: bool,
    detailed_exitcode: bool,
    quiet: bool,
    color: str,
    **options: Any,
) -> int:
    """Show what an apply would do. Reads only: its connection refuses anything that writes.

    Exits 5 when something is refused, with --detailed-exitcode 2 when there are changes.
    """
    planning, choices = split_options(options)
    with session(choices, read_only=True) as opened:
        plan = make_plan(opened, planning, jobs=choices.jobs, quiet=quiet).plan
        if html:
            write_html(html, plan, opened, live=html_live_images, jobs=choices.jobs)
    if as_json:
        from catalogsync.review.document import dumped, plan_document

        click.echo(dumped(plan_document(plan)), nl=False)
    else:
        from catalogsync.cli.output import write_lines
        from catalogsync.review.text import render_plan

        write_lines(render_plan(plan, jobs=choices.jobs), color=color)
    if plan.refusals:
        return 5
    return 2 if detailed_exitcode and plan.models else 0
