"""What holds of three sides, whatever they are."""

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from catalogsync.assumed import as_applied
from catalogsync.diff import diff
from catalogsync.diff.lists import list_differences
from catalogsync.diff.merge import regions
from catalogsync.diff.order import movers
from catalogsync.model import AssetRef, Catalog
from catalogsync.plan import build_plan
from tests.engine.catalogs import catalogs
from tests.engine.run import EVERYTHING
from tests.engine.sides import (
    NUMBER,
    Case,
    compared,
    pictures,
    told,
)

thorough = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@thorough
@given(base=catalogs(), wanted=catalogs())
def test_on_a_server_that_nobody_edited_everything_is_pending(
    base: Catalog, wanted: Catalog
) -> None:
    found = diff(wanted, as_applied(base, wanted), base=base, prune=True)
    assert {model.came for model in found.models} <= {"pending"}
    assert {change.came for model in found.models for change in model.changes} <= {"pending"}


@thorough
@given(edited=catalogs(), wanted=catalogs())
def test_where_the_manifests_are_as_base_nothing_is_pending(
    edited: Catalog, wanted: Catalog
) -> None:
    found = diff(wanted, as_applied(edited, wanted), base=wanted, prune=True)
    assert {model.came for model in found.models} <= {"drift"}


@thorough
@given(base=catalogs(), edited=catalogs(), wanted=catalogs())
def test_a_base_changes_no_plan(base: Catalog, edited: Catalog, wanted: Catalog) -> None:
    snapshot = as_applied(edited, wanted)
    plain, told_apart = (
        build_plan(wanted, diff(wanted, snapshot, base=side), allow=EVERYTHING)
        for side in (None, base)
    )
    assert told_apart == plain
    assert told_apart.digest == plain.digest


@thorough
@given(base=catalogs(), edited=catalogs(), wanted=catalogs())
def test_a_plan_of_only_mine_undoes_nothing(
    base: Catalog, edited: Catalog, wanted: Catalog
) -> None:
    snapshot = as_applied(edited, wanted)
    found = diff(wanted, snapshot, base=base, only_mine=True, prune=True)
    plan = build_plan(wanted, found, allow=EVERYTHING)
    assert {model.came for model in plan.models} <= {"pending"}
    assert plan.would_undo == 0


@thorough
@given(base=catalogs(), wanted=catalogs())
def test_where_nobody_edited_only_mine_is_everything(base: Catalog, wanted: Catalog) -> None:
    snapshot = as_applied(base, wanted)
    mine, everything = (
        build_plan(wanted, diff(wanted, snapshot, base=base, only_mine=only), allow=EVERYTHING)
        for only in (True, False)
    )
    assert mine.digest == everything.digest


@thorough
@given(edited=catalogs(), wanted=catalogs())
def test_where_nothing_is_mine_nothing_is_planned(edited: Catalog, wanted: Catalog) -> None:
    found = diff(wanted, as_applied(edited, wanted), base=wanted, only_mine=True, prune=True)
    assert found.models == ()


def _some_of(numbers: list[int]) -> st.SearchStrategy[list[int]]:
    gone = st.sets(st.sampled_from(numbers))
    return gone.map(lambda out: [number for number in numbers if number not in out])


lists = st.lists(st.integers(0, 5), max_size=6)
permuted = st.permutations(range(6)).flatmap(_some_of)
some = lists | permuted


def occurrences(numbers: list[int]) -> set[tuple[int, int]]:
    return {(number, numbers[:at].count(number)) for at, number in enumerate(numbers)}


@settings(max_examples=400, deadline=None)
@given(base=some, edited=some, wanted=some)
def test_lists_of_examples_are_merged_by_element(
    base: list[int], edited: list[int], wanted: list[int]
) -> None:
    was, held, want = ({"examples": pictures(*side)} for side in (base, edited, wanted))
    case = Case("examples", "any", was, held, want, {})
    everything, found = compared(case), compared(case, only_mine=True)
    assert "None" not in told(everything.models).values()
    assert set(told(found.models).values()) <= {"pending"} or found.refusals
    if found.refusals or not found.models:
        return
    (model,) = found.models
    assert model.spec
    assert model.spec.examples is not None
    merged = [
        int(NUMBER[f"sha256={ref.digest}" if ref.sha256 else f"sha256={ref.id[4:]}"])
        for ref in model.spec.examples
    ]
    before, there, due = map(occurrences, (base, edited, wanted))
    assert occurrences(merged) == (there | (due - before)) - (before - due)


lines = st.lists(st.sampled_from("abcde"), max_size=7)


@settings(max_examples=400, deadline=None)
@given(base=lines, edited=lines, wanted=lines)
def test_texts_are_merged_by_line(base: list[str], edited: list[str], wanted: list[str]) -> None:
    found = list(regions(base, edited, wanted))
    took: list[str] = []
    at = 0
    for region in found:
        was_held, is_wanted = (
            side[slice(*span)] for side, span in ((edited, region.live), (wanted, region.desired))
        )
        assert was_held != is_wanted
        took += [*edited[at : region.live[0]], *is_wanted]
        at = region.live[1]
    assert [*took, *edited[at:]] == wanted
    whose = {region.came for region in found}
    assert edited != base or whose <= {"pending"}
    assert wanted != base or whose <= {"drift"}


@settings(max_examples=400, deadline=None)
@given(base=some, desired=st.permutations(range(6)), order=st.permutations(range(6)))
@example(base=[0, 4, 3, 1, 2], desired=[4, 3, 2, 1, 0, 5], order=[4, 3, 1, 2, 0, 5])
def test_who_moved_what_depends_on_no_order_in_which_it_is_asked(
    base: list[int], desired: list[int], order: list[int]
) -> None:
    was, live, due = (
        {str(name): at for at, name in enumerate(side)} for side in (base, range(6), desired)
    )
    held, wanted = ([(name, AssetRef(id=name)) for name in side] for side in (live, due))
    moved = [name for name, _, _ in list_differences(held, wanted)]
    found = movers(was, live, due, moved)
    assert movers(was, live, due, sorted(moved, key=lambda name: order[int(name)])) == found
    turned = {"pending": "drift", "drift": "pending", "conflict": "conflict"}
    mirrored = movers(was, due, live, moved)
    assert mirrored == {name: turned[came] for name, came in found.items()}
