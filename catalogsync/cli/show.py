"""`catalog-sync show`: saved plans in every format, without network and catalog."""

from pathlib import Path
from typing import Any

import click

from catalogsync.cli.options import cache_option, color_option
from catalogsync.cli.output import spooled, write_document, write_lines
from catalogsync.cli.pictures import Pictures, pictures_of
from catalogsync.cli.readings import Told, reading_options, split_readings
from catalogsync.cli.saved import plans_apart, read_plan
from catalogsync.review.merged import merged
from catalogsync.review.saved import saved_document, write_sealed
from catalogsync.review.text import render_plan


@click.command("show")
@click.argument(
    "places", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PLAN... [CATALOG]"
)
@reading_options()
@cache_option
@color_option
def command(places: tuple[Path, ...], no_cache: bool, color: str, **options: Any) -> None:
    """Show a saved plan, as text or in any other format. Opens no socket.

    The plans of all shards are shown as the one plan that they are together. A CATALOG is only
    needed for the pictures of --html.
    """
    readings = split_readings(options)
    catalog, plans = plans_apart(places)
    saved = merged({str(path): read_plan(path) for path in plans})
    document = spooled(lambda file: write_sealed(saved_document(saved), file))
    pictures: Pictures = {}
    if catalog and readings.want_pictures:
        # A catalog takes long to import.
        from catalogsync.cli.opening import open_catalog, opened_cache

        with opened_cache(no_cache=no_cache) as cache:
            pictures = pictures_of(saved.plan.models, open_catalog(catalog, cache).files)
    readings.write_files(Told(saved, document, pictures=pictures))
    if readings.as_json:
        write_document(document())
    else:
        write_lines(render_plan(saved.plan, before=saved.read_before), color=color)
