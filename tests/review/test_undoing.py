"""What every reading says of edits on the server, of those left alone and of those accepted."""

from dataclasses import replace
from datetime import date

import pytest

from catalogsync.actions import EditTags
from catalogsync.diff import Came, Change, Verb, diff
from catalogsync.marks import owner_tag
from catalogsync.model import Catalog, Ignored, Text
from catalogsync.observe import observe
from catalogsync.outcome import Outcome, Status
from catalogsync.plan import Base, ModelPlan, Plan, build_plan
from catalogsync.review.document import plan_document
from catalogsync.review.html import render_html
from catalogsync.review.markdown import render_markdown
from catalogsync.review.markdown_report import render_report_markdown
from catalogsync.review.report import render_report
from catalogsync.review.saved import SavedPlan, opened, saved_document, sealed
from catalogsync.review.text import render_plan
from tests.engine.fake import FakeServer
from tests.review.test_text import everything, golden, spec, text_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def told_apart(*, only_mine: bool = False) -> Plan:
    """The plan for everything, with a base that explains some of it."""
    server, catalog = everything()
    held = {spec.key: spec for spec in catalog.models}
    base = (
        replace(held["edited"], short_description="Once", description=_once()),
        replace(held["both"], concepts=None),
        spec("gone"),
        spec("same", short_description="Agreed"),
        spec("fresh"),
    )
    lenient = Ignored("shortDescription", "They | try *words*", date(2027, 1, 31), "Ida")
    models = [
        replace(each, short_description="Agreed", ignored=(lenient,))
        if each.key == "same"
        else each
        for each in catalog.models
    ]
    wanted = replace(catalog, models=tuple(models))
    found = diff(
        wanted,
        observe(server, wanted, jobs=2),
        base=Catalog("acme", base),
        only_mine=only_mine,
        today=date(2027, 1, 1),
    )
    plan = build_plan(wanted, found, base=Base(COMMIT, "where this left main"))
    return replace(plan, target="staging", project="proj_1")


def _once() -> Text:
    return Text(("# Title\n\nOne\nTwo\nThree\n\nFour",))


@pytest.mark.parametrize("only_mine", [False, True], ids=["all", "mine"])
def test_every_reading_word_for_word(only_mine: bool) -> None:
    plan = told_apart(only_mine=only_mine)
    name = "mine" if only_mine else "undoing"
    golden(f"{name}.txt", text_of(render_plan(plan)))
    golden(f"{name}.md", render_markdown(plan))
    golden(f"{name}.html", render_html(plan, {}))


def test_the_document_keeps_where_changes_come_from() -> None:
    plan = told_apart()
    read = opened(sealed(saved_document(SavedPlan(plan))).encode(), "p.json").plan
    assert text_of(render_plan(read)) == text_of(render_plan(plan))
    assert plan_document(read) == plan_document(plan)


def one(*came: Came, verb: Verb = Verb.UPDATE, whole: Came = Came.DRIFT) -> Plan:
    """A plan for one model with a tag for every change."""
    tags = [f"t{at}" for at in range(len(came))]
    changes = tuple(
        Change("a", ("tags", t), None, t, came=c) for t, c in zip(tags, came, strict=True)
    )
    model = ModelPlan("a", "A", verb, "m", changes, (EditTags("a", tuple(tags), ()),), came=whole)
    return Plan("c", "", "", models=(model,), base=Base(COMMIT))


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (one(Came.PENDING, whole=Came.PENDING), []),
        (one(Came.PENDING, Came.DRIFT), ["tags would undo an edit on the server (t1)"]),
        (
            one(Came.CONFLICT, whole=Came.CONFLICT),
            ["tags would undo an edit on the server (t0); the manifest has changed it too"],
        ),
        (
            one(*[Came.DRIFT] * 10),
            ["tags would undo 10 edits on the server (t0, t1, t2, t3, t4, t5, t6, t7, 2 more)"],
        ),
        (
            one(Came.DRIFT, verb=Verb.CREATE),
            [
                "would bring back a model that was deleted on the server, "
                "unless base was never applied"
            ],
        ),
        (
            one(verb=Verb.DELETE, whole=Came.CONFLICT),
            ["would delete a model that was edited on the server"],
        ),
        (one(verb=Verb.DELETE), ["would delete a model that base has no manifest of either"]),
        (one(verb=Verb.FORGET), ["would take off a mark that was put on on the server"]),
    ],
)
def test_what_a_plan_says_of_edits(plan: Plan, said: list[str]) -> None:
    lines = [line.text for line in render_plan(plan)]
    assert [line[6:] for line in lines if line.startswith("    ⚠")] == said
    assert [line for line in lines if line.startswith("⚠")] == (
        [f"⚠ {_changes(plan)} would undo edits on the server, in 1 model."] if said else []
    )
    assert lines[-1].startswith("Plan: ")


def _changes(plan: Plan) -> str:
    return "1 change" if plan.would_undo == 1 else f"{plan.would_undo} changes"


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (one(Came.DRIFT), "tags may undo an edit on the server (t0)"),
        (
            one(verb=Verb.DELETE, whole=Came.CONFLICT),
            "would delete a model that was edited on the server, unless base was never applied",
        ),
        (
            one(verb=Verb.FORGET),
            "would take off a mark that was put on on the server, unless base was never applied",
        ),
        (
            one(Came.DRIFT, verb=Verb.CREATE),
            "would bring back a model that was deleted on the server, "
            "unless base was never applied",
        ),
        (one(verb=Verb.RESTORE), "would bring back a model that was deleted on the server"),
    ],
)
def test_by_a_base_that_was_guessed_it_is_what_may_be(plan: Plan, said: str) -> None:
    guessed = replace(plan, base=Base(COMMIT, guessed=True))
    text = text_of(render_plan(guessed))
    assert f"    ⚠ {said}\n" in text
    assert f"⚠ {_changes(plan)} may undo edits on the server, in 1 model.\n" in text
    assert f"HEAD, commit {COMMIT[:12]}" in text


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.DONE, "2 edits on the server undone, as the plan said."),
        (Status.FAILED, "up to 2 more edits undone, as the plan said."),
    ],
)
def test_a_report_says_what_was_undone(status: Status, said: str) -> None:
    plan = one(Came.DRIFT, Came.CONFLICT, whole=Came.CONFLICT)
    outcomes = [Outcome(action, status) for action in plan.actions]
    assert f"⚠ {said}\n" in text_of(render_report(plan, outcomes))
    assert f"⚠\ufe0f {said}\n" in render_report_markdown(plan, outcomes)


def test_a_base_that_is_missing_is_told_with_the_reason() -> None:
    plan = Plan("c", "", "", base=Base("", "the clone is shallow; fetch it"))
    told = "Edits on the server are not told apart: the clone is shallow; fetch it"
    assert told in text_of(render_plan(plan))
    assert told in render_markdown(plan)
    assert told in render_html(plan, {})
    counts = plan_document(plan)["counts"]
    assert isinstance(counts, dict)
    assert "would_undo" not in counts


def test_a_mark_on_a_model_that_nobody_wants_is_told() -> None:
    server = FakeServer()
    server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")}))
    wanted = Catalog("acme")
    found = diff(wanted, observe(server, wanted, jobs=2), base=wanted, prune=True)
    assert "base has no manifest of either" in text_of(render_plan(build_plan(wanted, found)))
