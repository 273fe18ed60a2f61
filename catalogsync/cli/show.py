"""`catalog-sync show`: a saved plan in every format, without network and catalog."""

from pathlib import Path
from typing import Any

import click

from catalogsync.cli.options import cache_option, catalog_argument, color_option
from catalogsync.cli.output import write_lines, write_text
from catalogsync.cli.pictures import Pictures, pictures_of
from catalogsync.cli.readings import Told, reading_options, split_readings
from catalogsync.cli.saved import read_plan
from catalogsync.review.saved import saved_document, sealed
from catalogsync.review.text import render_plan


@click.command("show")
@click.argument("plan", type=click.Path(path_type=Path))
@catalog_argument
@reading_options()
@cache_option
@color_option
def command(plan: Path, catalog: Path | None, no_cache: bool, color: str, **options: Any) -> None:
    """Show a saved plan, as text or in any other format. Opens no socket.

    A CATALOG is only needed for the pictures of --html.
    """
    readings = split_readings(options)
    saved = read_plan(plan)
    document = sealed(saved_document(saved))
    pictures: Pictures = {}
    if catalog and readings.want_pictures:
        # A catalog takes long to import.
        from catalogsync.cli.session import open_catalog, opened_cache

        with opened_cache(no_cache=no_cache) as cache:
            pictures = pictures_of(saved.plan.models, open_catalog(catalog, cache).files)
    readings.write_files(Told(saved, document, pictures=pictures))
    if readings.as_json:
        write_text(document)
    else:
        write_lines(render_plan(saved.plan), color=color)
