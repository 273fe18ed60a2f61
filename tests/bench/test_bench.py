"""The bench as it is called, at its smallest."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner, Result

from benchmarks.__main__ import bench
from benchmarks.budgets import BUDGETS
from benchmarks.cases import Case, Project, Section, timed
from benchmarks.choices import FULL
from benchmarks.large_file import MIB, titled
from benchmarks.projects import applied, project
from benchmarks.run import PARTS, SORTS, sizes
from benchmarks.senders.commands import Work, known
from benchmarks.served import Server
from benchmarks.table import cells
from benchmarks.tried import Sink
from benchmarks.uploads import uploads
from catalogsync.sandbox.control import Control

NOWHERE = Server("http://127.0.0.1:9/v1", cast(Control, None))
"""A server that is not asked anything."""


def call(*arguments: str) -> Result:
    found = CliRunner().invoke(bench, arguments, catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found


@pytest.mark.parametrize(
    ("options", "what"), [((), "2 models"), (("--pictures", "0"), "2 models without files")]
)
def test_a_part_is_measured_kept_shown_and_compared(
    tmp_path: Path, options: tuple[str, ...], what: str
) -> None:
    tiny = ("--models", "2", "--latency", "0", "--runs", "1", "--no-peers", *options)
    printed = call("plan", *tiny, "--into", str(tmp_path)).stdout
    (file,) = tmp_path.iterdir()
    assert f"Plan with nothing to do, {what}, 0 ms latency" in printed
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert all(len(row["runs"]) == 1 and row["runs"][0]["new"] == 0 for row in rows)
    assert all(row["runs"][0]["pace"] > 0 for row in rows)
    assert "A fixed piece of work took a core" in printed
    requests = {row["case"]: row["runs"][0]["requests"] for row in rows}
    assert requests["catalog-sync plan, 32 jobs, warm cache"] == 3
    assert requests["catalog-sync plan, --refresh changed, 32 jobs, warm cache"] == 1
    shown = call("show", str(file), "--compare", str(file)).stdout
    assert shown.startswith(printed.rstrip())
    assert shown.count("1.00x") >= len(rows)


def test_what_is_sent_is_kept_with_what_is_printed(tmp_path: Path) -> None:
    few = ("--size", "8", "--peers", "curl", "--images", "0", "--runs", "1")
    rows = CliRunner().invoke(uploads, few, standalone_mode=False).return_value
    assert {(row.section, row.case) for row in rows} >= {
        (f"8 MiB over {scheme}, digest known", case)
        for scheme in ("http", "https")
        for case in ("catalog-sync", "curl --parallel")
    }
    assert {row.case for row in rows if row.section.startswith("32 MiB")} == {"catalog-sync"}
    assert all(run.arriving > 0 for row in rows for run in row.runs)


def test_a_case_that_fails_is_told_of_and_the_others_go_on(tmp_path: Path) -> None:
    with project(1, 1, applied) as on:
        fails = Case("fails", (sys.executable, "-c", "raise SystemExit('no luck')"))
        works = Case("works", (sys.executable, "-c", ""))
        rows = timed(Section("part", "Title", (fails, works), "works"), on, 1)
    assert [len(row.runs) for row in rows] == [0, 1]
    assert cells(rows[0], rows[1])[-1] == "exit code 1: no luck"


def test_every_part_can_be_asked_for_alone() -> None:
    assert {*PARTS, "all", "uploads", "rate", "show"} <= set(bench.commands)


def test_the_full_run_measures_every_case_that_has_a_budget(tmp_path: Path) -> None:
    measured = {
        (section.title, case.name)
        for sort in SORTS
        for size in sizes(FULL.sizes, sort.most)
        for name, part in sort.parts.items()
        if name != "drift"  # edits on the server first, and has no budget
        for section in part(
            Project(size, size * sort.examples, tmp_path, NOWHERE),
            replace(FULL, peers=name == "plan"),
        )
        for case in section.cases
    }
    size = 1024 * MIB
    sent = known(Work(tmp_path / "file", [], Sink("", ""), 1))
    for scheme in ("http", "https"):
        measured |= {(titled(size, scheme, sent.name), sender.name) for sender in sent.senders}
        measured.add((titled(4 * size, scheme, sent.name), sent.senders[0].name))
    assert {(budget.section, budget.case) for budget in BUDGETS} <= measured
    assert {(budget.section, budget.beside) for budget in BUDGETS if budget.beside} <= measured
