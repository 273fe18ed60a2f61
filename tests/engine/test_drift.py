"""What drift says: edits on the server, read from Git to the server, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogsync.assumed import as_applied
from catalogsync.diff import Change, Placed, Verb, diff
from catalogsync.drift import Drift, drift_of
from catalogsync.model import Catalog, Ignored, Mention, ModelRef, ModelSpec, State, Text
from catalogsync.observe import observe
from catalogsync.plan import Base
from catalogsync.review.drift_markdown import render_drift_markdown
from catalogsync.review.drift_text import drift_summary, render_drift
from tests.engine.catalogs import CONTENTS
from tests.engine.conftest import image
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import run

INK = ModelSpec(
    key="ink",
    name="Ink",
    type="flux.1-lora",
    short_description="by Git",
    tags=frozenset({"a", "b"}),
    description=Text(("one\ntwo\nthree\nfour\nfive\nsix\n",)),
    examples=(image(0), image(1)),
)
OAK = ModelSpec(key="oak", name="Oak", type="flux.1-lora", short_description="oak")
BASE = Catalog(name="acme", models=(INK, OAK))
TODAY = date(2026, 11, 21)
open_file = files_of(CONTENTS)


@pytest.fixture
def server() -> FakeServer:
    """A server to which `BASE` was applied."""
    server = FakeServer()
    run(server, BASE, open_file)
    return server


def id_of(server: FakeServer, name: str) -> str:
    return next(model.id for model in server.models.values() if model.name == name)


def edit(server: FakeServer, name: str, **fields: object) -> None:
    """An edit in the web page."""
    model = id_of(server, name)
    server.models[model] = replace(server.models[model], **fields)  # type: ignore[arg-type]


def drift(
    server: FakeServer,
    desired: Catalog = BASE,
    base: Catalog | None = BASE,
    today: date = TODAY,
    keys: frozenset[str] | None = None,
) -> Drift:
    snapshot = observe(server, desired, keys=keys, jobs=2)
    found = diff(desired, snapshot, keys=keys, base=base, today=today)
    return drift_of(
        found, catalog="acme", target="", project="", base=Base("c0ffee") if base else None
    )


def wanting(spec: ModelSpec, **fields: object) -> Catalog:
    """`BASE` with one manifest changed."""
    changed = replace(spec, **fields)  # type: ignore[arg-type]
    return replace(BASE, models=tuple(changed if s is spec else s for s in BASE.models))


def test_what_nobody_edited_is_no_drift(server: FakeServer) -> None:
    found = drift(server)
    assert not found.found
    assert drift_summary(found) == "No drift. 2 models as in Git."


def test_a_change_of_git_is_no_drift(server: FakeServer) -> None:
    found = drift(server, wanting(INK, short_description="newer"))
    assert (found.found, found.pending) == (False, 1)


def test_an_edit_is_read_from_git_to_the_server(server: FakeServer) -> None:
    edit(server, "Ink", short_description="by hand")
    (edited,) = drift(server).edited
    (change,) = edited.model.changes
    assert (edited.model.verb, edited.conflicts) == (Verb.UPDATE, ())
    assert (change.before, change.after) == ("by Git", "by hand")


def test_beside_a_change_of_git_only_the_edit_is_told(server: FakeServer) -> None:
    edit(server, "Ink", short_description="by hand")
    found = drift(server, wanting(INK, tags=frozenset({"a", "c"})))
    (edited,) = found.edited
    assert [change.path for change in edited.model.changes] == [("shortDescription",)]
    assert edited.model.before is not None
    assert edited.model.after is not None
    assert edited.model.before.tags == edited.model.after.tags == ("a", "b")
    assert found.pending == 1


def test_what_git_added_to_a_list_was_not_removed_on_the_server(server: FakeServer) -> None:
    model = server.models[id_of(server, "Ink")]
    edit(server, "Ink", examples=model.examples[::-1], tags=frozenset({*model.tags, "by hand"}))
    alone = drift(server)
    desired = wanting(
        INK, examples=(image(2), *(INK.examples or ())), tags=frozenset({"a", "b", "c"})
    )
    beside = drift(server, desired)
    (edited,) = beside.edited
    before, after = edited.model.before, edited.model.after
    assert before
    assert after
    assert (before.tags, after.tags) == (("a", "b"), ("a", "b", "by hand"))
    digests = [[ref.digest for ref in side.examples] for side in (before, after)]
    assert digests[0] == digests[1][::-1]
    assert beside.pending == 1
    assert beside.fingerprint == alone.fingerprint


lists = st.lists(st.integers(0, 5), max_size=6)


@settings(max_examples=200, deadline=None)
@given(base=lists, edited=lists, wanted=lists)
def test_of_examples_only_what_people_did_is_told(
    base: list[int], edited: list[int], wanted: list[int]
) -> None:
    was, held, due = (
        replace(BASE, models=(replace(INK, examples=tuple(map(image, side))),))
        for side in (base, edited, wanted)
    )
    found = diff(due, as_applied(held, due), base=was, today=TODAY)
    told = drift_of(found, catalog="acme", target="", project="", base=Base("c0ffee"))
    before, there, after = map(occurrences, (base, edited, wanted))
    for edited_model in told.edited:
        left = edited_model.model.before
        assert left
        shown = [int(ref.name.partition(".")[0]) for ref in left.examples]
        assert occurrences(shown) == (there & after) | ((there ^ after) & before)


BESIDE_AN_APPLY = {
    "each removed another one": ((1, 2), (0, 1), {0: (1, None)}),
    "removed by hand what Git keeps alone": ((0, 1), (2,), {2: (3, None)}),
    "removed by hand, another exchanged by Git": ((0, 1), (2, 4), {2: (3, None)}),
    "moved by hand, another removed by Git": ((1, 0, 2), (0, 1), {0: (1, 2)}),
    "moved by hand, another exchanged by Git": ((1, 0, 2), (0, 1, 4), {0: (1, 2)}),
    "added by hand, another removed by Git": ((3, 0, 1, 2), (0, 1), {3: (None, 1)}),
}
"""The examples on the server and in Git, of 0, 1 and 2, and the places of what was edited."""


@pytest.mark.parametrize("how", BESIDE_AN_APPLY)
def test_beside_examples_that_wait_for_an_apply_only_the_edited_ones_are_told(how: str) -> None:
    edited, wanted, says = BESIDE_AN_APPLY[how]
    was, held, due = (
        replace(BASE, models=(replace(INK, examples=tuple(map(image, side))),))
        for side in ((0, 1, 2), edited, wanted)
    )
    found = diff(due, as_applied(held, due), base=was, today=TODAY)
    (edit,) = drift_of(found, catalog="acme", target="", project="", base=Base("c0ffee")).edited
    assert edit.model.before
    assert edit.model.after
    shown = ([ref.name for ref in side.examples] for side in (edit.model.before, edit.model.after))
    assert list(shown) == [[f"{at}.webp" for at in side] for side in ((0, 1, 2), edited)]
    assert {number_of(change): places(change) for change in edit.model.changes} == says


def number_of(change: Change) -> int:
    (number,) = (at for at in range(8) if image(at).digest in change.path[1])
    return number


def places(change: Change) -> tuple[int | None, int | None]:
    before, after = (
        side.position if isinstance(side, Placed) else None
        for side in (change.before, change.after)
    )
    return before, after


def test_examples_that_no_manifest_manages_were_not_edited(server: FakeServer) -> None:
    edit(server, "Oak", short_description="by hand", examples=(server.add_asset(b"x"),))
    (edited,) = drift(server).edited
    assert [change.path for change in edited.model.changes] == [("shortDescription",)]
    assert edited.model.before
    assert edited.model.after
    assert len(edited.model.before.examples) == len(edited.model.after.examples) == 1


def occurrences(numbers: list[int]) -> set[tuple[int, int]]:
    return {(number, numbers[:at].count(number)) for at, number in enumerate(numbers)}


def test_what_both_changed_is_a_conflict_by_name(server: FakeServer) -> None:
    edit(server, "Ink", short_description="by hand")
    found = drift(server, wanting(INK, short_description="newer"))
    assert [edited.conflicts for edited in found.edited] == [("shortDescription",)]
    assert found.conflicts == 1


def test_a_conflict_is_told_in_the_row_of_its_model(server: FakeServer) -> None:
    edit(server, "Ink", short_description="by hand")
    edit(server, "Oak", short_description="by hand")
    told = render_drift_markdown(drift(server, wanting(INK, short_description="newer")))
    rows = [line for line in told.splitlines() if line.startswith("| `~` edited")]
    assert [("⚠️ conflict" in row, "shortDescription" in row) for row in rows] == [
        (True, True),
        (False, True),
    ]


def test_what_both_changed_alike_is_settled(server: FakeServer) -> None:
    edit(server, "Ink", short_description="newer")
    assert not drift(server, wanting(INK, short_description="newer")).found


def test_of_a_text_only_the_edited_lines_are_told(server: FakeServer) -> None:
    server.descriptions[id_of(server, "Ink")] = "one\ntwo\nthree\nfour\nfive\nSIX by hand\n"
    desired = wanting(INK, description=Text(("ONE\ntwo\nthree\nfour\nfive\nsix\n",)))
    (edited,) = drift(server, desired).edited
    (change,) = edited.model.changes
    assert str(change.before).splitlines() == ["one", "two", "three", "four", "five", "six"]
    assert str(change.after).splitlines()[-1] == "SIX by hand"


def test_a_moved_example_is_told_from_where_git_has_it(server: FakeServer) -> None:
    model = server.models[id_of(server, "Ink")]
    edit(server, "Ink", examples=model.examples[::-1])
    (edited,) = drift(server).edited
    places = [(change.before, change.after) for change in edited.model.changes]
    assert all(isinstance(a, Placed) and isinstance(b, Placed) for a, b in places)


def test_a_deleted_model_is_gone(server: FakeServer) -> None:
    del server.models[id_of(server, "Oak")]
    found = drift(server)
    assert [(e.model.key, e.model.verb) for e in found.edited] == [("oak", Verb.DELETE)]
    assert drift_summary(found) == "Drift: 0 edited on the server, 1 gone, 0 in conflict with Git."
    assert "`oak` Oak | the project has no model of it |" in render_drift_markdown(found)


def pinned(server: FakeServer) -> Catalog:
    """`BASE` as a pull would write it: every manifest says which model it is."""
    return replace(BASE, models=tuple(replace(s, id=id_of(server, s.name)) for s in BASE.models))


def test_a_deleted_model_is_gone_where_its_manifest_pins_it(server: FakeServer) -> None:
    catalog = pinned(server)
    oak = id_of(server, "Oak")
    del server.models[oak]
    found = drift(server, catalog, catalog)
    gone = [(e.model.key, e.model.verb, e.model.model_id) for e in found.edited]
    assert (gone, found.refusals) == ([("oak", Verb.DELETE, oak)], ())
    assert drift(server, catalog, None).found
    assert drift(server, catalog, catalog, keys=frozenset({"oak"})).edited == found.edited
    assert not drift(server, catalog, catalog, keys=frozenset({"ink"})).found


def test_marks_that_no_apply_has_put_on_were_not_taken_off(server: FakeServer) -> None:
    catalog = pinned(server)
    edit(server, "Ink", tags=frozenset({"a", "b"}))
    assert [e.model.key for e in drift(server, catalog, catalog).edited] == ["ink"]
    edit(server, "Oak", tags=frozenset())
    found = drift(server, catalog, catalog)
    assert (found.found, found.pending) == (False, 2)
    edit(server, "Ink", short_description="by hand")
    (edited,) = drift(server, catalog, catalog).edited
    assert [change.field for change in edited.model.changes] == ["shortDescription"]


def test_a_pin_that_git_changed_to_no_model_cannot_be_told(server: FakeServer) -> None:
    catalog = pinned(server)
    ink, oak = catalog.models
    wrong = replace(catalog, models=(ink, replace(oak, id="model_mistyped")))
    found = drift(server, wrong, catalog)
    assert (found.found, [refusal.code for refusal in found.refusals]) == (False, ["missing-id"])


def test_in_a_project_with_none_of_ours_nothing_is_gone(server: FakeServer) -> None:
    catalog = pinned(server)
    server.models.clear()
    found = drift(server, catalog, catalog)
    assert (found.found, len(found.refusals)) == (False, 2)


def test_a_link_to_a_model_that_is_gone_is_no_edit(server: FakeServer) -> None:
    catalog = pinned(server)
    ink, oak = catalog.models
    link = Mention("{model:oak}", ModelRef(key="oak"))
    linking = replace(catalog, models=(replace(ink, description=Text(("see ", link))), oak))
    edit(server, "Ink", description=f"see {{model:{oak.id}}}")
    assert not drift(server, linking, linking).found
    del server.models[oak.id]
    assert [e.model.key for e in drift(server, linking, linking).edited] == ["oak"]


def test_what_can_be_done_is_said_of_what_happened(server: FakeServer) -> None:
    del server.models[id_of(server, "Oak")]
    gone = [line.text for line in render_drift(drift(server))]
    edit(server, "Ink", short_description="by hand")
    both = [line.text for line in render_drift(drift(server))]
    to_apply = "To put it back: catalog-sync apply"
    assert (to_apply in gone, to_apply in both) == (False, True)
    way_back = "What is gone: an apply restores it"
    assert all(any(t.startswith(way_back) for t in told) for told in (gone, both))


def test_without_a_base_all_that_differs_counts(server: FakeServer) -> None:
    found = drift(server, wanting(INK, short_description="newer"), base=None)
    assert [edited.model.key for edited in found.edited] == ["ink"]
    assert "No commit is known" in [line.text for line in render_drift(found)][1]


def accepting(until: date) -> Catalog:
    entry = Ignored(field="shortDescription", reason="a test", until=until)
    return wanting(INK, ignored=(entry,))


def test_accepted_drift_is_told_apart_until_its_day_has_passed(server: FakeServer) -> None:
    edit(server, "Ink", short_description="by hand")
    accepted = drift(server, accepting(TODAY))
    assert (accepted.found, len(accepted.accepted)) == (False, 1)
    assert drift_summary(accepted).endswith(", 1 with accepted differences.")
    assert drift(server, accepting(date(2026, 11, 20))).found


def copied(server: FakeServer) -> None:
    model = server.models[id_of(server, "Ink")]
    server.models["copy"] = replace(model, id="copy")


def test_what_cannot_be_compared_is_not_clean(server: FakeServer) -> None:
    copied(server)
    found = drift(server)
    assert not found.found
    assert [refusal.model for refusal in found.refusals] == ["ink"]
    assert drift_summary(found) == "Could not tell: 1 model could not be compared."


def put_back(server: FakeServer) -> None:
    edit(server, "Ink", short_description="by Git")


def touched(server: FakeServer) -> None:
    edit(server, "Ink", updated_at="2031-01-01T00:00:00Z")


def edited_further(server: FakeServer) -> None:
    edit(server, "Ink", short_description="by hand, again")


def gone_too(server: FakeServer) -> None:
    del server.models[id_of(server, "Oak")]


@pytest.mark.parametrize(
    ("then", "same"),
    [
        (touched, True),
        (put_back, False),
        (edited_further, False),
        (gone_too, False),
        (copied, False),
    ],
)
def test_the_fingerprint_follows_what_differs_and_nothing_else(
    server: FakeServer, then: Callable[[FakeServer], None], same: bool
) -> None:
    edit(server, "Ink", short_description="by hand")
    before = drift(server).fingerprint
    assert drift(server).fingerprint == before
    then(server)
    assert (drift(server).fingerprint == before) is same


def test_a_model_that_git_deleted_and_somebody_brought_back(server: FakeServer) -> None:
    gone = wanting(OAK, state=State.ABSENT)
    found = drift(server, gone, base=gone)
    assert [(e.model.key, e.model.verb) for e in found.edited] == [("oak", Verb.CREATE)]
