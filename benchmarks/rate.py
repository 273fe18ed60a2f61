"""`script/bench rate`: a plan before a token bucket, and how much of it was refused."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from benchmarks.catalogs import generate
from catalogsync.sandbox import running

PROGRAM = (sys.executable, "-m", "catalogsync")
_HEADER = f"{'jobs':>5} {'requests':>9} {'bound s':>8} {'wall s':>8} {'/bound':>7} {'429':>7}"


@click.command()
@click.option("--models", default=2000, show_default=True)
@click.option("--rate", default=50.0, show_default=True, help="Requests a second.")
@click.option("--burst", default=20, show_default=True)
@click.option("--latency", default=20.0, show_default=True, help="Milliseconds per request.")
@click.option("--jobs", default=(8, 64), show_default=True, multiple=True)
def rate(models: int, rate: float, burst: int, latency: float, jobs: tuple[int, ...]) -> None:
    """Plan a catalog that is applied already while a token bucket refuses what is too much."""
    with tempfile.TemporaryDirectory(prefix="catalog-sync-bench-") as folder:
        catalog, state = Path(folder) / "catalog", Path(folder) / "sandbox"
        generate(catalog, models=models, examples=1)
        environment = os.environ | {
            "XDG_CACHE_HOME": str(Path(folder) / "cache"),
            "SCENARIO_SDK_API_KEY": "k",
            "SCENARIO_SDK_API_SECRET": "s",
        }
        with running(state) as server:
            click.echo("applying first, without a bucket", err=True)
            command = [*PROGRAM, "apply", str(catalog), "--yes", "--quiet", "--jobs", "16"]
            here = environment | {"SCENARIO_BASE_URL": server.url}
            subprocess.run(command, env=here, stdout=subprocess.DEVNULL, check=True)
        click.echo(f"\n{models} models, {rate:g} requests/s, burst {burst}, {latency:g} ms latency")
        click.echo("bound = (requests that went well - burst) / rate\n")
        click.echo(
            f"{'jobs':>5} {'requests':>9} {'bound s':>8} {'wall s':>8} {'/bound':>7} {'429':>7}"
        )
        for each in jobs:
            with running(state, rate=rate, burst=burst, latency_ms=latency) as server:
                here = environment | {"SCENARIO_BASE_URL": server.url}
                click.echo(_row(catalog, each, here, rate, burst))


def _row(catalog: Path, jobs: int, environment: dict[str, str], rate: float, burst: int) -> str:
    command = [*PROGRAM, "plan", str(catalog), "--no-cache", "-v", "--log-json", f"--jobs={jobs}"]
    began = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    wall = time.monotonic() - began
    events = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    statuses = [event["status"] for event in events if event["event"] == "request"]
    refused = statuses.count(429)
    bound = (len(statuses) - refused - burst) / rate
    share = refused / len(statuses)
    times = f"{bound:>8.1f} {wall:>8.1f} {wall / bound:>6.2f}x"
    return f"{jobs:>5} {len(statuses):>9} {times} {share:>7.1%}"
