"""All results as one document of tables."""

from collections.abc import Sequence

from benchmarks.budgets import Verdict, verdicts
from benchmarks.results import Results
from benchmarks.table import LEGEND, Style, growth, sections

MARK = "<!-- script/bench show --write puts the figures below this line -->"
_BUDGETS = ("budget", "limit", "measured", "")
_WORDS = {True: "met", False: "NOT met", None: ""}


def document(results: Results, style: Style) -> str:
    """The machine, what became of the budgets, every section, and how the stages grow."""
    machine = "; ".join(f"{name} {value}" for name, value in results.machine.items())
    parts = [machine]
    if found := _worth_telling(results):
        parts += [style.title("Budgets"), budgets(found, style)]
    parts += [LEGEND, *sections(results.rows, style)]
    if results.stages:
        parts += [style.title("Growth"), growth(results.stages, style)]
    if results.uploads:
        parts += [style.title("Uploads"), style.block(results.uploads)]
    return "\n\n".join(parts)


def _worth_telling(results: Results) -> list[Verdict]:
    """The verdicts; of a part alone only those on what it measured."""
    whole = len({row.part for row in results.rows}) > 1
    return [each for each in verdicts(results) if whole or each.is_met is not None]


def budgets(found: Sequence[Verdict], style: Style) -> str:
    """What is to be stayed within, and whether it is."""
    rows = [(each.says, each.limit, each.measured, _WORDS[each.is_met]) for each in found]
    return style.table(_BUDGETS, rows)


def inserted(text: str, figures: str) -> str:
    """A text with the figures below its mark; raises `ValueError` if it has none."""
    head, mark, _ = text.partition(MARK)
    if not mark:
        raise ValueError(f"there is no line {MARK}")
    return f"{head}{mark}\n\n{figures}\n"
