"""Results as tables, for a terminal or as Markdown."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from benchmarks.growth import exponent
from benchmarks.results import Compared, Row, Stage

HEADER = (
    "case",
    "requests",
    "bound s",
    "wall s",
    "min - max",
    "/bound",
    "/reference",
    "cpu s",
    "MB",
    "note",
)
_STAGES = ("stage", "models", "cpu s", "exponent", "MB", "exponent")
_COMPARED = ("case", "before s", "now s", "now/before", "before MB", "now MB", "")

LEGEND = """\
wall s is the median of whole processes, run in turn; bound = requests x latency / jobs;
/reference is the median of round by round ratios to the case that has 1.00x there;
MB is the most that all processes of a run had together;
a row is marked where others had more than 10 % of the processors."""

Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """How a table, a title and a text with lines of its own are written."""

    table: Callable[[Sequence[str], Sequence[Cells]], str]
    title: Callable[[str], str]
    block: Callable[[str], str]


def as_text(header: Sequence[str], rows: Sequence[Cells]) -> str:
    """A table in columns, the first and the last to the left."""
    lines = [tuple(header), *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(header))]
    return "\n".join("  ".join(_aligned(line, widths)).rstrip() for line in lines)


def _aligned(line: Cells, widths: Sequence[int]) -> Iterator[str]:
    last = len(widths) - 1
    for at, (cell, width) in enumerate(zip(line, widths, strict=True)):
        yield cell.ljust(width) if at in (0, last) else cell.rjust(width)


def as_markdown(header: Sequence[str], rows: Sequence[Cells]) -> str:
    """A table of Markdown."""
    rule = ("---", *("---:" for _ in header[1:]))
    return "\n".join(f"| {' | '.join(line)} |" for line in (tuple(header), rule, *rows))


TEXT = Style(as_text, str, str)
MARKDOWN = Style(as_markdown, "### {}".format, "```text\n{}\n```".format)


def cells(row: Row, reference: Row | None) -> Cells:
    """The cells of a case."""
    if not row.runs:
        return (row.case, *[""] * (len(HEADER) - 2), row.missing)
    walls = [run.wall for run in row.runs]
    return (
        row.case,
        str(row.requests) if row.requests else "",
        f"{row.bound:.2f}" if row.bound else "",
        _seconds(row.wall),
        f"{_seconds(min(walls))}-{_seconds(max(walls))}",
        f"{row.wall / row.bound:.2f}x" if row.bound else "",
        f"{ratio(row, reference):.2f}x" if reference and reference.runs else "",
        _seconds(row.cpu),
        f"{row.megabytes:.0f}",
        _note(row),
    )


def ratio(row: Row, reference: Row) -> float:
    """The median of the run by run ratios: what slows both down is not in it."""
    pairs = zip(row.runs, reference.runs, strict=False)
    return statistics.median(run.wall / other.wall for run, other in pairs)


def _seconds(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"


def _note(row: Row) -> str:
    new = max(run.new for run in row.runs)
    notes = [
        f"others had {row.others:.0%} of the machine" if row.is_noisy else "",
        f"{new} requests were new to the server" if new else "",
        row.missing,
    ]
    return "; ".join(filter(None, notes))


def sections(rows: Sequence[Row], style: Style) -> Iterator[str]:
    """Each section of rows with its title."""
    for title, found in groupby(rows, key=lambda row: row.section):
        group = list(found)
        known = {row.case: row for row in group}
        table = [cells(row, known.get(row.reference)) for row in group]
        told = (_of_the_server(group), _of_the_cores(group))
        yield "\n\n".join((style.title(title), style.table(HEADER, table), *filter(None, told)))


def _of_the_server(rows: Sequence[Row]) -> str:
    """What the server took for an answer, so that nobody takes its limit for the client's."""
    runs = [run for row in rows for run in row.runs if run.requests > 50]
    if not runs:
        return ""
    each = sum(run.server_cpu for run in runs) / sum(run.requests for run in runs)
    return f"The server took {each * 1e6:.0f} µs of processor time for an answer."


def _of_the_cores(rows: Sequence[Row]) -> str:
    """How fast a core was meanwhile, so that nobody takes a slow hour for slow code."""
    paces = sorted(run.pace * 1000 for row in rows for run in row.runs if run.pace)
    if not paces:
        return ""
    middle = statistics.median(paces)
    told = f"A fixed piece of work took a core {paces[0]:.0f} to {paces[-1]:.0f} ms meanwhile"
    return f"{told}, {middle:.0f} ms in the middle."


def growth(stages: Sequence[Stage], style: Style) -> str:
    """How every stage grows."""
    return style.table(_STAGES, [_stage(stage) for stage in stages])


def _stage(stage: Stage) -> Cells:
    return (
        stage.name,
        ", ".join(f"{size:,}" for size in stage.models),
        ", ".join(f"{value:.3g}" for value in stage.seconds),
        f"{exponent(stage.models, stage.seconds):.2f}",
        ", ".join(f"{value:.1f}" for value in stage.megabytes),
        f"{exponent(stage.models, stage.megabytes):.2f}",
    )


def changes(found: Sequence[Compared], style: Style) -> str:
    """Every case and every stage, now and before."""
    return style.table(
        _COMPARED,
        [
            (
                each.name,
                _seconds(each.before.seconds),
                _seconds(each.now.seconds),
                f"{each.ratio:.2f}x",
                f"{each.before.megabytes:.0f}",
                f"{each.now.megabytes:.0f}",
                "slower" if each.is_slower else "",
            )
            for each in found
        ],
    )
