"""`--restore FILE`: what `plan` and `apply` want is not what the manifests say, but what was."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from catalogsync.cli.against import check_snapshot_is_for
from catalogsync.cli.options import option
from catalogsync.cli.output import say
from catalogsync.cli.planning import Planned, Planning
from catalogsync.cli.session import Choices, Session, selected, session
from catalogsync.errors import UsageError
from catalogsync.restoring import desired, left_there
from catalogsync.review.words import duration, visible
from catalogsync.snapshots import parsed

restore_option = option(
    "--restore",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Bring models back as FILE has them: kept by an apply, or a snapshot. "
    "--prune then deletes what that apply created.",
)


@contextmanager
def desired_session(
    choices: Choices, planning: Planning, restore: Path | None, *, read_only: bool
) -> Iterator[tuple[Session, Planning]]:
    """A session whose catalog is the manifests', or has the models of a snapshot."""
    if restore is None:
        with session(choices, read_only=read_only) as opened:
            yield opened, planning
        return
    if choices.shard or choices.changed_since:
        raise UsageError(
            "--restore brings back what one apply changed and cannot go with --shard or "
            "--changed-since",
            hint="give one or the other; --only and --exclude choose",
        )
    saved = parsed(restore.read_bytes())
    with session(replace(choices, only=(), exclude=()), read_only=read_only) as opened:
        check_snapshot_is_for(saved, opened.catalog, opened.target)
        catalog = desired(saved, opened.catalog, prune=planning.scope.prune)
        keys = selected(catalog, choices)
        yield replace(opened, catalog=catalog, keys=keys), replace(planning, restore=saved)


def say_restore(planned: Planned, planning: Planning, *, quiet: bool) -> None:
    """Say that a plan leads back, and which models it leaves although the apply created them."""
    saved = planning.restore
    if quiet or saved is None:
        return
    ago = duration(saved.age(datetime.now(UTC)))
    say(visible(f"Back to what was read {ago} ago, at {saved.read_at}."))
    for key in () if planning.scope.prune else left_there(saved, planned.snapshot):
        say(visible(f"{key} was created by that apply and stays; --prune deletes it."))
