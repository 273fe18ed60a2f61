"""One large file, sent by everybody: who is how fast at what work, in the same rounds."""

import os
import random
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from benchmarks.results import Row, Run
from benchmarks.senders.commands import (
    CHECKED,
    KNOWN,
    OWN,
    Case,
    Sender,
    Work,
    checked,
    known,
    loaded,
    ours,
)
from benchmarks.tried import Sink, prepared, run, sink
from catalogsync.hashed import Hashed, stamp_of

MIB = 1024 * 1024
PART = 8 * MIB
SMALL = 1000
HEADER = (
    f"{'':<28} {'wall s':>7} {'sink s':>7} {'GB/s':>6} {'ours/its':>9} {'in sink':>8} "
    f"{'cpu s':>6} {'cpu s/GiB':>10} {'MB':>5}"
)


def one_large_file(
    folder: Path, size: int, connections: int, runs: int, peers: Sequence[str]
) -> list[Row]:
    """Print the tables of all senders of one file, or of ours and of some, over http and https."""
    rows: list[Row] = []
    parts = [folder / f"part-{at:05}" for at in range(-(-size // PART))]
    for part in parts:
        part.write_bytes(random.randbytes(PART))
    file = prepared(folder, f"large-{size}.wav", (part.read_bytes() for part in parts))
    _settle(file)
    click.echo(
        f"\n{size / MIB:,.0f} MiB in parts of 8 MiB over {connections} connections; {runs} rounds, "
        f"everybody in turn in each; medians"
    )
    for encrypted, wanted in ((False, (known, checked, loaded)), (True, (known, checked))):
        scheme = "https" if encrypted else "http"
        with sink(encrypted=encrypted) as server:
            work = Work(file, parts, server, connections)
            cases = [_chosen(case(work), peers) for case in wanted]
            found = _rounds([sender for case in cases for sender in case.senders], work, runs)
        click.echo(f"\n{scheme}\n{HEADER}")
        for case in cases:
            click.echo(case.title)
            for sender in case.senders:
                click.echo(f"  {_line(sender, case.senders[0], found, size)}")
            section = titled(size, scheme, case.name)
            rows += (_row(section, sender, case.senders[0], found) for sender in case.senders)
    return rows


def of_other_sizes(folder: Path, large: int, connections: int) -> list[Row]:
    """Print a table of ours alone: what it takes to start, and what grows with the file."""
    rows: list[Row] = []
    click.echo(f"\ncatalog-sync with files of other sizes, once each\n{HEADER}")
    for size in (SMALL, large):
        pieces = (random.randbytes(min(PART, size)) for _ in range(-(-size // PART)))
        file = prepared(folder, f"large-{size}.wav", pieces)
        _settle(file)
        for encrypted in (False, True):
            scheme = "https" if encrypted else "http"
            with sink(encrypted=encrypted) as server:
                work = Work(file, [], server, connections)
                named = {KNOWN: "known", CHECKED: "sending"}
                senders = [replace(ours(work, how), name=name) for name, how in named.items()]
                found = _rounds(senders, work, 1)
            click.echo(f"{_told(size)} over {scheme}")
            for sender in senders:
                click.echo(f"  {_line(sender, sender, found, size)}")
                own = replace(sender, name=OWN)
                section = titled(size, scheme, sender.name)
                rows.append(_row(section, own, own, {own: found[sender]}))
    return rows


def titled(size: int, scheme: str, work: str) -> str:
    """What the sending of so many bytes over http or https is called."""
    return f"{_told(size)} over {scheme}, {work}"


def _told(size: int) -> str:
    return f"{size / MIB:,.0f} MiB" if size >= MIB else f"{size:,} bytes, so all but nothing,"


def _row(section: str, sender: Sender, first: Sender, found: Mapping[Sender, list[Run]]) -> Row:
    runs = tuple(found.get(sender, ()))
    return Row("uploads", section, sender.name, runs, reference=first.name, missing=sender.missing)


def _chosen(case: Case, peers: Sequence[str]) -> Case:
    senders = (each for each in case.senders if each.tool in ("", *peers) or not peers)
    return replace(case, senders=tuple(senders))


def _settle(file: Path) -> None:
    """Wait until a file is at rest, on the disk as well as for who looks at its stamp."""
    # What is still to be written to the disk would take its time from whoever runs just then.
    os.sync()
    hashed = Hashed()
    with file.open("rb") as stream:
        for _ in range(30):
            if hashed.can_tell(stream.fileno(), stamp_of(file.stat())):
                return
            time.sleep(0.1)
    raise click.ClickException("set TMPDIR to a folder of yours on ext4, xfs or btrfs")


def _rounds(senders: Sequence[Sender], work: Work, runs: int) -> dict[Sender, list[Run]]:
    """What each run took of everybody who is there; each round begins with another one."""
    present = [sender for sender in senders if not sender.missing]
    found: dict[Sender, list[Run]] = {sender: [] for sender in present}
    for at in range(runs):
        first = at % len(present)
        for sender in present[first:] + present[:first]:
            click.echo(f"round {at + 1} of {runs}: {sender.name}", err=True)
            found[sender].append(_sent(sender, work.sink, work.file.stat().st_size))
    return found


def _sent(sender: Sender, server: Sink, size: int) -> Run:
    server.totals()
    taken, told = run(sender.command), server.totals()
    if told["stored"] < size:
        raise click.ClickException(f"{sender.name} sent {told['stored']:,.0f} bytes only")
    return replace(taken, arriving=told["seconds"])


def _line(sender: Sender, first: Sender, found: dict[Sender, list[Run]], size: int) -> str:
    if sender not in found:
        return f"{sender.name:<26} absent: {sender.missing}"
    runs, own = found[sender], found[first]
    arriving = _median(taken.arriving for taken in runs)
    cpu = _median(taken.cpu for taken in runs)
    by_size = f"{cpu * 1024 * MIB / size:>10.2f}" if size >= MIB else f"{'':>10}"
    return (
        f"{sender.name:<26} {_median(taken.wall for taken in runs):>7.2f} {arriving:>7.2f} "
        f"{size / arriving / 1e9 if size >= MIB else 0:>6.2f} "
        f"{_times(runs, own, lambda taken: taken.wall)} "
        f"{_times(runs, own, lambda taken: taken.arriving)[1:]} {cpu:>6.2f} {by_size} "
        f"{max(taken.megabytes for taken in runs):>5.0f}"
    )


def _times(runs: Sequence[Run], own: Sequence[Run], what: Callable[[Run], float]) -> str:
    """Our throughput as a multiple of theirs: the median over the rounds, as they were paired."""
    if runs is own:
        return f"{'':>9}"
    pairs = zip(runs, own, strict=True)
    return f"{_median(what(theirs) / what(our) for theirs, our in pairs):>8.2f}x"


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)
