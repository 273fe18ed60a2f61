"""`script/bench drift`: a check for edits by hand, beside a plan and the bound of its reads."""

import os
import platform
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmarks.cases import HEADER, PROGRAM, Case, first_apply, measure, rounds, row
from benchmarks.catalogs import PROJECT, generate
from catalogsync.sandbox import running
from catalogsync.scenario import Connection, ScenarioClient, Transport

if TYPE_CHECKING:
    from catalogsync.sandbox.server import Running


@click.command()
@click.option("--models", default=5000, show_default=True)
@click.option("--edited", default=50, show_default=True, help="How many are edited by hand.")
@click.option("--latency", default=20.0, show_default=True, help="Milliseconds per request.")
@click.option("--jobs", default=(8, 32), show_default=True, multiple=True)
@click.option("--runs", default=3, show_default=True)
def drift(models: int, edited: int, latency: float, jobs: Sequence[int], runs: int) -> None:
    """Time a check for edits by hand, in a catalog that was committed and applied."""
    with tempfile.TemporaryDirectory(prefix="catalog-sync-bench-") as folder:
        catalog, state = Path(folder) / "catalog", Path(folder) / "sandbox"
        cache = str(Path(folder) / "cache")
        generate(catalog, models=models, examples=1)
        commit(catalog)
        cases = [case for each in jobs for case in cases_with(catalog, each)]
        with running(state) as server:
            measure(first_apply(catalog), server, cache)
            edit(server, edited)
        with running(state, latency_ms=latency) as server:
            found = rounds(cases, server, runs, cache, catalog)
    slowest = max(statistics.median(run.wall for run in taken) for taken in found.values())
    click.echo(
        f"\n{models} models, {edited} of them edited by hand, {latency:g} ms latency, "
        f"{runs} runs in turn; {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    click.echo("bound = requests x latency / jobs; faster = than the slowest of the table\n")
    click.echo(HEADER)
    for case in cases:
        click.echo(row(case, found[case.name], latency, slowest))


def cases_with(catalog: Path, jobs: int) -> tuple[Case, ...]:
    """The same reads for a plan and for a check; a check that finds an edit exits with 2."""
    common = (str(catalog), "--quiet", "--jobs", str(jobs))
    plan, check = (*PROGRAM, "plan", *common), (*PROGRAM, "drift", *common)
    return (
        Case(f"plan, {jobs} jobs", (*plan, "--no-cache"), jobs),
        Case(f"drift, {jobs} jobs", (*check, "--no-cache"), jobs, code=2),
        Case(f"the same, {jobs} jobs, warm cache", check, jobs, code=2),
    )


def commit(catalog: Path) -> None:
    """Put a catalog into a repository of its own."""
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
    for command in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "-m", "all")):
        subprocess.run(["git", *command], cwd=catalog, check=True)


def edit(server: "Running", count: int) -> None:
    """Change some models, as somebody in the web page would."""
    with closing(Transport(Connection(server.url, "k", "s", PROJECT), read_only=True)) as transport:
        ids = sorted(model.id for model in ScenarioClient(transport).list_models())
    for model_id in ids[:count]:
        server.control.set_fields(model_id, shortDescription="Edited by hand.")
