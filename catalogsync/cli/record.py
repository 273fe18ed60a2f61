"""`apply --record`: leaves a Git note or a tag where the project is as a commit says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import which
from typing import Any

import click

from catalogsync.cli.base import is_applied_alike
from catalogsync.cli.options import option
from catalogsync.cli.output import say
from catalogsync.errors import CatalogSyncError, UsageError
from catalogsync.manifest import work_tree
from catalogsync.manifest.applied import NOTES, Applied, check_tag, move_tag, write_note
from catalogsync.manifest.commit import load_beside
from catalogsync.manifest.tree import KnownBlobs
from catalogsync.model import Catalog, Target
from catalogsync.review.words import visible
from catalogsync.values import dataclass

_NONE, _NOTE, _TAG = "none", "git-note", "git-tag"


@dataclass(frozen=True, slots=True)
class Record:
    """What the option says; `tag` is empty for a note."""

    kind: str
    tag: str = ""


class _RecordType(click.ParamType[Record]):
    name = "record"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Record:
        """Take the text apart."""
        if isinstance(value, Record):
            return value
        kind, _, tag = str(value).partition(":")
        if value not in (_NONE, _NOTE) and not (kind == _TAG and tag):
            self.fail(f"{value!r} is none of {_NONE}, {_NOTE}, {_TAG}:NAME", param, ctx)
        return Record(kind, tag)


record_option = option(
    "--record",
    type=_RecordType(),
    default=_NONE,
    show_default=True,
    metavar="HOW",
    help=f"After a whole apply of a clean checkout, say so in Git: {_NOTE}, {_TAG}:NAME. "
    "Pushes nothing.",
)


@dataclass(frozen=True, slots=True)
class Recording:
    """What is to be recorded when all goes well: a commit, or why there is none to record."""

    write: Callable[[], None]
    said: str
    unfit: str = ""

    def finish(self, *, complete: bool) -> None:
        """Record the apply, or say why not; what was applied is applied all the same."""
        unfit = self.unfit or ("" if complete else "not everything was applied")
        try:
            if not unfit:
                self.write()
        except CatalogSyncError as error:
            unfit = error.message
        say(visible(f"Not recorded: {unfit}." if unfit else self.said))


def recording(
    record: Record,
    root: Path,
    catalog: Catalog,
    target: Target,
    *,
    blobs: KnownBlobs | None,
    partial: bool,
) -> Recording | None:
    """What an apply of this catalog leaves in Git; looked at before anything is applied."""
    if record.kind == _NONE:
        return None
    if work_tree(root) is None or which("git") is None:
        raise UsageError(
            f"--record {record.kind}: {root} is in no Git repository", hint="leave --record out"
        )
    place = Applied(catalog.name, target.name, target.project, target.server)
    if record.tag:
        check_tag(root, record.tag, place)
    where = f"the tag {record.tag}" if record.tag else NOTES
    try:
        head = load_beside(root, "HEAD", catalog, known=blobs)
    except CatalogSyncError as error:
        return Recording(lambda: None, "", error.message)
    unfit = ""
    if partial:
        unfit = "only some of the models were to be applied"
    elif head.catalog is None or not is_applied_alike(head.catalog, catalog):
        unfit = "the manifests or their files are not those of the commit that is checked out"

    def write() -> None:
        applied = replace(place, at=datetime.now(UTC).isoformat(timespec="microseconds"))
        if record.tag:
            move_tag(root, head.commit, record.tag, applied)
        else:
            write_note(root, head.commit, applied)

    return Recording(write, f"Recorded in {where}: commit {head.commit[:12]} was applied.", unfit)
