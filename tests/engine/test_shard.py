"""Shards: disjoint, together the whole, and apart only where nothing binds them."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogsync.diff import Verb
from catalogsync.model import (
    AssetOptions,
    AssetRef,
    Catalog,
    Concept,
    Limit,
    ModelRef,
    ModelSpec,
    Policy,
    State,
    Text,
)
from catalogsync.outcome import Status
from catalogsync.plan import Plan
from catalogsync.review.merged import merged
from catalogsync.review.saved import SavedPlan, Scope
from catalogsync.rules import NO_ALLOWANCES, Allowances
from catalogsync.shard import Shard
from tests.engine.catalogs import FILES, HandEdit, catalogs, hand_edits
from tests.engine.conftest import image
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import EVERYTHING, plan, run
from tests.engine.test_convergence import clear_up, edit_by_hand

open_file = files_of(FILES)
thorough = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
numbers = st.integers(1, 5)


def shards(of: int) -> list[Shard]:
    return [Shard(number, of) for number in range(1, of + 1)]


def spec(key: str, **fields: object) -> ModelSpec:
    return ModelSpec(key=key, name=key.title(), type="custom", **fields)  # type: ignore[arg-type]


def catalog_of(*specs: ModelSpec, **fields: object) -> Catalog:
    models = tuple(sorted(specs, key=lambda each: each.key))
    return Catalog(name="acme", models=models, **fields)  # type: ignore[arg-type]


def many(number: int, **fields: object) -> list[ModelSpec]:
    return [spec(f"model-{at}", **fields) for at in range(number)]


def plans(
    server: FakeServer,
    catalog: Catalog,
    of: int,
    *,
    prune: bool = False,
    allow: Allowances = EVERYTHING,
) -> list[Plan]:
    return [plan(server, catalog, prune=prune, shard=s, allow=allow) for s in shards(of)]


def together(parts: list[Plan]) -> Plan:
    """What `show` makes of the plans of all shards, given in any order."""
    named = {
        str(shard): SavedPlan(part, scope=Scope(shard=shard))
        for shard, part in zip(shards(len(parts)), parts, strict=True)
    }
    return merged(dict(sorted(named.items(), reverse=True))).plan


@thorough
@given(keys=st.lists(st.text(min_size=1, max_size=9), unique=True), of=numbers)
def test_every_key_is_in_one_shard(keys: list[str], of: int) -> None:
    catalog = catalog_of(*map(spec, keys))
    held = Counter(key for shard in shards(of) for key in shard.keys(catalog))
    assert held == Counter(keys)
    assert [key for shard in shards(of) for key in keys if shard.has(key)] == [
        key for shard in shards(of) for key in keys if key in shard.keys(catalog)
    ]


def test_a_key_stays_in_its_shard_whatever_else_there_is() -> None:
    assert [Shard(at, 4).has("ink-heroes") for at in (1, 2, 3, 4)] == [False, False, False, True]
    some, more = catalog_of(*many(50)), catalog_of(*many(90))
    for shard in shards(4):
        assert shard.keys(some) == shard.keys(more) & {each.key for each in some.models}


def test_keys_spread_over_the_shards() -> None:
    sizes = [len(shard.keys(catalog_of(*many(2000)))) for shard in shards(8)]
    assert sum(sizes) == 2000
    assert 200 <= min(sizes) <= max(sizes) <= 300


def test_models_that_refer_to_each_other_stay_together_unless_one_is_pinned() -> None:
    def chain(**first: object) -> Catalog:
        specs = [spec("model-0", **first)]
        for at in range(1, 30):
            part = Concept(ModelRef(key=f"model-{at - 1}" if at < 20 else "model-0"), 1.0)
            specs.append(spec(f"model-{at}", concepts=(part,)))
        return catalog_of(*specs)

    assert sorted(len(shard.keys(chain())) for shard in shards(3)) == [0, 0, 30]
    of_pinned = [shard.keys(chain(id="model_x")) for shard in shards(3)]
    assert sum(map(len, of_pinned)) == 30
    assert len([held for held in of_pinned if held]) > 1
    bound = {f"model-{at}" for at in range(1, 20)}
    assert any(bound <= held for held in of_pinned)


@thorough
@given(
    before=catalogs(),
    after=catalogs(),
    edits=st.lists(hand_edits, max_size=4),
    of=numbers,
    prune=st.booleans(),
)
def test_the_plans_of_all_shards_are_the_plan_of_the_whole(
    before: Catalog, after: Catalog, edits: list[HandEdit], of: int, prune: bool
) -> None:
    # A file that only the model of another shard holds is found among the newest, as the API
    # lists them: a hundred in a page.
    server = FakeServer(assets_per_page=100)
    run(server, before, open_file)
    edit_by_hand(server, edits)
    whole = plan(server, after, prune=prune)
    parts = plans(server, after, of, prune=prune)
    assert together(parts) == whole
    assert together(parts).digest == whole.digest
    touched = Counter((m.key, m.model_id) for part in parts for m in part.models)
    assert max(touched.values(), default=1) == 1


@thorough
@given(catalog=catalogs(), order=st.permutations(range(3)))
def test_shards_applied_one_after_another_in_any_order_make_the_whole(
    catalog: Catalog, order: list[int]
) -> None:
    server = FakeServer()
    for at in order:
        outcomes = run(server, catalog, open_file, shard=shards(3)[at])
        assert {outcome.status for outcome in outcomes} <= {Status.DONE}
    clear_up(server, catalog)
    assert not plan(server, catalog).models
    assert len(server.models) == len(catalog.models)
    assert max(Counter(a.digest for a in server.assets.values()).values(), default=1) == 1
    assert max(Counter(server.collections.values()).values(), default=1) == 1


def test_a_file_that_a_model_of_another_shard_holds_is_not_sent_again() -> None:
    server = FakeServer()
    one, two = (next(e for e in many(50) if shard.has(e.key)) for shard in shards(2))
    first = replace(one, examples=(image(0), image(1)))
    run(server, catalog_of(first), open_file)
    for number in range(200):
        server.add_asset(b"of a stranger %d" % number)
    second = replace(two, thumbnail=image(1))
    found = plan(server, catalog_of(first, second), shard=Shard(2, 2))
    assert [model.key for model in found.models] == [two.key]
    assert found.uploads == ()


def test_a_file_that_two_shards_need_is_sent_once_and_filed_as_one_of_them_says() -> None:
    one, two = (next(e for e in many(50) if shard.has(e.key)) for shard in shards(2))
    plain = replace(image(0), name="a.webp")
    filed = replace(image(0), name="b.webp", options=AssetOptions(hide=True))
    for here, there in ((plain, filed), (filed, plain)):
        needed = replace(one, examples=(image(1), here)), replace(two, examples=(there, image(2)))
        whole, parts = catalog_of(*needed), plans(FakeServer(), catalog_of(*needed), 2)
        assert together(parts) == plan(FakeServer(), whole)
        assert len(together(parts).uploads) == 3
        assert {each.options for each in together(parts).uploads} == {None, filed.options}


def test_nothing_of_other_shards_is_read_when_no_file_is_missing() -> None:
    server = FakeServer()
    shard = Shard(1, 4)
    catalog = catalog_of(*many(40, description=Text(("x",)), examples=(image(0),)))
    run(server, catalog, open_file)
    server.log.clear()
    assert not plan(server, catalog, shard=shard).models
    read = Counter(name for name, _ in server.log)
    texts = len(shard.keys(catalog))
    assert read == {"list_models": 1, "get_description": texts, "get_assets": 1}
    assert 0 < texts < 20


@pytest.mark.parametrize(("deletes", "refused"), [(3, set()), (4, {"max-delete"})])
@pytest.mark.parametrize("prune", [True, False])
def test_deletes_are_limited_over_all_shards(deletes: int, refused: set[str], prune: bool) -> None:
    server = FakeServer()
    specs = many(20)
    run(server, catalog_of(*specs), open_file)
    gone = [] if prune else [replace(each, state=State.ABSENT) for each in specs[:deletes]]
    edited = [replace(each, short_description="x") for each in specs[deletes:]]
    after = catalog_of(*edited, *gone)
    parts = plans(server, after, 4, prune=prune, allow=NO_ALLOWANCES)
    assert [{refusal.code for refusal in part.refusals} for part in parts] == [refused] * 4
    assert sum(part.count(Verb.DELETE) for part in parts) == deletes
    assert together(parts) == plan(server, after, prune=prune, allow=NO_ALLOWANCES)
    allowed = plans(server, after, 4, prune=prune, allow=Allowances(delete=deletes))
    assert not any(part.blocked for part in allowed)


def test_without_prune_orphans_count_in_no_shard() -> None:
    server = FakeServer()
    specs = many(20)
    run(server, catalog_of(*specs), open_file)
    parts = plans(server, catalog_of(*specs[10:]), 4, allow=NO_ALLOWANCES)
    assert [(part.refusals, part.count(Verb.DELETE)) for part in parts] == [((), 0)] * 4


def test_a_delete_that_is_refused_in_another_shard_does_not_count() -> None:
    server = FakeServer()
    specs = [replace(each, protect=at < 2) for at, each in enumerate(many(20))]
    run(server, catalog_of(*specs), open_file)
    after = catalog_of(*specs[5:])
    parts = plans(server, after, 4, prune=True, allow=NO_ALLOWANCES)
    assert not any(part.blocked for part in parts)
    assert sum(part.count(Verb.DELETE) for part in parts) == 3


@pytest.mark.parametrize(("deletes", "refused"), [(3, set()), (4, {"max-delete"})])
@pytest.mark.parametrize("prune", [True, False])
def test_deletes_elsewhere_count_beside_those_that_are_refused_there(
    deletes: int, refused: set[str], prune: bool
) -> None:
    server = FakeServer()
    specs = [replace(each, protect=prune and at < 2) for at, each in enumerate(many(20))]
    run(server, catalog_of(*specs), open_file)
    ids = {model.name: model.id for model in server.models.values()}
    used = [Concept(ModelRef(id=ids[each.name]), 1.0) for each in specs[2:4]]
    user = replace(specs[-1], type="flux.1-composition", concepts=tuple(used))
    end = 4 + deletes
    absent = [replace(e, state=State.ABSENT, protect=at < 2) for at, e in enumerate(specs[:end])]
    after = catalog_of(*([] if prune else absent), *specs[end:-1], user)
    parts = plans(server, after, 4, prune=prune, allow=NO_ALLOWANCES)
    brakes = [{r.code for r in part.refusals if not r.model} for part in parts]
    assert brakes == [refused] * 4
    assert sum(part.count(Verb.DELETE) for part in parts) == deletes


def test_a_shard_may_update_its_share_of_what_it_manages() -> None:
    server = FakeServer()
    specs = many(40)
    run(server, catalog_of(*specs), open_file)
    kept = specs[10:]  # the manifests of the others are gone, and the shards still manage them
    for part in shards(2):
        mine = [each.key for each in kept if part.has(each.key)]
        most = sum(part.has(each.key) for each in specs) // 2
        for changed, blocked in ((most, False), (most + 1, True)):
            after = [
                replace(each, short_description="x") if each.key in mine[:changed] else each
                for each in kept
            ]
            catalog = catalog_of(*after, policy=Policy(max_update=Limit(percent=50.0)))
            assert plan(server, catalog, shard=part, allow=NO_ALLOWANCES).blocked is blocked


@thorough
@given(
    changed=st.integers(0, 20),
    limit=st.integers(0, 20).map(lambda count: Limit(count=count))
    | st.sampled_from((0.0, 10.0, 50.0, 99.0, 100.0)).map(lambda share: Limit(percent=share)),
    most=st.integers(0, 2000) | st.none(),
    of=numbers,
)
def test_what_the_shards_may_do_together_stays_within_the_brakes(
    changed: int, limit: Limit, most: int | None, of: int
) -> None:
    server = FakeServer()
    specs = many(20)
    run(server, catalog_of(*specs), open_file)
    sent = [AssetRef(f"{at:064x}", name=f"{at}.webp", size=40) for at in range(20)]
    after = [
        replace(each, short_description="x", thumbnail=sent[at]) if at < changed else each
        for at, each in enumerate(specs)
    ]
    policy = Policy(max_update=limit, max_upload=most)
    catalog = catalog_of(*after, policy=policy)
    going = [part for part in plans(server, catalog, of, allow=NO_ALLOWANCES) if not part.blocked]
    assert limit.allows(sum(part.count(Verb.UPDATE) for part in going), of=20)
    assert most is None or sum(part.upload_bytes for part in going) <= most


def test_the_shares_of_a_number_add_up() -> None:
    for of in range(1, 9):
        for number in (0, 1, 7, 100):
            shares = [shard.share(number) for shard in shards(of)]
            assert sum(shares) == number
            assert max(shares) - min(shares) <= 1
