"""What somebody writes while an apply runs is there afterwards, or its model is in conflict."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogsync.model import Catalog
from catalogsync.outcome import Outcome, Status
from tests.engine.catalogs import FILES, HandEdit, catalogs, hand_edits
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import run
from tests.engine.test_convergence import edit_by_hand

Held = dict[tuple[str, str], Any]
open_file = files_of(FILES)


def held(server: FakeServer) -> Held:
    """What the models have, by id and field; a tag is there or not for itself."""
    found: Held = {}
    for model in server.models.values():
        found[model.id, "shortDescription"] = model.short_description
        found[model.id, "examples"] = model.examples
        found[model.id, "thumbnail"] = model.thumbnail
        found[model.id, "description"] = server.descriptions.get(model.id, "")
        found |= {(model.id, f"tag {tag}"): True for tag in model.tags}
    return found


def in_conflict(outcomes: list[Outcome], ids: dict[str, str]) -> set[str]:
    """The ids of the models that a report says somebody changed."""
    conflicts = (o.action for o in outcomes if o.status is Status.CONFLICT)
    return {ids[key] for each in conflicts if (key := getattr(each, "model", "")) in ids}


def keys_to_ids(server: FakeServer) -> dict[str, str]:
    return {
        tag.partition("/")[2]: model.id
        for model in server.models.values()
        for tag in model.tags
        if tag.startswith("catalog-sync:")
    }


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    before=catalogs(),
    after=catalogs(),
    edits=st.lists(hand_edits, min_size=1, max_size=4),
    at=st.integers(0, 12),
    loses_answers=st.booleans(),
)
def test_what_somebody_writes_while_an_apply_runs_stays_or_is_told(
    before: Catalog, after: Catalog, edits: list[HandEdit], at: int, loses_answers: bool
) -> None:
    server = FakeServer()
    run(server, before, open_file)
    ids = keys_to_ids(server)
    theirs: Held = {}
    writes = 0

    def people() -> None:
        there = held(server)
        edit_by_hand(server, edits)
        now = held(server)
        changed = {place for place in there | now if there.get(place) != now.get(place)}
        theirs.update({place: now.get(place) for place in changed if place[0] in ids.values()})

    def count(name: str) -> None:
        nonlocal writes
        writes += 1
        if writes == at:
            people()

    server.after_write, server.loses_answers = count, loses_answers
    between = people if at == 0 else lambda: None
    outcomes = run(server, after, open_file, prune=True, jobs=1, between=between)
    left = held(server)
    lost = {place[0] for place, value in theirs.items() if left.get(place) != value}
    assert lost <= in_conflict(outcomes, ids)
