"""`--restore FILE`: what `plan` and `apply` want is not what the manifests say, but what was."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from catalogsync.cli.against import of_another
from catalogsync.cli.choices import Choices, selected
from catalogsync.cli.options import option
from catalogsync.cli.output import say
from catalogsync.cli.planning import Planned, Planning
from catalogsync.cli.saved import read_whole
from catalogsync.cli.session import Session, session
from catalogsync.errors import Refused, UsageError
from catalogsync.restoring import desired, in_doubt, left_there
from catalogsync.review.saved import SavedPlan
from catalogsync.review.words import duration, visible
from catalogsync.snapshots import SavedSnapshot, parsed

restore_option = option(
    "--restore",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Undo an apply: bring models back as FILE has them, kept by that apply, or a snapshot. "
    "--prune then deletes what that apply created. A deleted model: see `catalog-sync restore`.",
)


@contextmanager
def desired_session(
    choices: Choices, planning: Planning, restore: Path | None, *, read_only: bool
) -> Iterator[tuple[Session, Planning]]:
    """A session whose catalog is the manifests', or has the models of a snapshot."""
    if restore is None:
        with session(choices, read_only=read_only, lists=True, rests=True) as opened:
            yield opened, planning
        return
    if choices.shard or choices.changed_since:
        raise UsageError(
            "--restore brings back what one apply changed and cannot go with --shard or "
            "--changed-since",
            hint="give one or the other; --only and --exclude choose",
        )
    content = read_whole(restore)
    saved = parsed(content)
    with session(replace(choices, only=(), exclude=()), read_only=read_only, lists=True) as opened:
        _check_is_from_here(saved, opened)
        catalog = desired(saved, opened.catalog, prune=planning.scope.prune)
        keys = selected(catalog, choices)
        scope = replace(planning.scope, restores=_digest(content))
        restoring = replace(planning, restore=saved, scope=scope, described=opened.catalog.wanted)
        # Nothing of these files is sent; the page shows what they still have of what was.
        catalog = replace(catalog, files=opened.catalog.files)
        yield replace(opened, catalog=catalog, keys=keys), restoring


def _check_is_from_here(saved: SavedSnapshot, opened: Session) -> None:
    """Raise `Refused` for a file of another catalog, project or server.

    One that an older version wrote names no server, and is taken: its models have ids that no
    other server has.
    """
    target = opened.target
    if said := of_another(saved, opened.catalog, target):
        raise Refused(said, hint="name one of this catalog, or choose its --target or --project")
    if saved.server not in ("", target.server):
        raise Refused(
            f"the file is of the server {saved.server}, this is {target.server}",
            hint="choose its server as that apply did: --sandbox DIR, --base-url URL or neither",
        )


def check_restores(approved: SavedPlan | None, restore: Path | None) -> None:
    """Raise unless an approved plan goes with the file that it was made with, or with none."""
    made_with = approved.scope.restores if approved else ""
    if restore is None and made_with:
        raise UsageError(
            "the saved plan brings back what a file has, and the file is not named",
            hint="name the one that it was made with: --restore FILE",
        )
    if approved and restore and _digest(read_whole(restore)) != made_with:
        raise Refused(
            f"the saved plan was not made with --restore {restore}",
            hint="name the file that it was made with, or none if it was made without",
        )


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def say_restore(planned: Planned, planning: Planning, *, quiet: bool) -> None:
    """Say that a plan leads back, and which models it leaves although the apply made them."""
    saved = planning.restore
    if quiet or saved is None:
        return
    ago = duration(saved.age(datetime.now(UTC)))
    say(visible(f"Back to what was read {ago} ago, at {saved.read_at}."))
    if not saved.server:
        say("The file does not say which server it is of: models are found by their ids alone.")
    for key in () if planning.scope.prune else left_there(saved, planned.snapshot):
        say(visible(f"{key} was created by that apply and stays; --prune deletes it."))
    for key in in_doubt(saved, planned.snapshot):
        say(visible(f"{key} stays: nothing tells that it is the model which that apply created."))


def say_manifests_stay(restore: Path | None, *, quiet: bool) -> None:
    """Say that what was brought back is not what the manifests say."""
    if restore and not quiet:
        say("The manifests are unchanged: revert the commit too, or the next apply does it again.")
