"""Markdown for a pull request, word for word, and what is left out when it gets too long."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogsync.diff import Verb
from catalogsync.identity import Refusal
from catalogsync.plan import Orphan, Plan
from catalogsync.review.markdown import render_markdown
from catalogsync.review.markdown_report import render_report_markdown
from catalogsync.review.markdown_words import prose
from catalogsync.review.report import past_summary
from catalogsync.review.text import summary
from tests.engine.catalogs import CONTENTS
from tests.engine.fake import files_of
from tests.engine.run import plan, run
from tests.review.plans import many, outcomes_of
from tests.review.test_text import everything, failing_examples, golden

READ_AT = "2026-03-01 12:00 UTC"


@pytest.fixture
def made() -> Plan:
    """The plan for everything."""
    server, catalog = everything()
    return replace(plan(server, catalog), target="staging", project="proj_1")


@pytest.mark.parametrize(
    ("name", "budget"),
    [
        ("plan", 60_000),
        ("plan-texts-counted", 3_750),
        ("plan-some-details", 2_500),
        ("plan-counted", 2_100),
        ("plan-rows", 1_800),
        ("plan-shortest", 1_500),
    ],
)
def test_every_step_down_to_the_shortest(made: Plan, name: str, budget: int) -> None:
    text = render_markdown(made, read_at=READ_AT, budget=budget)
    assert len(text.encode()) <= budget
    golden(f"{name}.md", text)


def test_a_report(made: Plan) -> None:
    server, catalog = everything()
    server.before_write = failing_examples
    outcomes = run(server, catalog, files_of(CONTENTS), jobs=1)
    golden("report.md", render_report_markdown(made, outcomes))
    assert render_report_markdown(made, outcomes[::-1]) == render_report_markdown(made, outcomes)


def title(plan: Plan) -> str:
    return render_markdown(plan).splitlines()[2]


def test_the_title_is_the_verdict() -> None:
    where = "`acme` → `live` (project `proj_1`)"
    assert title(many({})) == f"## ✅ Nothing would change: {where}"
    assert title(many({Verb.UPDATE: 1})) == f"## 📝 1 model would change: {where}"
    deleting = many({Verb.UPDATE: 2, Verb.DELETE: 1})
    assert title(deleting) == f"## ⚠️ 3 models would change, 1 of them deleted: {where}"
    assert title(many({Verb.UPDATE: 2}, 1)) == f"## ⛔ 1 refusal, 2 models would change: {where}"
    assert title(many({}, 2)) == f"## ⛔ 2 refusals, nothing else would change: {where}"
    assert title(many({Verb.DELETE: 9}, broken=1)) == f"## ⛔ Refused as a whole: {where}"


def report_title(plan: Plan, done: bool) -> str:
    outcomes = outcomes_of(plan, "x")[: len(plan.actions)] if done else []
    return render_report_markdown(plan, outcomes).splitlines()[2]


def test_the_title_of_a_report_is_the_verdict() -> None:
    where = "`acme` → `live` (project `proj_1`)"
    assert report_title(many({Verb.UPDATE: 1}), True) == f"## ✅ Applied: {where}"
    assert report_title(many({Verb.UPDATE: 2}), True) == f"## ⚠️ Applied in part: {where}"
    assert report_title(many({Verb.UPDATE: 1}, 1), True) == f"## ⚠️ Applied in part: {where}"
    assert report_title(many({Verb.UPDATE: 1}), False) == f"## ❌ Nothing was applied: {where}"
    assert report_title(many({}), False) == f"## ✅ Applied: {where}"


def test_nothing_counts_as_done_without_an_outcome() -> None:
    blocked = many({Verb.CREATE: 3, Verb.DELETE: 2}, broken=1)
    assert past_summary(blocked, []) == (
        "Applied: 0 created, 0 updated, 0 files uploaded (0 B), 0 deleted, "
        "5 not finished, 1 refused."
    )


def test_an_orphan_with_the_name_of_a_new_model_asks_whether_it_was_renamed() -> None:
    renamed = replace(many({Verb.CREATE: 1}), orphans=(Orphan("old", "model_1", "Model 0"),))
    asked = "`old` (was it renamed? then say `renamedFrom: old` in `create-0`)"
    assert asked in render_markdown(renamed)


def test_only_the_longest_lose_their_details() -> None:
    long = replace(
        (huge := many({Verb.UPDATE: 1}, text="long line\n" * 9_000)).models[0], key="huge"
    )
    text = render_markdown(replace(huge, models=(*many({Verb.UPDATE: 3}).models, long)))
    assert text.count("```diff") == 3
    assert "**Left out to fit 60,000 bytes:** the differences of texts of 1 model." in text


@pytest.mark.parametrize(
    "made",
    [
        many({Verb.UPDATE: 3_000}),
        many({Verb.UPDATE: 2_980, Verb.DELETE: 20}, refusals=30, broken=1),
        many({Verb.DELETE: 3_000}, broken=1),
        many({}, refusals=3_000),
        many({Verb.DELETE: 3_000}, refusals=3_000, broken=2),
        many({Verb.DELETE: 200, Verb.CREATE: 1}, refusals=200, text="`@a" * 999),
    ],
    ids=["updates", "mixed", "deletes", "refusals", "deletes and refusals", "long"],
)
def test_three_thousand_models(made: Plan) -> None:
    complete_as_far_as_it_fits(made, 60_000)


@settings(deadline=None, max_examples=25)
@given(
    st.fixed_dictionaries({verb: st.integers(0, 60) for verb in Verb}),
    st.integers(0, 100),
    st.integers(0, 2),
    st.text(max_size=20),
    st.sampled_from([1, 10, 200]),
    st.sampled_from([10_000, 60_000]),
)
def test_any_plan_fits_and_its_counts_are_true(
    counts: dict[Verb, int], refusals: int, broken: int, text: str, times: int, budget: int
) -> None:
    complete_as_far_as_it_fits(many(counts, refusals, text * times, broken), budget)


def complete_as_far_as_it_fits(made: Plan, budget: int) -> None:
    text = render_markdown(made, budget=budget)
    assert len(text.encode()) <= budget
    assert summary(made) in text.splitlines()
    refused = sum(1 for refusal in made.refusals if refusal.model)
    assert named(text, "refused", "refused-") >= refused
    assert named(text, "to delete", "delete-") == made.count(Verb.DELETE)
    rows = re.findall(r"^\| `(.)` \w+ \|", text, re.MULTILINE)
    if "+" in rows or "~" in rows:
        assert len(rows) == len(made.models) + len(made.refusals)
    outcomes = outcomes_of(made, "x")
    report = render_report_markdown(made, outcomes, budget=budget)
    assert len(report.encode()) <= budget
    assert past_summary(made, outcomes) in report.splitlines()
    assert named(report, "refused", "refused-") >= refused


def named(text: str, word: str, prefix: str) -> int:
    """How many of a kind the text names, and says that it does not name."""
    names = set(re.findall(rf"`({prefix}\d+)`", text))
    more = re.search(rf"\d+ {word}:\*\* .* and (\d+) more that did not fit\.", text)
    return len(names) + int(more[1] if more else 0)


def test_the_whole_plan_is_told_first() -> None:
    made = many({Verb.DELETE: 5_000}, broken=1)
    made = replace(made, refusals=(Refusal("", "max-delete", "5000 deletes", "--allow-delete"),))
    text = render_markdown(made)
    assert "| `!` refused | **the whole plan** |" in text
    assert re.search(r"\*\*5000 to delete:\*\* `delete-0`, .* and \d+ more that did not fit", text)


def test_what_ends_a_sentence_part_stands_outside_of_code() -> None:
    told = prose("choose --target, or 2026-11-21T11:27:24Z · by 864e111e: `id`;")
    assert told == "choose `--target`, or `2026-11-21T11:27:24Z` · by `864e111e`: `id`;"
