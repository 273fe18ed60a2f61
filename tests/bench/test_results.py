"""What is made of the figures: medians, ratios, comparisons, budgets, exponents."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.budgets import BUDGETS, verdicts
from benchmarks.growth import exponent
from benchmarks.results import Results, Row, Stage, compared, read, written
from benchmarks.table import ratio
from tests.bench.rows import row, run

POWERS = st.floats(-2, 3)
FACTORS = st.floats(1e-6, 1e6)


@given(POWERS, FACTORS)
def test_the_exponent_of_a_power_is_the_power(power: float, factor: float) -> None:
    sizes = (100, 1000, 10_000)
    assert exponent(sizes, [factor * size**power for size in sizes]) == pytest.approx(power)


def test_what_took_no_time_at_all_has_no_exponent() -> None:
    assert exponent((100, 1000), (0.0, 0.5)) == 0.0


def test_a_row_tells_the_median_the_largest_peak_and_the_bound() -> None:
    found = replace(row("ours"), runs=(run(1.0, megabytes=30), run(5.0, megabytes=50), run(2.0)))
    assert (found.wall, found.megabytes) == (2.0, 50)
    assert found.bound == pytest.approx(0.2)


def test_others_count_for_as_long_as_they_were_there() -> None:
    found = replace(row("ours"), runs=(run(9.0), run(1.0, others=0.5)))
    assert found.others == pytest.approx(0.05)
    assert not found.is_noisy
    assert replace(found, runs=(run(1.0, others=0.5), run(1.0))).is_noisy


def test_a_ratio_is_taken_run_by_run() -> None:
    # In the second round the machine was ten times slower for both.
    assert ratio(row("theirs", 2.0, 20.0, 2.0), row("ours", 1.0, 10.0, 1.0)) == 2.0


def test_what_was_run_less_often_is_compared_by_the_rounds_that_both_had() -> None:
    assert ratio(row("theirs", 30.0), row("ours", 1.0, 9.0, 9.0)) == 30.0


@pytest.mark.parametrize(
    ("now", "is_slower"),
    [((1.05, 1.05), False), ((1.3, 1.4), True), ((0.9, 1.4), False), ((0.5, 0.6), False)],
    ids=["a little", "always", "once", "faster"],
)
def test_a_case_is_slower_only_if_all_of_its_runs_are(
    now: tuple[float, ...], is_slower: bool
) -> None:
    before = Results({}, (row("ours", 1.0, 1.0),))
    (found,) = compared(Results({}, (row("ours", *now),)), before)
    assert found.is_slower == is_slower


def test_only_what_both_have_measured_is_compared() -> None:
    now = (row("ours", 2.0), row("new", 1.0), row("absent"))
    before = (row("ours", 1.0), row("ours", 4.0, section="Another"), row("absent", 1.0))
    found = compared(Results({}, now), Results({}, before))
    assert [each.ratio for each in found] == [2.0]


def test_what_is_sent_and_every_size_of_a_stage_are_compared_too() -> None:
    now = Results({}, (), (Stage("load", (10, 100), (0.2, 1.5), (3.0, 9.0)),), (row("sent", 2.0),))
    before = Results({}, (), (Stage("load", (100,), (1.0,), (8.0,)),), (row("sent", 1.0),))
    sent, load = compared(now, before)
    assert (sent.ratio, sent.is_slower) == (2.0, True)
    assert (load.name, load.ratio) == ("Growth: load, 100 models", 1.5)
    assert (load.before.megabytes, load.now.megabytes) == (8.0, 9.0)


def test_results_are_kept_whole(tmp_path: Path) -> None:
    stage = Stage("load", (10, 100), (0.1, 1.0), (1.0, 2.0))
    rows, sent = (row("ours", 1.0, 2.0), row("absent")), (row("ours", 3.0),)
    results = Results({"cores": "2"}, rows, (stage,), sent, "sent")
    file = tmp_path / "results.json"
    file.write_text(written(results), encoding="utf-8")
    assert read(file) == results


def test_a_budget_is_met_missed_or_not_measured() -> None:
    plan = next(budget for budget in BUDGETS if budget.says == "plan of 1,000")
    there = replace(row(plan.case, 0.9), section=plan.section)  # 1.5 x 0.2 s + 0.6 s

    def verdict(*rows: Row) -> bool | None:
        found = verdicts(Results({}, rows))
        return next(each.is_met for each in found if each.says == plan.says)

    assert verdict(there) is True
    assert verdict(replace(there, runs=(run(0.91),))) is False
    assert verdict() is None


def test_of_what_is_sent_the_time_counts_in_which_it_arrives() -> None:
    budget = next(budget for budget in BUDGETS if "faster than curl" in budget.says)
    for arriving, met in ((1.2, True), (1.0, False)):
        ours, theirs = (
            replace(row(case), section=budget.section, runs=(replace(run(wall), arriving=each),))
            for case, wall, each in ((budget.case, 9.0, 1.0), (budget.beside, 1.0, arriving))
        )
        found = verdicts(Results({}, sent=(ours, theirs)))
        assert next(each.is_met for each in found if each.says == budget.says) is met


def test_a_peer_has_to_be_as_many_times_slower_as_the_budget_says() -> None:
    budget = next(budget for budget in BUDGETS if budget.at_least)
    ours = replace(row(budget.case, 1.0), section=budget.section)
    for seconds, met in ((31.0, True), (29.0, False)):
        theirs = replace(row(budget.beside, seconds), section=budget.section)
        found = verdicts(Results({}, (ours, theirs)))
        assert next(each.is_met for each in found if each.says == budget.says) is met


def test_a_stage_that_grows_faster_than_the_catalog_is_over_the_budget() -> None:
    sizes = (100, 1000, 10_000)
    fine = Stage("load", sizes, (0.1, 1.0, 10.0), (1.0, 2.0, 3.0))
    quadratic = Stage("diff", sizes, (0.1, 10.0, 1000.0), (1.0, 2.0, 3.0))
    found = {each.says: each.is_met for each in verdicts(Results({}, (), (fine, quadratic)))}
    assert (found["growth of load"], found["growth of diff"]) == (True, False)


def test_a_stage_whose_memory_grows_faster_than_the_catalog_is_over_the_budget() -> None:
    stage = Stage("load", (100, 1000, 10_000), (0.1, 1.0, 10.0), (1.0, 20.0, 400.0))
    found = {each.says: each.is_met for each in verdicts(Results({}, (), (stage,)))}
    assert found == found | {"growth of load": True, "memory of load": False}


def test_every_budget_has_a_name_of_its_own() -> None:
    names = [budget.says for budget in BUDGETS]
    assert len(set(names)) == len(names)
