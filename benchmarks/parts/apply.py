"""The first apply of a catalog to an empty project."""

from collections.abc import Iterator

from benchmarks.cases import PROGRAM, Case, Project, Section
from benchmarks.choices import Choices

_JOBS = 32


def first_apply(project: Project, choices: Choices) -> Iterator[Section]:
    """Every model is created and every image sent; the server replays what a sandbox answered."""
    options = ("--yes", "--quiet", "--jobs", str(_JOBS))
    command = (*PROGRAM, "apply", str(project.catalog), *options)
    case = Case(f"catalog-sync apply, {_JOBS} jobs", command, _JOBS, cold=True)
    size = f"{project.models:,} models, {project.files:,} images"
    title = f"First apply, {size}, {choices.latency:g} ms latency"
    yield Section("apply", title, (case,), case.name, choices.latency / 1000)
