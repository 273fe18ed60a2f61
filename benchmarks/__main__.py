"""`script/bench`: one table of whole-process medians, beside the bound that latency sets."""

import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path

import click

from benchmarks.cases import HEADER, PROGRAM, Case, first_apply, measure, rounds, row
from benchmarks.catalogs import PROJECT, generate
from benchmarks.drift import drift
from benchmarks.rate import rate
from benchmarks.scale import scale
from benchmarks.uploads import uploads
from catalogsync.sandbox import running

PEER = (sys.executable, str(Path(__file__).with_name("peer.py")))


def plan_cases(catalog: Path) -> list[Case]:
    """A plan with nothing to do, beside sequential scripts on the vendor's client."""
    plan = (*PROGRAM, "plan", str(catalog), "--detailed-exitcode", "--quiet", "--jobs")
    return [
        Case("vendor's client, retrieve each", (*PEER, "retrieve", PROJECT)),
        Case("vendor's client, list", (*PEER, "list", PROJECT)),
        Case("catalog-sync plan, 8 jobs", (*plan, "8", "--no-cache"), 8),
        Case("catalog-sync plan, 32 jobs", (*plan, "32", "--no-cache"), 32),
        Case("the same, 8 jobs, warm cache", (*plan, "8"), 8),
    ]


@click.group()
def bench() -> None:
    """Time whole processes side by side."""


bench.add_command(drift)
bench.add_command(uploads)
bench.add_command(rate)
bench.add_command(scale)


@bench.command()
@click.option("--models", default=1000, show_default=True)
@click.option("--examples", default=8, show_default=True)
@click.option("--latency", default=20.0, show_default=True, help="Milliseconds per request.")
@click.option("--runs", default=3, show_default=True)
def plan(models: int, examples: int, latency: float, runs: int) -> None:
    """Time a plan that has nothing to do."""
    with tempfile.TemporaryDirectory(prefix="catalog-sync-bench-") as folder:
        catalog, state = Path(folder) / "catalog", Path(folder) / "sandbox"
        cache = str(Path(folder) / "cache")
        generate(catalog, models=models, examples=examples)
        with running(state) as server:
            first = first_apply(catalog)
            applied = measure(first, server, cache)
        with running(state, latency_ms=latency) as server:
            cases = plan_cases(catalog)
            found = rounds(cases, server, runs, cache, catalog)
    slowest = max(statistics.median(run.wall for run in taken) for taken in found.values())
    click.echo(
        f"\n{models} models with {examples} examples each, {latency:g} ms latency, "
        f"{runs} runs in turn; {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    click.echo("bound = requests x latency / jobs; faster = than the slowest of the table\n")
    click.echo(HEADER)
    for case in cases:
        click.echo(row(case, found[case.name], latency, slowest))
    click.echo(row(first, [applied], 0, slowest))


if __name__ == "__main__":
    bench()
