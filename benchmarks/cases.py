"""Commands timed as whole processes, in turn, and the table that is made of it."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

PROGRAM = (sys.executable, "-m", "catalogsync")


@dataclass(frozen=True, slots=True)
class Case:
    """A command to time; `jobs` is how many of its requests may be under way at once.

    `code` is how it must exit.
    """

    name: str
    command: tuple[str, ...]
    jobs: int = 1
    code: int = 0


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
    if process.returncode != case.code:
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


def first_apply(catalog: Path) -> Case:
    """What makes a project look like a generated catalog."""
    options = ("--yes", "--quiet", "--no-cache", "--jobs", "16")
    command = (*PROGRAM, "apply", str(catalog), *options)
    return Case("first apply, no latency, 16 jobs", command, 16)
