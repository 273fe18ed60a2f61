"""What is said of mutants that were tried."""

from pathlib import Path

import pytest

from tests.mutation.results import (
    ALIVE,
    KILLED,
    TIMED_OUT,
    Mutant,
    Verdict,
    read,
    share,
    table,
    write,
)

MUTANTS = [Mutant(f"catalogsync.plan.x_build__mutmut_{number}", "abc") for number in range(1, 6)]


def verdict(mutant: Mutant, outcome: str) -> Verdict:
    return Verdict(mutant.name, mutant.digest, outcome, "a test", 20)


def test_the_table_counts_what_was_tried_and_names_what_is_alive() -> None:
    outcomes = (KILLED, ALIVE, TIMED_OUT, ALIVE)
    tried = {mutant: verdict(mutant, each) for mutant, each in zip(MUTANTS, outcomes, strict=False)}
    rows = [line.split() for line in table(MUTANTS, tried).splitlines()]
    assert rows[:5] == [
        ["mutants", "5"],
        ["tried", "4"],
        ["killed", "1"],
        ["timed", "out", "1"],
        ["alive", "2"],
    ]
    assert rows[5][:6] == ["alive", "of", "the", "tried", "50.0", "%"]
    assert rows[-1] == ["catalogsync.plan.x_build__mutmut_:", "2,", "4"]


def test_the_last_verdict_of_a_mutant_counts(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    assert read(file) == {}
    for outcome in (ALIVE, KILLED):
        write(file, verdict(MUTANTS[0], outcome))
    assert read(file) == {MUTANTS[0]: verdict(MUTANTS[0], KILLED)}


def test_a_function_that_changed_is_to_be_tried_again(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    write(file, verdict(MUTANTS[0], ALIVE))
    assert Mutant(MUTANTS[0].name, "other") not in read(file)


@pytest.mark.parametrize(
    ("some", "of", "between"),
    [
        (0, 0, (0.0, 1.0)),
        (5, 100, (0.0215, 0.1118)),
        (0, 100, (0.0, 0.0370)),
        (50, 50, (0.9286, 1.0)),
    ],
)
def test_a_share_lies_where_wilson_says(some: int, of: int, between: tuple[float, float]) -> None:
    assert share(some, of) == pytest.approx(between, abs=0.0001)
