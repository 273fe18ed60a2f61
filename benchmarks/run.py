"""Measures the parts that are asked for, on projects of every size."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.cases import Project, Section, timed
from benchmarks.choices import Choices
from benchmarks.machine import machine
from benchmarks.parts.apply import first_apply
from benchmarks.parts.drift import drift
from benchmarks.parts.growth import Taken, measured, stages
from benchmarks.parts.hashing import hashing
from benchmarks.parts.plan import changes, no_op
from benchmarks.parts.pull import pull
from benchmarks.parts.startup import startup
from benchmarks.parts.validate import validate
from benchmarks.projects import Beginning, applied, empty, made_by_hand, project
from benchmarks.results import Results, Row

EXAMPLES = 8
APPLIED_EXAMPLES = 4
_GROWTH_RUNS = 5

Part = Callable[[Project, Choices], Iterator[Section]]


@dataclass(frozen=True, slots=True)
class Sort:
    """Parts that share a project of each size: of how many models at most, and how it begins.

    They run in the order of the table; the last one may change the catalog.
    """

    parts: Mapping[str, Part]
    most: int
    examples: int = EXAMPLES
    begin: Beginning = applied


SORTS = (
    Sort({"startup": startup, "hashing": hashing}, most=1, examples=1),
    Sort({"validate": validate, "plan": no_op, "changes": changes}, most=100_000),
    Sort({"drift": drift}, most=5000, examples=1),
    Sort({"pull": pull}, most=300, examples=APPLIED_EXAMPLES, begin=made_by_hand),
    Sort({"apply": first_apply}, most=1000, examples=APPLIED_EXAMPLES, begin=empty),
)
GROWTH = "growth"
PARTS = (*(name for sort in SORTS for name in sort.parts), GROWTH)
"""What can be asked for."""


def measure(parts: Sequence[str], choices: Choices) -> Results:
    """Measure some parts."""
    facts = machine()
    rows: list[Row] = []
    grown: dict[int, Taken] = {}
    for sort in SORTS:
        wanted = {name: part for name, part in sort.parts.items() if name in parts}
        grows = GROWTH in parts and "plan" in sort.parts
        for size in sizes(choices.sizes, sort.most) if wanted or grows else ():
            examples = sort.examples if choices.pictures is None else choices.pictures
            with project(size, examples, sort.begin) as on:
                if grows:
                    grown[size] = measured(on, _GROWTH_RUNS)
                for part in wanted.values():
                    for section in part(on, choices):
                        rows += timed(section, on, choices.runs)
    return Results(facts, tuple(rows), stages(grown))


def sizes(asked: Sequence[int], most: int) -> tuple[int, ...]:
    """The sizes that a sort of project is measured at: its limit alone, if more is asked for."""
    return tuple(asked) if max(asked) <= most else (most,)
