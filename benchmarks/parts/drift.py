"""A check for edits by hand, in a catalog that was committed and applied."""

from collections.abc import Iterator

from benchmarks.cases import PROGRAM, Case, Project, Section
from benchmarks.choices import Choices
from catalogsync.assumed import MADE

_EDITED_OF = 100
_DRIFTED = 2
_JOBS = 32


def drift(project: Project, choices: Choices) -> Iterator[Section]:
    """The same reads for a plan and for a check, where one model of a hundred was edited."""
    edited = max(1, project.models // _EDITED_OF)
    _edit(project, edited)
    common = (str(project.catalog), "--quiet", "--jobs", str(_JOBS))
    check = (*PROGRAM, "drift", *common)
    plan = Case("catalog-sync plan, cold cache", (*PROGRAM, "plan", *common), _JOBS, cold=True)
    cases = (
        plan,
        Case("catalog-sync drift, cold cache", check, _JOBS, code=_DRIFTED, cold=True),
        Case("catalog-sync drift, warm cache", check, _JOBS, code=_DRIFTED),
    )
    latency = choices.latency
    title = f"Drift, {edited:,} of {project.models:,} models edited, {latency:g} ms latency"
    yield Section("drift", title, cases, plan.name, latency / 1000)


def _edit(project: Project, count: int) -> None:
    """Change some models, as somebody in the web page would, before anybody has read them."""
    for number in range(count):
        model_id = f"{MADE}m{number:05}"
        project.server.control.set_fields(model_id, shortDescription="Edited by hand.")
