"""`catalog-sync snapshot`: what plans need of the project, as one file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from catalogsync.cli.choices import Choices
from catalogsync.cli.options import (
    catalog_argument,
    connection_options,
    option,
    quiet_option,
)
from catalogsync.cli.progress import progress
from catalogsync.cli.readings import check_place, write_all
from catalogsync.cli.session import session
from catalogsync.observe import observe
from catalogsync.review.words import counted
from catalogsync.snapshots import everything, saved, written


@click.command("snapshot")
@catalog_argument
@option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="The file to write.",
)
@connection_options
@quiet_option
def command(out: Path, quiet: bool, **options: Any) -> None:
    """Write what plans need of the project into a file, for `plan --against snapshot:FILE`.

    Reads only. The file holds names, texts and settings of models, no credential and no address
    but the server's.
    """
    check_place("out", out)
    choices = Choices(quiet=quiet, **options)
    now = datetime.now(UTC)
    with (
        session(choices, read_only=True, lists=True) as opened,
        progress("reading", quiet=quiet) as tell,
        opened.first_look() as reader,
    ):
        snapshot = observe(
            reader,
            everything(opened.catalog),
            jobs=choices.jobs,
            progress=tell.step,
            known=opened.known,
            restorable=True,
        )
    taken = saved(snapshot, opened.catalog, opened.target, now=now)
    write_all({out: written(taken)})
    models, assets = len(taken.snapshot.models), len(taken.snapshot.assets)
    click.echo(f"wrote {out}: {counted(models, 'model')}, {counted(assets, 'asset')}")
