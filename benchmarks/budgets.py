"""What the figures have to stay within, and whether they do."""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.growth import exponent
from benchmarks.results import Results, Row, Stage
from benchmarks.senders.commands import OWN
from benchmarks.table import ratio

_GROWTH = 1.05
_MOST_GROWN = 3


@dataclass(frozen=True, slots=True)
class Budget:
    """A figure of a case in a section, and its limit.

    `figure` gets the row and the one of the case `beside`, if there is one; `limit` may depend on
    the row. What is `at_least` must not be below it.
    """

    says: str
    section: str
    case: str
    figure: Callable[[Row, Row], float]
    limit: Callable[[Row], float]
    beside: str = ""
    at_least: bool = False
    unit: str = " s"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A budget, its limit and what was measured, in words; `is_met` is None where nothing was."""

    says: str
    limit: str
    measured: str
    is_met: bool | None


def _wall(row: Row, _beside: Row) -> float:
    return row.wall


def _of_bound(row: Row, _beside: Row) -> float:
    return row.wall / row.bound


def _slower(row: Row, beside: Row) -> float:
    return ratio(row, beside)


def _faster(row: Row, beside: Row) -> float:
    return ratio(beside, row)


def _arrives_faster(row: Row, beside: Row) -> float:
    pairs = zip(row.runs, beside.runs, strict=False)
    return statistics.median(theirs.arriving / ours.arriving for ours, theirs in pairs)


def _megabytes(row: Row, _beside: Row) -> float:
    return row.megabytes


def _requests(row: Row, _beside: Row) -> float:
    return row.requests


def _at(value: float) -> Callable[[Row], float]:
    return lambda row: value


_COLD = "catalog-sync plan, 32 jobs, cold cache"
_REFRESH = "catalog-sync plan, --refresh changed, 32 jobs, warm cache"
_THOUSAND = "Plan with nothing to do, 1,000 models, 20 ms latency"
_TEN = "Plan with nothing to do, 10,000 models, 20 ms latency"
_TOUCHED = "Plan with 3 models changed, 10,000 models, 20 ms latency"
_CHECK = "Validate, 10,000 models, 80,000 files"
_APPLY = "First apply, 1,000 models, 4,000 images, 20 ms latency"
_BARE = "a bare click program, --version"
_GIB = "1,024 MiB over {}, digest known"
_FOUR_GIB = "4,096 MiB over {}, digest known"

BUDGETS = (
    Budget("plan of 1,000", _THOUSAND, _COLD, _wall, lambda row: 1.5 * row.bound + 0.6),
    *(
        Budget(
            f"plan of 1,000, faster than {peer}",
            _THOUSAND,
            _COLD,
            _faster,
            _at(times),
            beside=f"vendor's client, {peer}",
            at_least=True,
            unit="x",
        )
        for peer, times in (
            ("retrieve each, one by one", 30),
            ("list, one by one", 15),
            ("list, 32 threads", 2.5),
        )
    ),
    Budget("plan of 10,000, to the bound", _TEN, _COLD, _of_bound, _at(1.4), unit="x"),
    Budget("plan of 10,000, memory", _TEN, _COLD, _megabytes, _at(250), unit=" MB"),
    Budget("plan --refresh changed of 10,000", _TEN, _REFRESH, _wall, _at(3)),
    Budget("the same, requests", _TEN, _REFRESH, _requests, _at(25), unit=""),
    *(
        Budget(
            f"plan of 3 changed of 10,000, {cache} cache",
            _TOUCHED,
            f"catalog-sync plan --changed-since, {cache} cache",
            _wall,
            _at(2),
        )
        for cache in ("cold", "warm")
    ),
    *(
        Budget(
            f"validate of 10,000, {cache} cache",
            _CHECK,
            f"catalog-sync validate, {cache} cache",
            _wall,
            _at(limit),
        )
        for cache, limit in (("cold", 5), ("warm", 1))
    ),
    Budget(
        "first apply, to the bound", _APPLY, "catalog-sync apply, 32 jobs", _of_bound, _at(1.5),
        unit="x",
    ),
    *(
        Budget(
            f"1 GiB by parts over {scheme}, faster than {peer}",
            _GIB.format(scheme),
            OWN,
            _arrives_faster,
            _at(times),
            beside=peer,
            at_least=True,
            unit="x",
        )
        for scheme, peer, times in (
            ("http", "curl --parallel", 1.1),
            ("https", "curl --parallel", 1.1),
            ("http", "rclone, no checksums", 3),
        )
    ),
    *(
        Budget(f"{said} over {scheme}, memory", size.format(scheme), OWN, _megabytes, _at(100),
               unit=" MB")
        for said, size in (("1 GiB", _GIB), ("4 GiB", _FOUR_GIB))
        for scheme in ("http", "https")
    ),
    *(
        Budget(
            f"start-up of {command}",
            "Start-up",
            f"catalog-sync {command}",
            _slower,
            _at(limit),
            beside=beside,
            unit="x",
        )
        for command, limit, beside in (
            ("--version", 1.5, _BARE),
            ("--help", 1.5, "a bare click program, --help"),
            ("validate, 12 models, warm", 2.5, _BARE),
        )
    ),
)  # fmt: skip
"""Everything that has a budget but the growth, which has one for every stage."""


def verdicts(results: Results) -> tuple[Verdict, ...]:
    """Whether each budget is met."""
    rows = {(row.section, row.case): row for row in (*results.rows, *results.sent) if row.runs}
    return (*(_verdict(budget, rows) for budget in BUDGETS), *_grown(results.stages))


def _verdict(budget: Budget, rows: Mapping[tuple[str, str], Row]) -> Verdict:
    row = rows.get((budget.section, budget.case))
    beside = rows.get((budget.section, budget.beside)) if budget.beside else row
    sign = ">=" if budget.at_least else "<="
    if row is None or beside is None:
        return Verdict(budget.says, "", "not measured", None)
    figure, limit = budget.figure(row, beside), budget.limit(row)
    met = figure >= limit if budget.at_least else figure <= limit
    unit = budget.unit
    return Verdict(budget.says, f"{sign} {limit:.3g}{unit}", f"{figure:.3g}{unit}", met)


def _grown(stages: Sequence[Stage]) -> Iterator[Verdict]:
    for stage in stages:
        if len(stage.models) < _MOST_GROWN:
            continue
        for what, values in (("growth of", stage.seconds), ("memory of", stage.megabytes)):
            found = exponent(stage.models, values)
            met = found <= _GROWTH
            yield Verdict(f"{what} {stage.name}", f"<= {_GROWTH}", f"{found:.2f}", met)
