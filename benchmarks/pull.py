"""`script/bench pull`: a project taken over by three commands, its pictures as ids and as files."""

import os
import platform
import statistics
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmarks.cases import HEADER, PROGRAM, Case, Run, first_apply, measure, row
from benchmarks.catalogs import PROJECT, generate
from catalogsync.identity import OWNER_PREFIX
from catalogsync.sandbox import running
from catalogsync.scenario import Connection, ScenarioClient, Transport

if TYPE_CHECKING:
    from catalogsync.sandbox.server import Running

_JOBS = 8
_LIMIT = 300.0


@click.command()
@click.option("--models", default=300, show_default=True)
@click.option("--examples", default=4, show_default=True, help="Pictures of each.")
@click.option("--latency", default=50.0, show_default=True, help="Milliseconds per request.")
@click.option("--runs", default=3, show_default=True)
def pull(models: int, examples: int, latency: float, runs: int) -> None:
    """Time a newcomer: init, pull --all and plan of a project that nobody manages yet."""
    with tempfile.TemporaryDirectory(prefix="catalog-sync-bench-") as folder:
        catalog, state = Path(folder) / "catalog", Path(folder) / "sandbox"
        generate(catalog, models=models, examples=examples)
        with running(state) as server:
            measure(first_apply(catalog), server, str(Path(folder) / "cache"))
            take_marks_off(server)
        with running(state, latency_ms=latency) as server:
            ways = (("pictures by id", ()), ("pictures as files", ("--download",)))
            found = {
                way: [
                    newcomer(server, Path(folder) / f"{way} {at}", options, say(way, at, runs))
                    for at in range(runs)
                ]
                for way, options in ways
            }
    click.echo(
        f"\n{models} models with {examples} pictures each, {latency:g} ms latency, "
        f"{runs} runs; {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    click.echo("bound = requests x latency / jobs, without downloads; faster = than five minutes\n")
    click.echo(HEADER)
    for way, taken in found.items():
        for at, (case, _) in enumerate(taken[0]):
            runs_of_case = [each[at][1] for each in taken]
            click.echo(row(case, runs_of_case, latency, _LIMIT))
        total = statistics.median(sum(run.wall for _, run in each) for each in taken)
        click.echo(f"{'all three, ' + way:<34} {total:>26.2f} s\n")


def say(way: str, at: int, runs: int) -> Callable[[str], None]:
    """Tells how far it has come."""
    return lambda name: click.echo(f"run {at + 1} of {runs}, {way}: {name}", err=True)


def newcomer(
    server: "Running", folder: Path, options: tuple[str, ...], tell: Callable[[str], None]
) -> list[tuple[Case, Run]]:
    """The three commands on a machine that knows nothing yet, each with what it took."""
    here, jobs = str(folder / "art"), ("--jobs", str(_JOBS), "--quiet")
    cases = (
        Case("init", (*PROGRAM, "init", here, "--project", PROJECT), _JOBS),
        Case("pull --all", (*PROGRAM, "pull", here, "--all", *options, *jobs), _JOBS),
        Case("plan", (*PROGRAM, "plan", here, *jobs), _JOBS),
    )
    found = []
    for case in cases:
        tell(case.name)
        found.append((case, measure(case, server, str(folder / "cache"))))
    return found


def take_marks_off(server: "Running") -> None:
    """Leave models that look as if people had made them in the web page."""
    with closing(Transport(Connection(server.url, "k", "s", PROJECT), read_only=True)) as transport:
        models = list(ScenarioClient(transport).list_models())
    for model in models:
        tags = sorted(tag for tag in model.tags if not tag.startswith(OWNER_PREFIX))
        server.control.set_fields(model.id, tags=tags)
