"""`catalog-sync download`: the weights of a model as a file."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from catalogsync.cli.asking import check_cost, confirmed, cost_options
from catalogsync.cli.choices import Choices
from catalogsync.cli.options import (
    Seconds,
    Size,
    catalog_option,
    connection_options,
    json_option,
    option,
    talk_options,
)
from catalogsync.cli.output import say, write_lines, write_text
from catalogsync.cli.progress.rate import Rate
from catalogsync.cli.progress.values import Sight, Work
from catalogsync.cli.progress.work import work
from catalogsync.cli.session import Session, log_of, session
from catalogsync.download import Bounds, Downloaded, Packing, Place, Seen, Want, Watch, download
from catalogsync.errors import CatalogSyncError, OutcomeUnknown, Refused, Rejected
from catalogsync.jobs import Job
from catalogsync.named import check_keys, named
from catalogsync.review.document import dumped
from catalogsync.review.downloaded import DownloadReport, download_document, render_downloaded
from catalogsync.review.phrases import creative_units
from catalogsync.review.words import duration, file_size, visible


@dataclass(slots=True)
class _Agreement:
    """Asks for the price of a download and whether it is to be paid; keeps what was agreed to."""

    opened: Session
    want: Want
    yes: bool
    max_cost: float | None
    quiet: bool
    units: float | None = None

    def __call__(self, doubtful: bool) -> None:
        price = self.opened.client.downloads.price_download(self.want.model_id, self.want.epoch)
        if price.refusal:
            raise Rejected(f"{self.want.key} cannot be downloaded: {price.refusal}")
        self.units = price.units
        cost = creative_units(price.units)
        if not self.quiet:
            say(visible(f"Download of {self.want.key} ({self.want.model_id}): {cost}."))
        if price.units == 0:
            return
        check_cost(price.units, yes=self.yes, max_cost=self.max_cost)
        begun = "An earlier run may have paid for it already: the server tells of no job. "
        if self.yes and doubtful:
            raise OutcomeUnknown(
                f"{begun}Another one costs {cost}.", hint="agree to it at a terminal, without --yes"
            )
        question = f"{begun if doubtful else ''}Download {self.want.key} for {cost}?"
        if not self.yes and not confirmed(question, self.opened.stop):
            raise CatalogSyncError("Nothing was downloaded.")


@click.command("download")
@click.argument("key")
@catalog_option
@option("--epoch", metavar="EPOCH", default="", help="The epoch to fetch, if not the model's own.")
@option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="The folder for the file, if not this one; it is made if it is not there.",
)
@option("--replace", "replaces", is_flag=True, help="Write over another file of that name.")
@option(
    "--max-size",
    type=Size(),
    default="20GB",
    show_default=True,
    metavar="SIZE",
    help="Refuse a larger file.",
)
@cost_options
@option(
    "--deadline",
    type=Seconds(),
    default=6 * 3600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long packing and fetching may take, each; the next run goes on where it stopped.",
)
@connection_options
@json_option
@talk_options
def command(
    key: str,
    epoch: str,
    out: Path,
    replaces: bool,
    max_size: int,
    yes: bool,
    max_cost: float | None,
    deadline: float,
    as_json: bool,
    quiet: bool,
    color: str,
    **options: Any,
) -> int:
    """Fetch the weights of a model: KEY.EXTENSION, with its digest in KEY.EXTENSION.sha256.

    A run that was cut off is gone on with: neither the job nor the bytes that are there are asked
    for again. Nothing is unpacked. Exits 5 when another file of that name is there.
    """
    from catalogsync.scenario import RangeBounds, RangeReader

    choices = Choices(quiet=quiet, **options)
    with session(choices, read_only=False) as opened:
        want, trained_at = _wanted(opened, key, epoch)
        out.mkdir(parents=True, exist_ok=True)
        bounds = RangeBounds().within(choices.timeout)
        agreement = _Agreement(opened, want, yes, max_cost, quiet)
        with (
            closing(Place(out, want)) as place,
            work(quiet=quiet, as_json=as_json) as shown,
        ):
            done = download(
                Packing(opened.client.downloads, want, place, opened.stop.wait, deadline=deadline),
                place,
                want,
                RangeReader(bounds, log_of(choices)),
                trained_at=trained_at,
                agree=agreement,
                bounds=Bounds(max_size, deadline, first_wait=min(0.5, choices.timeout / 10)),
                replace_file=replaces,
                wait=opened.stop.wait,
                watch=_watch(shown, key),
            )
    path = str(out / done.name)
    if as_json:
        write_text(dumped(download_document(_report(opened, done, path, agreement.units))))
    else:
        write_lines(render_downloaded(done, path), color=color)
    return 0


def _wanted(opened: Session, key: str, epoch: str) -> tuple[Want, str]:
    """What is wanted, and when the model was trained; raises `Refused` where it is not there."""
    check_keys(opened.catalog, [key])
    found, missing = named(opened.catalog, [key], opened.client.list_models())
    for refusal in missing:
        raise Refused(f"{refusal.model}: {refusal.message}", hint=refusal.hint)
    (match,) = found
    assert match.remote
    training = opened.client.trainings.get_training(match.remote.id)
    return Want(key, match.remote.id, epoch, match.remote.epoch), training.ended_at


def _report(opened: Session, done: Downloaded, path: str, units: float | None) -> DownloadReport:
    want, target = done.want, opened.target
    return DownloadReport(
        catalog=opened.catalog.name,
        target=target.name,
        project=target.project,
        key=want.key,
        model_id=want.model_id,
        epoch=want.epoch,
        job_id=done.job_id,
        file=path,
        bytes=done.size,
        sha256=done.sha256,
        same=done.same,
        units=units,
    )


def _watch(shown: Work, key: str) -> Watch:
    """Shows the job while it packs, then the bytes."""
    rate = Rate()

    def job(seen: Job) -> None:
        if not seen.ended:
            values = {"status": seen.status, "progress": seen.progress}
            words = f"the server packs it ({seen.status})"
            shown.show(Sight(key, "packing", seen.status, words, seen.progress, values))

    def fetched(seen: Seen) -> None:
        rate.reached(seen.done)
        values = {"bytes": seen.done, "bytesToFetch": seen.due}
        fraction = seen.done / seen.due if seen.due else None
        shown.show(Sight(key, "fetching", "fetching", _amount(seen, rate), fraction, values))

    return Watch(job, fetched)


def _amount(seen: Seen, rate: Rate) -> str:
    of = f" of {file_size(seen.due)}" if seen.due is not None else ""
    speed = rate.per_second
    words = [f"{file_size(seen.done)}{of}"]
    if speed:
        words.append(f"{file_size(int(speed))}/s")
        if seen.due:
            words.append(f"{duration((seen.due - seen.done) / speed)} left")
    return ", ".join(words)
