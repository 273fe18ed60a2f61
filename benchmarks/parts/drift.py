"""A check for edits by hand, in a catalog that was committed and applied."""

from collections.abc import Iterator

from benchmarks.cases import PROGRAM, Case, Project, Section
from benchmarks.choices import Choices
from catalogsync.assumed import MADE

_EDITED_OF = 100
_DRIFTED = 2
_JOBS = 32
_JOBS_BY_DEFAULT = 8


def drift(project: Project, choices: Choices) -> Iterator[Section]:
    """The same reads for a plan and for a check, where one model of a hundred was edited."""
    edited = max(1, project.models // _EDITED_OF)
    _edit(project, edited)
    plan = _case(project, "plan", _JOBS, code=0, cold=True)
    cases = (
        plan,
        _case(project, "drift", _JOBS, cold=True),
        _case(project, "drift", _JOBS),
        _case(project, "drift", _JOBS_BY_DEFAULT, cold=True),
    )
    latency = choices.latency
    title = f"Drift, {edited:,} of {project.models:,} models edited, {latency:g} ms latency"
    yield Section("drift", title, cases, plan.name, latency / 1000)


def _case(
    project: Project, command: str, jobs: int, *, code: int = _DRIFTED, cold: bool = False
) -> Case:
    cache = "cold" if cold else "warm"
    words = (*PROGRAM, command, str(project.catalog), "--quiet", "--jobs", str(jobs))
    name = f"catalog-sync {command}, {jobs} jobs, {cache} cache"
    return Case(name, words, jobs, code=code, cold=cold)


def _edit(project: Project, count: int) -> None:
    """Change some models, as somebody in the web page would, before anybody has read them."""
    for number in range(count):
        model_id = f"{MADE}m{number:05}"
        project.server.control.set_fields(model_id, shortDescription="Edited by hand.")
