"""What a manifest lets differ for a while: shown apart, and back when its last day is over."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from catalogsync.diff import diff
from catalogsync.model import Ignored, State
from catalogsync.plan import build_plan
from tests.engine.conftest import image
from tests.engine.sides import (
    Fields,
    catalog,
    marked,
    pictures,
    scaled,
    server,
    spec,
    text,
    told,
    words,
)

LAST_DAY = date(2027, 1, 31)
LENIENT = Ignored("tags", "the campaign runs", LAST_DAY, owner="Ida")


def test_an_accepted_difference_is_shown_apart_and_not_planned() -> None:
    wanted = catalog(spec({"tags": words("ink"), "ignored": (LENIENT,), "short_description": "S"}))
    held = catalog(spec({"tags": words("ink hand"), "short_description": "By hand."}))
    found = diff(wanted, server(held, wanted), base=wanted, today=LAST_DAY)
    assert told(found.models) == {"shortDescription": "drift"}
    (accepted,) = found.accepted
    assert (accepted.change.path, accepted.change.came) == (("tags", "hand"), "accepted")
    assert (accepted.reason, accepted.until, accepted.owner) == (
        "the campaign runs",
        "2027-01-31",
        "Ida",
    )
    built = build_plan(wanted, found)
    assert built.accepted == found.accepted
    (planned,) = built.models
    assert [type(action).__name__ for action in planned.actions] == ["UpdateModel"]
    assert planned.after
    assert planned.after.tags == ("hand", "ink")


def test_an_accepted_difference_is_shown_too_where_only_what_is_mine_is_made() -> None:
    wanted = catalog(spec({"tags": words("ink"), "ignored": (LENIENT,), "short_description": "S"}))
    held = catalog(spec({"tags": words("ink hand"), "short_description": "By hand."}))
    found = diff(wanted, server(held, wanted), base=wanted, today=LAST_DAY, only_mine=True)
    assert [each.change.path for each in found.accepted] == [("tags", "hand")]


def test_an_accepted_difference_comes_back_when_its_last_day_is_over() -> None:
    wanted = catalog(spec({"tags": words("ink"), "ignored": (LENIENT,)}))
    held = catalog(spec({"tags": words("ink hand")}))
    found = diff(wanted, server(held, wanted), base=wanted, today=date(2027, 2, 1))
    assert (told(found.models), found.accepted) == ({"tags.hand": "drift"}, ())


def test_of_two_that_accept_a_field_the_one_that_ends_last_counts() -> None:
    entries = (
        replace(LENIENT, until=date(2026, 1, 1)),
        LENIENT,
        replace(LENIENT, until=date(2025, 1, 1)),
    )
    wanted = catalog(spec({"tags": words("ink"), "ignored": entries}))
    held = catalog(spec({"tags": words("ink hand")}))
    found = diff(wanted, server(held, wanted), today=LAST_DAY)
    assert (found.models, found.unchanged, len(found.accepted)) == ((), 3, 1)


def test_beside_what_may_differ_another_name_is_an_edit() -> None:
    wanted = catalog(spec({"tags": words("ink"), "ignored": (LENIENT,)}))
    held = catalog(spec({"tags": words("ink hand"), "name": "By hand"}))
    found = diff(wanted, server(held, wanted), base=wanted, today=LAST_DAY)
    assert told(found.models) == {"name": "drift"}


def test_while_another_name_is_accepted_the_model_goes_by_it() -> None:
    entries = (replace(LENIENT, field="name"),)
    wanted = catalog(spec({"short_description": "Short.", "ignored": entries}))
    held = catalog(spec({"short_description": "", "name": "By hand"}))
    found = diff(wanted, server(held, wanted), base=wanted, today=LAST_DAY)
    (planned,) = build_plan(wanted, found).models
    assert planned.after
    assert (planned.name, planned.after.name) == ("By hand", "By hand")


def test_a_model_that_is_to_be_made_gets_what_may_differ_later() -> None:
    entries = (LENIENT, replace(LENIENT, field="name"))
    wanted = catalog(spec({"tags": words("ink"), "ignored": entries}))
    found = diff(wanted, server(catalog(), wanted), today=LAST_DAY)
    (model,) = found.models
    assert {change.field for change in model.changes} == {"owner", "name", "type", "tags"}
    assert found.accepted == ()


def test_of_a_model_that_an_apply_left_half_made_nothing_is_accepted() -> None:
    wanted = catalog(spec({"tags": words("ink"), "ignored": (LENIENT,)}))
    snapshot = marked(wanted, wanted, ink=frozenset())
    made = {key: replace(model, status="new") for key, model in snapshot.models.items()}
    found = diff(wanted, replace(snapshot, models=made), today=LAST_DAY)
    (model,) = found.models
    assert ({change.field for change in model.changes}, found.accepted) == ({"owner", "tags"}, ())


def test_of_a_model_that_is_deleted_nothing_is_accepted() -> None:
    held = catalog(spec({"tags": words("ink hand")}))
    gone = {"tags": words("ink"), "ignored": (LENIENT,), "state": State.ABSENT}
    wanted = catalog(spec(gone))
    found = diff(wanted, server(held, wanted), today=LAST_DAY)
    assert (told(found.models), found.accepted) == ({"delete": "None"}, ())


@pytest.mark.parametrize(
    ("field", "attribute", "edited"),
    [
        ("name", "name", "By hand"),
        ("shortDescription", "short_description", "By hand."),
        ("description", "description", text("By hand.")),
        ("promptGuide", "prompt_guide", text("By hand.")),
        ("thumbnail", "thumbnail", image(1)),
        ("examples", "examples", pictures(1, 0)),
        ("collections", "collections", words("Best")),
        ("classSlug", "class_slug", "art-style-ink"),
        ("concepts", "concepts", scaled(base=1.0)),
        ("epoch", "epoch", "000001"),
        ("promptEmbedding", "prompt_embedding", "by hand"),
        ("negativePromptEmbedding", "negative_prompt_embedding", "by hand"),
    ],
)
def test_every_field_that_may_be_ignored_is(field: str, attribute: str, edited: Any) -> None:
    full: Fields = {
        "name": "Ink",
        "short_description": "Short.",
        "description": text("Text."),
        "prompt_guide": text("Text."),
        "thumbnail": image(0),
        "examples": pictures(0, 1),
        "collections": words("Comics"),
        "class_slug": "art-style-comic",
        "concepts": scaled(base=0.5),
        "epoch": "",
        "prompt_embedding": "",
        "negative_prompt_embedding": "",
    }
    wanted = catalog(spec({**full, "ignored": (replace(LENIENT, field=field),)}))
    held = catalog(spec({**full, attribute: edited}))
    found = diff(wanted, server(held, wanted), today=LAST_DAY)
    assert found.models == ()
    assert {each.change.field for each in found.accepted} == {field}
