"""What an apply keeps of what it is about to change, and how to go back to it."""

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

from catalogsync.cli.output import say
from catalogsync.cli.planning import Planned
from catalogsync.cli.readings import write_all
from catalogsync.cli.session import Choices, typed_again
from catalogsync.errors import UsageError
from catalogsync.restoring import pre_images
from catalogsync.review.words import visible
from catalogsync.snapshots import digest_of, written

KEPT = 20
"""How many of these files a user has of one catalog and project."""


def check_can_be_kept(path: Path | None, restored: Path | None) -> None:
    """Raise `UsageError` for a file that cannot be written, or that is `restored` from."""
    if path and restored and path.resolve() == restored.resolve():
        raise UsageError(
            "--undo-into and --restore name the same file, which would be written over",
            hint="give --undo-into another one",
        )
    if path and not path.parent.is_dir():
        raise UsageError(f"--undo-into: there is no folder {path.parent}", hint="make it first")


def keep(planned: Planned, path: Path | None) -> Path | None:
    """Write down what a plan is about to change; None, and a word, where that cannot be.

    A file that was asked for must be written: else nothing is to be applied.
    """
    now = datetime.now(UTC)
    text = written(pre_images(planned.plan, planned.snapshot, now=now))
    if path:
        write_all({path: text})
        return path
    try:
        return _among_the_last(planned, text, now)
    except OSError as error:
        why = f"What is changed now is kept nowhere: {error.strerror or error}."
        say(visible(f"{why} --undo-into FILE names a place."))
        return None


def _among_the_last(planned: Planned, text: str, now: datetime) -> Path:
    # SQLite is with the folders of the user.
    from catalogsync.cache import undo_folder

    plan = planned.plan
    name = re.sub(r"[^A-Za-z0-9._-]", "_", f"{plan.catalog}@{plan.project or 'default'}"[:200])
    folder = undo_folder() / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = digest_of(text.encode()).removeprefix("sha256:")[:8]
    path = folder / f"{now:%Y%m%dT%H%M%S.%f}-{digest}.json"
    write_all({path: text})
    for old in sorted(folder.glob("*.json"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def say_way_back(undo: Path | None, choices: Choices, *, quiet: bool) -> None:
    """Say how to bring back what was there."""
    if quiet or undo is None:
        return
    words = ["catalog-sync", "apply", *([str(choices.catalog)] if choices.catalog else [])]
    words += typed_again(choices)
    say(visible(f"To go back: {shlex.join([*words, '--restore', str(undo)])}"))
