"""What a plan is made against in place of the live project: a commit, or a snapshot's file."""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from catalogsync.assumed import as_applied, trusting
from catalogsync.cli.options import option
from catalogsync.cli.saved import read_whole
from catalogsync.errors import UsageError
from catalogsync.manifest.blobs import GitFile
from catalogsync.manifest.commit import load_commit
from catalogsync.manifest.tree import KnownBlobs
from catalogsync.model import Catalog, Snapshot, Target
from catalogsync.plan import LIVE
from catalogsync.review.words import counted, duration
from catalogsync.snapshots import SavedSnapshot, Undo, digest_of, parsed
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Offline:
    """What stands for the live project; `against` is the plan's word for it, `said` people's.

    `read_at` is when the live project was read (UTC), empty where it was not. With an `undo` it has
    only what one apply was about to change. `files` are those that Git holds of it.
    """

    snapshot: Snapshot
    against: str
    said: str
    read_at: str = ""
    undo: Undo | None = None
    files: Mapping[str, GitFile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desired:
    """The catalog to plan, and where it is and goes to."""

    root: Path
    catalog: Catalog
    target: Target
    known: KnownBlobs


@dataclass(frozen=True, slots=True)
class Against:
    """What the option says: `live`, `git` with a commit, or `snapshot` with a file."""

    kind: str
    place: str = ""

    def read(self, desired: Desired) -> Offline:
        """What is there, for a kind that is not live."""
        return _KINDS[self.kind](self.place, desired)


class _AgainstType(click.ParamType[Against]):
    name = "against"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Against:
        """Take the text apart."""
        if isinstance(value, Against):
            return value
        kind, _, place = str(value).partition(":")
        if value != LIVE and not (kind in _KINDS and place):
            self.fail(f"{value!r} is none of live, git:REF, snapshot:FILE", param, ctx)
        return Against(kind, place)


def _commit(ref: str, desired: Desired) -> Offline:
    found = load_commit(desired.root, ref, known=desired.known)
    said = f"commit {found.commit[:12]} ({ref})"
    if found.catalog is None:
        said += ", where this catalog does not exist"
    base = found.catalog or Catalog(desired.catalog.name)
    snapshot = as_applied(base, desired.catalog)
    return Offline(snapshot, f"git:{found.commit}", said, files=found.files)


def _snapshot(file: str, desired: Desired) -> Offline:
    data = read_whole(Path(file))
    saved = parsed(data)
    check_snapshot_is_for(saved, desired.catalog, desired.target)
    said = f"a snapshot read {duration(saved.age(datetime.now(UTC)))} ago, at {saved.read_at}"
    if saved.undo:
        number = len(saved.undo.touched) + len(saved.undo.created)
        said = f"{counted(number, 'model')} as one apply found them: {said}"
    snapshot = trusting(saved.snapshot, desired.catalog)
    return Offline(snapshot, f"snapshot:{digest_of(data)}", said, saved.read_at, saved.undo)


def check_snapshot_is_for(saved: SavedSnapshot, catalog: Catalog, target: Target) -> None:
    """Raise `UsageError` for a snapshot of another catalog or project.

    It may be of any server: who plans without network need not name the one that was read.
    """
    if said := of_another(saved, catalog, target):
        raise UsageError(said, hint="take one of this catalog, or choose its --target or --project")


def of_another(saved: SavedSnapshot, catalog: Catalog, target: Target) -> str:
    """What tells that a snapshot is of another catalog or project; nothing if it is of these."""
    for what, theirs, ours in (
        ("catalog", saved.catalog, catalog.name),
        ("project", saved.project, target.project),
    ):
        if theirs != ours:
            return f"the snapshot is of {what} {theirs or '(none)'}, this is {ours or '(none)'}"
    return ""


_KINDS: dict[str, Callable[[str, Desired], Offline]] = {"git": _commit, "snapshot": _snapshot}

against_option = option(
    "--against",
    type=_AgainstType(),
    default=LIVE,
    show_default=True,
    metavar="WHAT",
    help="Compare with live, git:REF (the manifests there) or snapshot:FILE; the last two offline. "
    "An undo file will do: what its apply was about.",
)


def _refuse(ctx: click.Context, param: click.Parameter, value: Against) -> None:
    if value.kind != LIVE:
        raise UsageError(
            "an apply is always against the live project",
            hint="leave --against and CATALOG_SYNC_AGAINST out",
        )


live_only = option(
    "--against",
    type=_AgainstType(),
    default=LIVE,
    hidden=True,
    expose_value=False,
    callback=_refuse,
    help="Refused: an apply is always against the live project.",
)
"""The option for a command that writes."""
