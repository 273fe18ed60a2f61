"""`catalog-sync drift`: tell what was changed on the server since the last apply; reads only."""

from typing import Any

import click

from catalogsync.cli.again import added, arguments_again
from catalogsync.cli.base import base_option
from catalogsync.cli.choices import Choices
from catalogsync.cli.options import (
    catalog_argument,
    connection_options,
    live_images_option,
    selection_options,
    talk_options,
)
from catalogsync.cli.output import write_lines, write_text
from catalogsync.cli.pictures import Pictures, pictures_of
from catalogsync.cli.planning import Compared, compare
from catalogsync.cli.readings import Readings, file_options, split_readings
from catalogsync.cli.session import session
from catalogsync.drift import Drift, drift_of
from catalogsync.review.document import drift_document, dumped
from catalogsync.review.drift_text import render_drift

_FILES = {
    "json-into": "Also write the JSON document into FILE.",
    "markdown": "Also write it into FILE as Markdown, for an issue.",
    "html": "Also write it into FILE as a page to look at.",
}


@click.command("drift")
@catalog_argument
@connection_options
@selection_options
@base_option
@file_options(_FILES)
@live_images_option
@talk_options
def command(
    base: str | None, html_live_images: bool, quiet: bool, color: str, **options: Any
) -> int:
    """Tell what was changed on the server since the last apply. Reads only.

    What differs because Git changed it is no drift: it waits for an apply. Exits 2 when there is
    drift, 0 when there is none, and 1 or 3 when it could not tell.
    """
    readings = split_readings(options)
    choices = Choices(**options, quiet=quiet)
    pictures: Pictures = {}
    with session(choices, read_only=True, lists=True) as opened:
        compared = compare(opened, base, jobs=choices.jobs, quiet=quiet, as_json=readings.as_json)
        drift = drift_of(
            compared.diff,
            catalog=opened.catalog.name,
            target=opened.target.name,
            project=opened.target.project,
            base=compared.base,
        )
        if readings.want_pictures:
            live = opened.client if html_live_images else None
            files = opened.catalog.files
            pictures = pictures_of(drift.models, files, live=live, timeout=choices.timeout)
    document = dumped(drift_document(drift, read_at=compared.read_at))
    _write_files(readings, drift, compared, document, pictures)
    if readings.as_json:
        write_text(document)
    else:
        write_lines(render_drift(drift, added(arguments_again(choices))), color=color)
    if drift.found:
        return 2
    return 1 if drift.refusals else 0


def _write_files(
    readings: Readings, drift: Drift, compared: Compared, document: str, pictures: Pictures
) -> None:
    def markdown() -> str:
        from catalogsync.review.drift_markdown import render_drift_markdown

        return render_drift_markdown(drift, read_at=compared.read_at)

    def html() -> str:
        from catalogsync.review.html import render_drift_html

        return render_drift_html(drift, pictures, read_at=compared.read_at)

    readings.write({"json-into": lambda: document, "markdown": markdown, "html": html})
