"""Plans that find nothing to do, and plans that do."""

from collections.abc import Iterator
from functools import partial

from benchmarks.cases import PROGRAM, Case, Project, Section
from benchmarks.choices import Choices
from benchmarks.peers.scripts import script_cases
from benchmarks.projects import edit

JOBS = 32
_CHANGES = 2
"""How a plan with --detailed-exitcode exits when there are changes."""

_OPTIONS: dict[str, tuple[str, ...]] = {
    "": (),
    "--refresh changed, ": ("--refresh", "changed"),
}
"""Ways to plan: how it is called in the table, and its options."""


def _plan(project: Project, *options: str, jobs: int = JOBS) -> tuple[str, ...]:
    common = ("--detailed-exitcode", "--quiet", "--jobs", str(jobs))
    return (*PROGRAM, "plan", str(project.catalog), *common, *options)


def no_op(project: Project, choices: Choices) -> Iterator[Section]:
    """A plan that finds nothing to do, cold and warm, beside scripts on the vendor's client."""
    cold = Case(f"catalog-sync plan, {JOBS} jobs, cold cache", _plan(project), JOBS, cold=True)
    warm = tuple(
        Case(f"catalog-sync plan, {name}{JOBS} jobs, warm cache", _plan(project, *options), JOBS)
        for name, options in _OPTIONS.items()
    )
    eight = Case("catalog-sync plan, 8 jobs, cold cache", _plan(project, jobs=8), 8, cold=True)
    for latency in choices.latencies:
        others = script_cases(project.models, latency) if choices.peers else ()
        title = f"Plan with nothing to do, {_what(project, latency)}"
        cases = (cold, *warm, *((eight, *others) if latency == choices.latency else ()))
        yield Section("plan", title, cases, cold.name, latency / 1000)


def changes(project: Project, choices: Choices) -> Iterator[Section]:
    """A pull request that touches 3 models, then one that touches 1 %."""
    since = _plan(project, "--changed-since", "HEAD")
    latency = choices.latency
    for count in sorted({3, max(3, project.models // 100)}):
        cases = (
            _changed("catalog-sync plan --changed-since, cold cache", since, cold=True),
            _changed("catalog-sync plan --changed-since, warm cache", since),
            _changed(
                "catalog-sync plan, --refresh changed, warm cache",
                _plan(project, *_OPTIONS["--refresh changed, "]),
            ),
            _changed("catalog-sync plan, cold cache", _plan(project), cold=True),
            _changed("catalog-sync plan, warm cache", _plan(project)),
        )
        title = f"Plan with {count} models changed, {_what(project, latency)}"
        prepare = partial(edit, project.catalog, count)
        yield Section("changes", title, cases, cases[0].name, latency / 1000, prepare)


def _changed(name: str, command: tuple[str, ...], *, cold: bool = False) -> Case:
    return Case(name, command, JOBS, code=_CHANGES, cold=cold)


def _what(project: Project, latency: float) -> str:
    kind = "models" if project.files else "models without files"
    return f"{project.models:,} {kind}, {latency:g} ms latency"
