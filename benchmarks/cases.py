"""Commands timed as whole processes, in turn."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.pace import pace
from benchmarks.results import Row, Run
from benchmarks.served import Server

PROGRAM = (str(Path(sys.executable).with_name("catalog-sync")),)
_TIMED = Path(__file__).with_name("timed.py")


class CaseFailed(Exception):
    """A case did not exit as it must."""


@dataclass(frozen=True, slots=True)
class Case:
    """A command to time; `jobs` is how many of its requests may be under way at once.

    `code` is how it must exit. With a `cold` cache it begins with none; `most` is how often it is
    run at most, 0 for as often as the others. `missing` is what it lacks on this machine.
    `prepare` is called before each run.
    """

    name: str
    command: tuple[str, ...]
    jobs: int = 1
    code: int = 0
    cold: bool = False
    most: int = 0
    missing: str = ""
    prepare: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Section:
    """Cases that are compared, the one the others are compared with, and seconds of latency.

    `prepare` is called before the first of them runs.
    """

    part: str
    title: str
    cases: tuple[Case, ...]
    reference: str
    latency: float = 0.0
    prepare: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Project:
    """A catalog of so many models and files, in Git, and a server whose project looks like it."""

    models: int
    files: int
    folder: Path
    server: Server

    @property
    def catalog(self) -> Path:
        """The folder of the catalog."""
        return self.folder / "catalog"

    @property
    def cache(self) -> Path:
        """What is warm."""
        return self.folder / "cache"


def timed(section: Section, project: Project, runs: int) -> list[Row]:
    """Run all cases in turn, `runs` times, so that a slow moment of the machine hits them all.

    A round that is not counted comes first, without latency: all answers are known then, and the
    disk's content is in memory. A case that fails is told of, and the others go on.
    """
    section.prepare()
    found: dict[str, list[Run]] = {case.name: [] for case in section.cases}
    absent = {case.name: case.missing for case in section.cases if case.missing}
    for at in range(runs + 1):
        for case in section.cases:
            if case.name in absent or (case.most and at > case.most):
                continue
            click.echo(f"{section.title}: round {at} of {runs}: {case.name}", err=True)
            try:
                taken = _measured(case, project, section.latency if at else 0.0)
            except CaseFailed as failure:
                absent[case.name] = str(failure)
                click.echo(f"{failure}", err=True)
            else:
                found[case.name] += [taken] if at else []
    return [
        Row(
            section.part,
            section.title,
            case.name,
            tuple(found[case.name]),
            jobs=case.jobs,
            latency=section.latency,
            reference=section.reference,
            missing=absent.get(case.name, ""),
        )
        for case in section.cases
    ]


def _read_files(folder: Path) -> None:
    """So that no run waits for the disk."""
    for file in filter(Path.is_file, folder.rglob("*")):
        file.read_bytes()


def _measured(case: Case, project: Project, latency: float) -> Run:
    case.prepare()
    _read_files(project.catalog)
    project.server.begin(latency)
    with tempfile.TemporaryDirectory(prefix="catalog-sync-bench-") as empty:
        cache = empty if case.cold else str(project.cache)
        environment = os.environ | access(project.server) | {"XDG_CACHE_HOME": cache}
        before = pace()
        of_others, began = _busy_seconds() - _own_seconds(), time.monotonic()
        taken = _run(case, environment)
        of_others = _busy_seconds() - _own_seconds() - of_others
        elapsed = time.monotonic() - began
        after = pace()
    told = project.server.begin(latency)
    return Run(
        wall=taken["wall"],
        cpu=taken["cpu"],
        megabytes=taken["megabytes"],
        requests=told.requests,
        new=told.new,
        server_cpu=told.cpu,
        others=(of_others - told.cpu) / (elapsed * (os.cpu_count() or 1)),
        pace=(before + after) / 2,
    )


def access(server: Server) -> dict[str, str]:
    """The variables that lead a command to a server."""
    return {
        "SCENARIO_BASE_URL": server.url,
        "SCENARIO_SDK_API_KEY": "k",
        "SCENARIO_SDK_API_SECRET": "s",
    }


def _run(case: Case, environment: dict[str, str]) -> dict[str, float]:
    """Run a command to its end, and tell what it took."""
    with tempfile.NamedTemporaryFile(prefix="catalog-sync-bench-") as told:
        timer = (sys.executable, "-I", "-S", str(_TIMED), told.name)
        done = subprocess.run(
            [*timer, *case.command], env=environment, capture_output=True, text=True
        )
        taken: dict[str, float] = json.load(told)
    if taken["code"] != case.code:
        said = " ".join(done.stderr.split())[-300:]
        raise CaseFailed(f"exit code {taken['code']:g}: {said}")
    return taken


def _own_seconds() -> float:
    """Seconds of processor time of this process and of those that it has waited for."""
    taken = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in taken)


def _busy_seconds() -> float:
    """Seconds that the machine's processors have worked; 0 where the system does not say."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0]
    except OSError:
        return 0.0
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, first.split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
