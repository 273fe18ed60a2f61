"""How every stage grows with the catalog."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

import click

from benchmarks.cases import Project
from benchmarks.results import Stage

Taken = Mapping[str, tuple[float, float]]
"""Seconds of processor time and peak MB of every stage."""


def measured(project: Project, runs: int) -> Taken:
    """All stages over one project: the least of the times, and the memory of one more run.

    Processor time is only ever added to, by what others take of caches and of the memory's pace.
    """
    seconds = [_run(project) for _ in range(runs)]
    memory = _run(project, "--memory")
    return {name: (min(each[name] for each in seconds), memory[name]) for name in memory}


def _run(project: Project, *options: str) -> Mapping[str, float]:
    click.echo(f"Stages, {project.models:,} models {' '.join(options)}", err=True)
    project.server.begin(0.0)
    cache = str(project.folder / "stages.sqlite")
    command = (sys.executable, "-m", "benchmarks.stages", str(project.catalog), cache, *options)
    environment = os.environ | {"SCENARIO_BASE_URL": project.server.url}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    taken: dict[str, float] = json.loads(done.stdout)
    return taken


def stages(found: Mapping[int, Taken]) -> tuple[Stage, ...]:
    """The stages over all sizes."""
    sizes = tuple(sorted(found))
    names: Sequence[str] = list(found[sizes[0]]) if sizes else []
    return tuple(
        Stage(
            name,
            sizes,
            tuple(found[size][name][0] for size in sizes),
            tuple(found[size][name][1] for size in sizes),
        )
        for name in names
    )
