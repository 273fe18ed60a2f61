"""All results as one document of tables."""

from collections.abc import Mapping, Sequence

from benchmarks.budgets import Verdict, verdicts
from benchmarks.results import Results
from benchmarks.table import LEGEND, Style, growth, sections

MARK = "<!-- script/bench show --write puts the figures below this line -->"
_BUDGETS = ("budget", "limit", "measured", "")
_BESIDE = ("beside", "")
_WORDS = {True: "met", False: "NOT met", None: ""}


def document(results: Results, style: Style, beside: Sequence[Results] = ()) -> str:
    """The machine, what became of the budgets, every section, and how the stages grow.

    Of the results `beside`, as of another machine, the last verdict on each budget is told.
    """
    parts = [_machine(results)]
    if found := _worth_telling(results):
        others = {each.says: each for one in beside for each in _worth_telling(one)}
        parts += [style.title("Budgets"), budgets(found, style, others)]
        parts += [f"beside: {_machine(one)}" for one in beside]
    parts += [LEGEND, *sections(results.rows, style)]
    if results.stages:
        parts += [style.title("Growth"), growth(results.stages, style)]
    if results.uploads:
        parts += [style.title("Uploads"), style.block(results.uploads)]
    return "\n\n".join(parts)


def _machine(results: Results) -> str:
    return "; ".join(f"{name} {value}" for name, value in results.machine.items())


def _worth_telling(results: Results) -> list[Verdict]:
    """The verdicts; of a part alone only those on what it measured."""
    whole = len({row.part for row in results.rows}) > 1
    return [each for each in verdicts(results) if whole or each.is_met is not None]


def budgets(found: Sequence[Verdict], style: Style, beside: Mapping[str, Verdict]) -> str:
    """What is to be stayed within, whether it is, and whether it is `beside`, by its words."""
    header = (*_BUDGETS, *_BESIDE) if beside else _BUDGETS
    rows = [
        (
            each.says,
            each.limit,
            *_measured(each),
            *(_measured(beside.get(each.says)) if beside else ()),
        )
        for each in found
    ]
    return style.table(header, rows)


def _measured(verdict: Verdict | None) -> tuple[str, str]:
    return (verdict.measured, _WORDS[verdict.is_met]) if verdict else ("", "")


def inserted(text: str, figures: str) -> str:
    """A text with the figures below its mark; raises `ValueError` if it has none."""
    head, mark, _ = text.partition(MARK)
    if not mark:
        raise ValueError(f"there is no line {MARK}")
    return f"{head}{mark}\n\n{figures}\n"
