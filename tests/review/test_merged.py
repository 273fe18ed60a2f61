"""The plans of all shards as one: what is refused to be put together."""

from dataclasses import replace

import pytest

from catalogsync.errors import BadPlan
from catalogsync.model import Catalog
from catalogsync.plan import Base, Plan
from catalogsync.review.merged import merged
from catalogsync.review.saved import SavedPlan, Scope, opened, saved_document, sealed
from catalogsync.shard import Shard
from catalogsync.training_due import TrainingDue, Why
from tests.engine.fake import FakeServer
from tests.engine.run import plan
from tests.engine.test_shard import many

CATALOG = Catalog(name="acme", models=tuple(many(9)))


def part(number: int, of: int = 3, **changes: object) -> SavedPlan:
    """The saved plan of a shard, with another plan or another way of planning."""
    shard = Shard(number, of)
    plan_fields = {name: changes.pop(name) for name in list(changes) if hasattr(Plan, name)}
    made = replace(plan(FakeServer(), CATALOG, shard=shard), **plan_fields)  # type: ignore[arg-type]
    scope = Scope(shard=shard, prune=bool(changes.pop("prune", False)))
    return SavedPlan(made, scope=scope, **changes)  # type: ignore[arg-type]


def test_what_is_due_for_training_is_due_in_the_whole() -> None:
    one, other = (TrainingDue(key, key, "", Why.NEW, 2) for key in ("a", "b"))
    parts = [part(1, training=(other,)), part(2), part(3, training=(one,))]
    assert merged({str(at): each for at, each in enumerate(parts)}).plan.training == (one, other)


def test_one_plan_stays_what_it_is() -> None:
    assert merged({"a.json": part(2)}) == part(2)


def test_the_earliest_reading_counts_and_the_scope_is_the_whole() -> None:
    times = ("2026-01-01T00:00:02Z", "2026-01-01T00:00:01Z", "2026-01-01T00:00:03Z")
    parts = {at: part(number, read_at=at, prune=True) for number, at in enumerate(times, 1)}
    found = merged(parts)
    assert (found.read_at, found.scope) == (times[1], Scope(prune=True))
    assert opened(sealed(saved_document(found)).encode(), "all.json") == found


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (part(2, catalog="other"), "catalog"),
        (part(2, target="staging"), "target"),
        (part(2, project="proj_2"), "project"),
        (part(2, against="git:abc"), "state"),
        (part(2, base=Base("abc")), "base"),
        (part(2, tool_version="9"), "version of catalog-sync"),
        (part(2, prune=True), "scope"),
        (part(2, of=4), "number of shards"),
        (part(2, catalog="other", target="x"), "catalog and another target"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_plans_of_different_things_are_no_plan_together(other: SavedPlan, what: str) -> None:
    with pytest.raises(BadPlan) as refused:
        merged({"1.json": part(1), "2.json": other, "3.json": part(3)})
    assert refused.value.message == f"2.json is of another {what} than 1.json"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([part(1), part(3)], "1 shard missing: 2/3"),
        ([part(2, of=4), part(4, of=4)], "2 shards missing: 1/4, 3/4"),
        ([part(1), part(2), part(1)], "1.json and 3.json are both shard 1/3"),
    ],
)
def test_an_incomplete_set_of_shards_is_refused(parts: list[SavedPlan], message: str) -> None:
    with pytest.raises(BadPlan) as refused:
        merged({f"{at}.json": each for at, each in enumerate(parts, 1)})
    assert refused.value.message == message


def test_the_plan_of_a_whole_has_no_other_beside_it() -> None:
    whole = SavedPlan(plan(FakeServer(), CATALOG))
    with pytest.raises(BadPlan, match=r"a\.json is the plan of a whole, not of a shard"):
        merged({"a.json": whole, "b.json": whole})


def test_many_missing_shards_are_not_all_named() -> None:
    with pytest.raises(BadPlan, match=r"^98 shards missing: 2/100, .* 11/100, \.\.\.$"):
        merged({"a": part(1, of=100), "b": part(99, of=100)})


@pytest.mark.parametrize("shard", [Shard(0, 2), Shard(3, 2), Shard(-1, -1), Shard(1, 10**9)])
def test_a_plan_of_a_shard_that_cannot_be_is_none(shard: Shard) -> None:
    bad = replace(part(1), scope=Scope(shard=shard))
    with pytest.raises(BadPlan, match=f"no shard {shard}"):
        opened(sealed(saved_document(bad)).encode(), "bad.json")
