"""The tables: columns for a terminal, Markdown for the docs."""

from dataclasses import replace

import pytest

from benchmarks.document import MARK, document, inserted
from benchmarks.results import Results, Stage
from benchmarks.table import MARKDOWN, TEXT, as_markdown, as_text, cells, growth, sections
from tests.bench.rows import row, run


def test_a_table_for_a_terminal_is_aligned() -> None:
    assert as_text(("case", "s", "note"), [("plan", "1.00", ""), ("apply", "12.00", "slow")]) == (
        "case       s  note\nplan    1.00\napply  12.00  slow"
    )


def test_a_table_in_markdown() -> None:
    assert as_markdown(("case", "s"), [("plan", "1.00")]) == (
        "| case | s |\n| --- | ---: |\n| plan | 1.00 |"
    )


def test_a_case_with_its_bound_and_its_ratio() -> None:
    ours, theirs = row("ours", 0.4), row("theirs", 2.0)
    assert cells(theirs, ours) == (
        *("theirs", "100", "0.20", "2.00", "2.00-2.00", "10.00x", "5.00x", "0.100", "30", ""),
    )


def test_what_is_not_installed_is_named() -> None:
    absent = replace(row("theirs"), missing="no package theirs")
    assert cells(absent, row("ours", 1.0))[-1] == "no package theirs"


def test_a_row_says_when_the_machine_was_busy_with_others() -> None:
    busy = replace(row("ours"), runs=(run(1.0, others=0.4),))
    assert cells(busy, None)[-1] == "others had 40% of the machine"


def test_a_row_says_when_the_server_had_to_ask() -> None:
    asking = replace(row("ours"), runs=(replace(run(1.0), new=3),))
    assert cells(asking, None)[-1] == "3 requests were new to the server"


def test_sections_have_their_titles_and_the_servers_share() -> None:
    rows = [row("ours", 1.0, section="A"), row("ours", 1.0, section="B")]
    one, other = sections(rows, TEXT)
    assert one.startswith("A\n\ncase")
    assert other.startswith("B\n\n")
    assert one.endswith("The server took 50 µs of processor time for an answer.")


def test_a_section_says_how_fast_a_core_was() -> None:
    paces = (0.010, 0.011, 0.024)
    slow = replace(row("ours"), runs=tuple(run(1.0, pace=pace) for pace in paces))
    (text,) = sections([slow], TEXT)
    said = "A fixed piece of work took a core 10 to 24 ms meanwhile, 11 ms in the middle."
    assert text.endswith(f"\n\n{said}")


def test_growth_shows_every_size_and_both_exponents() -> None:
    stage = Stage("load", (100, 1000), (0.1, 1.0), (2.0, 2.0))
    assert growth([stage], MARKDOWN).endswith(
        "| load | 100, 1,000 | 0.1, 1 | 1.00 | 2.0, 2.0 | 0.00 |"
    )


def test_the_document_has_machine_budgets_sections_growth_and_uploads() -> None:
    stage = Stage("load", (100, 1000), (0.1, 1.0), (2.0, 2.0))
    rows = (row("ours", 1.0), replace(row("check", 1.0, section="Validate"), part="validate"))
    results = Results({"cores": "2"}, rows, (stage,), uploads="curl 1 s")
    text = document(results, MARKDOWN)
    told = ("cores 2", "### Budgets\n", "### Plan\n", "### Growth\n", "```text\ncurl 1 s\n```")
    at = [text.index(part) for part in told]
    assert at == sorted(at)


def test_what_others_measured_stands_beside_each_budget() -> None:
    """The last result that measured it counts; what none did has nothing beside it."""

    def grown(name: str, exponent: float) -> Stage:
        seconds = tuple(float(models**exponent) for models in (100, 1000, 10000))
        return Stage(name, (100, 1000, 10000), seconds, (1.0, 1.0, 1.0))

    stages = (grown("load", 1.5), grown("diff", 1.0))
    first = Results({"cores": "2"}, stages=stages)
    others = [Results({"cores": name}, stages=(grown("load", 1.0),)) for name in ("3", "4")]
    text = document(first, MARKDOWN, others)
    assert "| budget | limit | measured |  | beside |  |" in text
    assert "| growth of load | <= 1.05 | 1.50 | NOT met | 1.00 | met |" in text
    assert "| growth of diff | <= 1.05 | 1.00 | met |  |  |" in text
    assert [line for line in text.splitlines() if "cores" in line] == [
        "cores 2",
        "beside: cores 3",
        "beside: cores 4",
    ]
    worse = document(first, MARKDOWN, [*others, Results({}, stages=(grown("load", 1.2),))])
    assert "| growth of load | <= 1.05 | 1.50 | NOT met | 1.20 | NOT met |" in worse


def test_figures_take_the_place_of_those_below_the_mark() -> None:
    once = inserted(f"Words.\n\n{MARK}\n\nold\n", "new")
    assert once == f"Words.\n\n{MARK}\n\nnew\n"
    assert inserted(once, "new") == once
    with pytest.raises(ValueError, match="no line"):
        inserted("Words.\n", "new")


def test_a_part_alone_is_silent_on_budgets_that_it_does_not_measure() -> None:
    assert "Budgets" not in document(Results({}, (row("ours", 1.0),)), TEXT)
