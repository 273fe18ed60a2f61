"""What an apply keeps of what it is about to change, and how to go back to it."""

import hashlib
import json
import re
import shlex
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from catalogsync.cli.again import arguments_again, options_again
from catalogsync.cli.choices import Choices
from catalogsync.cli.output import say
from catalogsync.cli.planning import Planned
from catalogsync.cli.readings import check_place, is_stream, write_all
from catalogsync.errors import UsageError
from catalogsync.restoring import finished, pre_images
from catalogsync.review.words import visible
from catalogsync.snapshots import SavedSnapshot, digest_of, written
from catalogsync.values import dataclass

if TYPE_CHECKING:
    from catalogsync.cli.carrying import Carried

_REPORTS = ("json-into", "markdown", "html")
"""The options that name a report, the one first which the way back goes beside."""

KEPT = 20
"""How many of these files a user has of one catalog and project on one server."""

NAMED = 5
"""How many models that were deleted are named at the end of an apply."""


def check_can_be_kept(path: Path | None, restored: Path | None) -> None:
    """Raise `UsageError` for a file that cannot be written, or that is `restored` from."""
    if path and restored and path.resolve() == restored.resolve():
        raise UsageError(
            "--undo-into and --restore name the same file, which would be written over",
            hint="give --undo-into another one",
        )
    if path and not path.parent.is_dir():
        raise UsageError(f"--undo-into: there is no folder {path.parent}", hint="make it first")


def beside_report(files: Mapping[str, Path], restored: Path | None = None) -> Path | None:
    """Where the way back goes with the report of an apply: beside it, if it goes into a file.

    Raises `UsageError` for a place that cannot be written, or that is `restored` from.
    """
    report = next((files[name] for name in _REPORTS if name in files), None)
    if report is None or is_stream(report):
        return None
    path = report.with_name(f"{report.stem}.undo.json")
    if path.absolute() in map(Path.absolute, files.values()):
        raise UsageError(
            f"{path} is where the way back goes, beside {report.name}",
            hint="give the other file another name, or name a place with --undo-into",
        )
    if restored and path.resolve() == restored.resolve():
        raise UsageError(
            f"the way back goes beside {report.name}, over the file that is restored",
            hint="give the report another name, or name a place with --undo-into",
        )
    check_place("undo-into", path)
    return path


@dataclass(frozen=True, slots=True)
class Kept:
    """What leads back from an apply, and the files that have it, first the one to name."""

    saved: SavedSnapshot
    places: tuple[Path, ...]

    @property
    def path(self) -> Path:
        """The file to name."""
        return self.places[0]

    def finish(self, made: Mapping[str, str]) -> None:
        """Add the ids of what the apply created: nothing else is deleted on the way back."""
        if not made:
            return
        text = written(finished(self.saved, made))
        try:
            write_all({path: text for path in self.places if not is_stream(path)})
        except OSError as error:
            why = f"{self.path} does not say what was created: {error.strerror or error}."
            say(visible(f"{why} The way back leaves it there."))


def keep(planned: Planned, server: str, into: Path | None, beside: Path | None) -> Kept | None:
    """Write down what a plan is about to change; None, and a word, where that cannot be.

    A file that was asked for, or that goes `beside` a report, must be written: else nothing is to
    be applied. One beside a report goes among the last ones, too: the next report of its name
    takes its place.
    """
    now = datetime.now(UTC)
    saved = pre_images(planned.plan, planned.snapshot, server, now=now)
    text = written(saved)
    named = into or beside
    if named:
        write_all({named: text})
    if into:
        return Kept(saved, (into,))
    try:
        kept = _among_the_last(saved, text, now)
        return Kept(saved, (beside, kept) if beside else (kept,))
    except OSError as error:
        if beside:
            return Kept(saved, (beside,))
        why = f"What is changed now is kept nowhere: {error.strerror or error}."
        say(visible(f"{why} --undo-into FILE names a place."))
        return None


def _among_the_last(saved: SavedSnapshot, text: str, now: datetime) -> Path:
    # SQLite is with the folders of the user.
    from catalogsync.cache import undo_folder

    folder = undo_folder() / _folder_name(saved)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = digest_of(text.encode()).removeprefix("sha256:")[:8]
    path = folder / f"{now:%Y%m%dT%H%M%S.%f}-{digest}.json"
    write_all({path: text})
    for old in sorted(folder.glob("*.json"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def _folder_name(saved: SavedSnapshot) -> str:
    """A name to be read by people, which no other catalog, project or server has."""
    place = (saved.catalog, saved.project, saved.server)
    digest = hashlib.sha256(json.dumps(place).encode()).hexdigest()[:8]
    name = re.sub(r"[^A-Za-z0-9._-]", "_", f"{saved.catalog}@{saved.project or 'default'}"[:200])
    return f"{name}-{digest}"


def say_way_back(
    done: "Carried", choices: Choices, *, quiet: bool, described: Collection[str] = ()
) -> None:
    """Say how to bring back what was there; a file leads back to no model that was deleted.

    What was deleted and is `described` by a manifest all the same is restored by its key.
    """
    if quiet:
        return
    restore = ["catalog-sync", "restore", *options_again(choices)]
    keys = [[key] for key in done.deleted if key in described]
    ids = [["--id", model_id] for key, model_id in done.deleted.items() if key not in described]
    for named in filter(None, (ids, keys)):
        words = [*restore, *chain.from_iterable(named[:NAMED])]
        say(visible(f"To bring back what was deleted: {shlex.join(words)}"))
        if more := len(named[NAMED:]):
            say(visible(f"and {more} more, which are in: {shlex.join([*restore, '--list'])}"))
    if done.undo and not done.only_deleted:
        words = ["catalog-sync", "apply", *arguments_again(choices)]
        what = "To go back with the rest" if done.deleted else "To go back"
        say(visible(f"{what}: {shlex.join([*words, '--restore', str(done.undo)])}"))
