"""`script/bench`: one table of whole-process medians, beside the bound that latency sets."""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.catalogs import PROJECT, generate
from benchmarks.rate import rate
from benchmarks.uploads import uploads
from catalogsync.sandbox import running

PROGRAM = (sys.executable, "-m", "catalogsync")
PEER = (sys.executable, str(Path(__file__).with_name("peer.py")))


@dataclass(frozen=True, slots=True)
class Case:
    """A command to time; `jobs` is how many of its requests may be under way at once."""

    name: str
    command: tuple[str, ...]
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a case: wall and processor time in seconds, peak memory, requests sent."""

    wall: float
    cpu: float
    megabytes: float
    requests: int


def measure(case: Case, server: object, cache: str) -> Run:
    """Run a command to its end; `server` is the sandbox it talks to, `cache` a folder of ours."""
    server.control.forget_requests()  # type: ignore[attr-defined]  # a running sandbox
    environment = os.environ | {
        "XDG_CACHE_HOME": cache,
        "SCENARIO_BASE_URL": server.url,  # type: ignore[attr-defined]
        "SCENARIO_SDK_API_KEY": "k",
        "SCENARIO_SDK_API_SECRET": "s",
    }
    started = time.perf_counter()
    process = subprocess.Popen(case.command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise click.ClickException(f"{case.name} ended with exit code {process.returncode}")
    sent = sum(server.control.requests().values())  # type: ignore[attr-defined]
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, sent)


def rounds(
    cases: Sequence[Case], server: object, runs: int, cache: str, catalog: Path
) -> dict[str, list[Run]]:
    """Run all cases in turn, `runs` times, so that a slow moment of the machine hits them all.

    The catalog's files are read before each, so that no run waits for the disk.
    """
    found: dict[str, list[Run]] = {case.name: [] for case in cases}
    for at in range(runs):
        for case in cases:
            click.echo(f"run {at + 1} of {runs}: {case.name}", err=True)
            for file in filter(Path.is_file, catalog.rglob("*")):
                file.read_bytes()
            found[case.name].append(measure(case, server, cache))
    return found


def row(case: Case, runs: Sequence[Run], latency: float, slowest: float) -> str:
    """A line of the table: medians, the latency bound, and both ratios."""
    wall = statistics.median(run.wall for run in runs)
    requests = runs[0].requests
    bound = requests * latency / 1000 / case.jobs
    cells = (
        f"{case.name:<34}",
        f"{requests:>8}",
        f"{bound:>8.2f}" if bound else f"{'':>8}",
        f"{wall:>8.2f}",
        f"{min(r.wall for r in runs):>7.2f}-{max(r.wall for r in runs):<7.2f}",
        f"{wall / bound:>6.2f}x" if bound else f"{'':>7}",
        f"{slowest / wall:>7.1f}x",
        f"{statistics.median(run.cpu for run in runs):>7.2f}",
        f"{max(run.megabytes for run in runs):>6.0f}",
    )
    return " ".join(cells)


HEADER = (
    f"{'case':<34} {'requests':>8} {'bound s':>8} {'wall s':>8} {'min - max':>15} "
    f"{'/bound':>7} {'faster':>8} {'cpu s':>7} {'MB':>6}"
)


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


bench.add_command(uploads)
bench.add_command(rate)


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
            apply = (
                *PROGRAM,
                "apply",
                str(catalog),
                "--yes",
                "--quiet",
                "--no-cache",
                "--jobs",
                "16",
            )
            first = Case("first apply, no latency, 16 jobs", apply, 16)
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
