"""Hostile text is shown, and does nothing, in every format."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogsync.errors import ManifestError, Problem
from catalogsync.plan import Plan
from catalogsync.review.document import dumped, error_document, plan_document
from catalogsync.review.markdown import render_markdown
from catalogsync.review.markdown_report import render_report_markdown
from catalogsync.review.report import render_report
from catalogsync.review.text import render_plan
from catalogsync.review.words import visible
from tests.review.forge import extras, page, quick_actions, skeleton
from tests.review.hostile import HOSTILE
from tests.review.plans import outcomes_of, plan_of
from tests.review.runner import commands
from tests.review.test_text import text_of

TAGS = re.compile(
    r"</?(h2|p|table|thead|tbody|tr|th|td|code|details|summary|pre|sub|strong|br)>"
    r"|<code class=language-diff>"
)

MIXED = st.lists(
    st.one_of(st.text(max_size=12), st.sampled_from(sorted(HOSTILE.values(), key=len)[:50])),
    max_size=4,
).map("".join)


def both(plan: Plan, text: str) -> tuple[str, str]:
    report = render_report_markdown(plan, outcomes_of(plan, text))
    return render_markdown(plan, read_at=text), report


BENIGN = [skeleton(markdown) for markdown in both(plan_of("harmless"), "harmless")]


def inert_in_markdown(text: str) -> None:
    for markdown, benign in zip(both(plan_of(text), text), BENIGN, strict=True):
        assert len(markdown.encode()) <= 60_000
        shown = page(markdown)
        assert [tag for tag in shown.tags if not TAGS.fullmatch(tag)] == []
        assert len(shown.comments) == 1
        assert extras(markdown) == {}
        assert quick_actions(markdown) == []
        assert commands(markdown) == []
        if "Left out to fit" not in markdown:
            assert skeleton(markdown) == benign


def inert_in_a_log(printed: str) -> None:
    assert commands(printed) == []
    assert [char for char in set(printed) if char != "\n" and char != visible(char)] == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_markdown(text: str) -> None:
    inert_in_markdown(text)


@settings(deadline=None)
@given(MIXED)
def test_any_text_in_markdown(text: str) -> None:
    inert_in_markdown(text)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_and_json(text: str) -> None:
    plan = plan_of(text)
    inert_in_a_log(text_of(render_plan(plan)))
    inert_in_a_log(text_of(render_report(plan, outcomes_of(plan, text))))
    inert_in_a_log(dumped(plan_document(plan)))
    problem = Problem(text, 1, 1, text, text)
    inert_in_a_log(dumped(error_document(ManifestError((problem,)))))


@settings(deadline=None)
@given(MIXED)
def test_any_text_in_text_and_json(text: str) -> None:
    plan = plan_of(text)
    inert_in_a_log(text_of(render_plan(plan)))
    inert_in_a_log(text_of(render_report(plan, outcomes_of(plan, text))))
    inert_in_a_log(dumped(plan_document(plan)))


@pytest.mark.parametrize(
    "text", [t for t in HOSTILE.values() if t.strip() and "`" * 17 not in t and len(t) < 1000]
)
def test_what_is_inert_is_still_shown(text: str) -> None:
    shown = " ".join("".join(page(render_markdown(plan_of(text))).text).split())
    assert " ".join(visible(text)[:50].split()) in shown


@settings(deadline=None)
@given(MIXED, MIXED)
def test_the_marker_holds_any_text(catalog: str, target: str) -> None:
    plan = Plan(catalog=catalog, target=target, project="")
    first, *_ = render_markdown(plan).split("\n", 1)
    start, _, data = first.partition("{")
    assert start == "<!-- catalog-sync "
    assert data.endswith("} -->")
    assert not set("<>") & set(data[: -len("-->")])
    assert "--" not in data[: -len("-->")]
    found = json.loads("{" + data.removesuffix(" -->"))
    assert found == {
        "kind": "plan",
        "changes": 0,
        "catalog": catalog[:100],
        "target": target[:100],
        "project": "",
        "digest": plan.digest,
    }
