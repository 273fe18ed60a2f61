"""`catalog-sync gc`: list our uploads that nothing uses, and delete them when told to."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from catalogsync.cli.asking import confirmed, yes_option
from catalogsync.cli.choices import Choices
from catalogsync.cli.options import (
    catalog_argument,
    connection_options,
    option,
    talk_options,
)
from catalogsync.cli.output import show_error, write_lines, write_text
from catalogsync.cli.pictures import Pictures, pictures_on_server
from catalogsync.cli.progress import Progress, progress
from catalogsync.cli.readings import file_options, split_readings
from catalogsync.cli.session import Session, session
from catalogsync.errors import CatalogSyncError, Interrupted
from catalogsync.review.document import dumped
from catalogsync.review.text import Line
from catalogsync.review.unused import deleted_summary, render_unused, unused_document
from catalogsync.review.words import counted, file_size, visible
from catalogsync.unused import Deletion, Unused, delete_unused, find_unused
from catalogsync.values import dataclass

_FILES = {
    "json-into": "Also write the JSON document into FILE.",
    "html": "Also write it into FILE as a page with pictures.",
}


@click.command("gc")
@catalog_argument
@option("--delete", "deletes", is_flag=True, help="Delete them, after a question.")
@yes_option
@option(
    "--older-than",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="DAYS",
    help="Leave younger ones alone: an apply may be about to use them.",
)
@connection_options
@file_options(_FILES)
@talk_options
def command(
    deletes: bool, yes: bool, older_than: int, quiet: bool, color: str, **options: Any
) -> int:
    """List uploads of ours that nothing uses any more, and with --delete delete them.

    Ours are files that an apply sent, of any catalog of the project. One is in use if its id stands
    anywhere in what a model, its texts, its training set, a collection or another asset says, if it
    is in a collection, or if a manifest names its file. Without --delete it only reads.
    """
    readings = split_readings(options)
    choices = Choices(**options, quiet=quiet)
    search = Search(timedelta(days=older_than), choices.jobs, quiet, readings.as_json)
    pictures: Pictures = {}
    deletion = Deletion(())
    with session(choices, read_only=not deletes) as opened:
        read_at, unused = search.run(opened)
        where = (opened.catalog.name, opened.target.name, opened.target.project)
        told = dict(zip(("catalog", "target", "project"), where, strict=True))
        write_lines(render_unused(unused, **told), color=color, to_stderr=readings.as_json)
        if readings.want_pictures:
            assets = [each.asset for each in unused.assets]
            pictures = pictures_on_server(assets, opened.client, timeout=choices.timeout)
        if deletes and unused.assets:
            question = _question(unused, where)
            if not yes and not confirmed(
                question, opened.stop, instead="--yes to delete without asking"
            ):
                raise CatalogSyncError("Nothing was deleted.")
            deletion = _delete(opened, unused, search)
            told_deletion = deleted_summary(unused, deletion)
            write_lines([Line(told_deletion, "bold")], color=color, to_stderr=readings.as_json)
    document = unused_document(unused, **told, read_at=read_at, deletion=deletion)

    def html() -> str:
        from catalogsync.review.html.unused import render_unused_html

        return render_unused_html(unused, pictures, place=where, read_at=read_at)

    readings.write({"json-into": lambda: dumped(document), "html": html})
    if readings.as_json:
        write_text(dumped(document))
    if deletion.error:
        show_error(deletion.error)
    return _exit_code(deletion)


@dataclass(frozen=True, slots=True)
class Search:
    """How unused uploads are looked for."""

    least_age: timedelta
    jobs: int
    quiet: bool
    as_json: bool

    def run(self, opened: Session) -> tuple[str, Unused]:
        """Look for them; also return when that was."""
        now = datetime.now(UTC)
        with self.progress("reading") as tell:
            unused = find_unused(
                opened.client.storage,
                opened.catalog,
                now=now,
                least_age=self.least_age,
                jobs=self.jobs,
                progress=tell.step,
            )
        return now.isoformat(timespec="seconds").replace("+00:00", "Z"), unused

    def progress(self, doing: str) -> AbstractContextManager[Progress]:
        """What to tell of every step."""
        return progress(doing, quiet=self.quiet, as_json=self.as_json)


def _delete(opened: Session, unused: Unused, search: Search) -> Deletion:
    """Delete what is still unused: while somebody thought about it, a model may have taken it."""
    _, now_unused = search.run(opened)
    still = set(now_unused.ids)
    ids = [asset_id for asset_id in unused.ids if asset_id in still]
    with search.progress("deleting") as tell:
        return delete_unused(opened.client.storage, ids, stop=opened.stop, progress=tell.step)


def _question(unused: Unused, where: tuple[str, str, str]) -> str:
    number = counted(len(unused.assets), "upload")
    place = visible(" ".join(filter(None, where[1:]))) or "the project of these credentials"
    return f"DELETE {number} ({file_size(unused.size)}) from {place}?"


def _exit_code(deletion: Deletion) -> int:
    """130 interrupted, 0 all deleted, 4 some of them, else what the error stands for."""
    if deletion.error is None:
        return 0
    partly = deletion.ids and not isinstance(deletion.error, Interrupted)
    return 4 if partly else deletion.error.exit_code
