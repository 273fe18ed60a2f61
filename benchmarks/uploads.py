"""`script/bench uploads`: our upload engine beside other senders, against the same sink."""

import os
import platform
import random
import statistics
import tempfile
from pathlib import Path

import click

from benchmarks.large_file import MIB, of_other_sizes, one_large_file
from benchmarks.results import Row
from benchmarks.tried import OURS, prepared, run, sink

IMAGE = 20_000
NOTES = """
wall s     the whole process, from its start to its end
sink s     from the first byte of a part that arrives at the sink to the last; GB/s is of that
ours/its   our throughput as a multiple of its, of the whole process and in the sink: the median of
           the ratios of each round
cpu s      of the sender and its children, user and system, with their start
MB         the peak memory of the largest process, in the worst round"""


def many_images(folder: Path, count: int, latency: float, runs: int) -> None:
    """Small images beside the bound that the latency sets."""
    images = folder / "images"
    images.mkdir()
    for number in range(count):
        prepared(images, f"{number:05}.png", [random.randbytes(IMAGE)])
    click.echo(
        f"\n{count} images of 20 KB at {latency * 1000:g} ms; bound = requests x latency / jobs"
    )
    click.echo(
        f"{'jobs':>4} {'requests':>8} {'bound s':>8} {'wall s':>7} {'/bound':>7} "
        f"{'cpu s':>6} {'MB':>5}"
    )
    for jobs in (8, 16, 32):
        with sink(latency) as server:
            command = (*OURS, f"{server.api}/v1", str(images), "--jobs", str(jobs))
            taken = [run(command) for _ in range(runs)]
            requests = round(server.totals()["requests"] / runs)
        wall = statistics.median(each.wall for each in taken)
        bound = requests * latency / jobs
        click.echo(
            f"{jobs:>4} {requests:>8} {bound:>8.2f} {wall:>7.2f} {wall / bound:>6.2f}x "
            f"{statistics.median(each.cpu for each in taken):>6.2f} "
            f"{max(each.megabytes for each in taken):>5.0f}"
        )


@click.command()
@click.option("--size", default=1024, show_default=True, help="MiB of the large file.")
@click.option("--connections", default=8, show_default=True)
@click.option(
    "--peers", default="", help="Only these, with commas: curl,aiohttp,boto3,s5cmd,rclone."
)
@click.option("--images", default=1000, show_default=True, help="0 leaves them out.")
@click.option("--latency", default=20.0, show_default=True, help="Milliseconds for an image.")
@click.option("--runs", default=3, show_default=True)
def uploads(
    size: int, connections: int, peers: str, images: int, latency: float, runs: int
) -> tuple[Row, ...]:
    """Time the sending of a large file beside other senders, and of many small images.

    Everybody sends to the same sink on this machine and starts as a process of its own. The other
    senders come with `pip install -e '.[peers]'` and the system's packages for curl and rclone. A
    file of 1,000 bytes and one four times as large are sent by us alone: what the start takes is
    in all rows, and the memory must not grow.
    """
    chosen = [peer.strip() for peer in peers.split(",") if peer.strip()]
    click.echo(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )
    with tempfile.TemporaryDirectory(prefix="catalog-sync-bench-") as name:
        rows = one_large_file(Path(name), size * MIB, connections, runs, chosen)
    with tempfile.TemporaryDirectory(prefix="catalog-sync-bench-") as name:
        rows += of_other_sizes(Path(name), 4 * size * MIB, connections)
    click.echo(NOTES)
    if images:
        with tempfile.TemporaryDirectory(prefix="catalog-sync-bench-") as name:
            many_images(Path(name), images, latency / 1000, runs)
    return tuple(rows)
