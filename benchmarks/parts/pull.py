"""A newcomer: a project that nobody manages is taken over by three commands."""

from collections.abc import Iterator

from benchmarks.cases import PROGRAM, Case, Project, Section
from benchmarks.catalogs import PROJECT
from benchmarks.choices import Choices

_JOBS = 8
_ANEW = ("sh", "-c", 'rm -rf "$0" && exec "$@"')
"""Runs a command after a folder was removed."""


def pull(project: Project, choices: Choices) -> Iterator[Section]:
    """init, pull --all and plan, one after another, with pictures as ids and as files."""
    for what, options in (("as ids", ()), ("as files", ("--download",))):
        here = str(project.folder / f"taken {what}")
        common = ("--jobs", str(_JOBS), "--quiet")
        init = (*_ANEW, here, *PROGRAM, "init", here, "--project", PROJECT)
        cases = (
            Case("catalog-sync init", init, _JOBS, cold=True),
            Case(
                "catalog-sync pull --all",
                (*PROGRAM, "pull", here, "--all", *options, *common),
                _JOBS,
                cold=True,
            ),
            Case("catalog-sync plan", (*PROGRAM, "plan", here, *common), _JOBS, cold=True),
        )
        title = (
            f"A project of {project.models:,} models taken over, {project.files:,} pictures "
            f"{what}, {choices.latency:g} ms latency"
        )
        yield Section("pull", title, cases, cases[1].name, choices.latency / 1000)
