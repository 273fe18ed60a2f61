"""`catalog-sync show`: a saved plan in every format, without network and catalog."""

from pathlib import Path
from typing import Any

import click

from catalogsync.cli.options import color_option
from catalogsync.cli.output import write_lines, write_text
from catalogsync.cli.readings import reading_options, split_readings
from catalogsync.cli.saved import read_plan
from catalogsync.review.saved import saved_document, sealed
from catalogsync.review.text import render_plan


@click.command("show")
@click.argument("plan", type=click.Path(path_type=Path))
@reading_options()
@color_option
def command(plan: Path, color: str, **options: Any) -> None:
    """Show a saved plan, as text or in any other format. Opens no socket and needs no catalog."""
    readings = split_readings(options)
    saved = read_plan(plan)
    document = sealed(saved_document(saved))
    readings.write_files(saved, document)
    if readings.as_json:
        write_text(document)
    else:
        write_lines(render_plan(saved.plan), color=color)
