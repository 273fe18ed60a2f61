"""What a plan refuses, and what its brakes stop."""

from dataclasses import replace

import pytest

from catalogsync.diff import Verb
from catalogsync.marks import owner_tag
from catalogsync.model import (
    AssetRef,
    Catalog,
    Concept,
    Limit,
    ModelRef,
    ModelSpec,
    Policy,
    State,
)
from catalogsync.plan import Plan
from catalogsync.rules import Allowances
from catalogsync.shard import Shard
from tests.engine.conftest import image
from tests.engine.fake import FakeServer
from tests.engine.run import plan

INK = ModelSpec(key="ink", name="Ink", type="flux.1-lora")
NOTHING_EXTRA = Allowances()


def codes(found: Plan) -> list[tuple[str, str]]:
    return [(refusal.model, refusal.code) for refusal in found.refusals]


def one(spec: ModelSpec, **settings: object) -> Catalog:
    return replace(Catalog(name="acme", models=(spec,)), **settings)  # type: ignore[arg-type]


def owned(server: FakeServer, key: str, **fields: object) -> str:
    tags = frozenset({owner_tag("acme", key)})
    return server.add_model(fields.pop("name", "Ink"), tags=tags, **fields).id  # type: ignore[arg-type]


def test_the_type_changes_only_while_a_model_is_new() -> None:
    server = FakeServer()
    model = owned(server, "ink", status="trained")
    assert codes(plan(server, one(replace(INK, type="custom")))) == [("ink", "type-fixed")]
    server.edit(model, status="new")
    assert codes(plan(server, one(replace(INK, type="custom")))) == []


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"status": "trained", "epochs": ("000001",)}, False),
        ({"status": "trained", "epochs": ("000002",)}, True),
        ({"status": "new", "epochs": ("000001",)}, True),
    ],
)
def test_an_epoch_must_be_one_that_the_trained_model_has(
    fields: dict[str, object], refused: bool
) -> None:
    server = FakeServer()
    owned(server, "ink", **fields)
    found = plan(server, one(replace(INK, epoch="000001")))
    assert (codes(found) == [("ink", "no-such-epoch")]) is refused


def test_an_epoch_on_a_model_that_is_not_there_yet_is_refused() -> None:
    assert codes(plan(FakeServer(), one(replace(INK, epoch="000001")))) == [
        ("ink", "no-such-epoch")
    ]


def test_an_asset_id_that_does_not_exist_is_refused() -> None:
    found = plan(FakeServer(), one(replace(INK, examples=(AssetRef(id="asset_gone"),))))
    assert codes(found) == [("ink", "no-such-asset")]


@pytest.mark.parametrize(("pin", "code"), [("model_gone", "missing-id"), ("", "ambiguous")])
def test_of_assets_that_were_not_read_nothing_is_said(pin: str, code: str) -> None:
    server = FakeServer()
    for name in ("Ink", "Pen"):
        owned(server, "ink", name=name)
    spec = replace(INK, id=pin, examples=(AssetRef(id="asset_there"),))
    assert codes(plan(server, one(spec))) == [("ink", code)]


def test_what_depends_on_a_refused_model_is_refused_too() -> None:
    bad = replace(INK, epoch="000001")
    middle = replace(INK, key="middle", name="M", concepts=(Concept(ModelRef(key="ink"), 1.0),))
    last = replace(INK, key="last", name="L", concepts=(Concept(ModelRef(key="middle"), 1.0),))
    free = replace(INK, key="free", name="F")
    found = plan(FakeServer(), Catalog(name="acme", models=(free, bad, last, middle)))
    assert codes(found) == [("ink", "no-such-epoch"), ("last", "depends"), ("middle", "depends")]
    assert [model.key for model in found.models] == ["free"]


PART = replace(INK, key="part", name="Part", state=State.ABSENT)
MIX = replace(INK, key="mix", name="Mix", type="flux.1-composition")
USED = [("part", "still-used")]


def mixed() -> FakeServer:
    """A server with a composition of ours that has another model of ours as a concept."""
    server = FakeServer()
    concepts = (Concept(ModelRef(id=owned(server, "part", name="Part")), 1.0),)
    owned(server, "mix", name="Mix", type="flux.1-composition", concepts=concepts)
    return server


@pytest.mark.parametrize(
    ("mix", "keys", "refused"),
    [
        pytest.param(MIX, None, USED, id="says nothing of its concepts"),
        pytest.param(replace(MIX, concepts=()), None, [], id="lets go"),
        pytest.param(replace(MIX, concepts=()), frozenset({"part"}), USED, id="left out"),
        pytest.param(replace(MIX, concepts=()), frozenset({"part", "mix"}), [], id="both chosen"),
        pytest.param(replace(MIX, state=State.ABSENT), None, [], id="deleted"),
        pytest.param(
            replace(MIX, state=State.ABSENT), frozenset({"part"}), USED, id="deleted later"
        ),
        pytest.param(replace(MIX, state=State.UNMANAGED), None, USED, id="forgotten"),
        pytest.param(
            replace(MIX, state=State.ABSENT, protect=True),
            None,
            [("mix", "protected"), *USED],
            id="protected",
        ),
        pytest.param(None, None, USED, id="without a manifest"),
    ],
)
def test_what_a_model_of_ours_keeps_as_a_concept_is_not_deleted(
    mix: ModelSpec | None, keys: frozenset[str] | None, refused: list[tuple[str, str]]
) -> None:
    catalog = Catalog(name="acme", models=(*([mix] if mix else []), PART))
    found = plan(mixed(), catalog, keys=keys)
    assert codes(found) == refused
    assert any(model.key == "part" for model in found.models) is (USED[0] not in refused)
    said = [refusal.message for refusal in found.refusals if refusal.code == "still-used"]
    assert said == ["mix has the model that would be deleted as a concept"] * len(said)


def test_a_composition_and_its_part_are_pruned_together_by_a_shard_too() -> None:
    nothing = Catalog(name="acme", models=(replace(INK, key="other", name="Other"),))
    for shard in (None, Shard(1, 1)):
        found = plan(mixed(), nothing, prune=True, shard=shard)
        assert codes(found) == []
        assert [model.key for model in found.models if model.verb is Verb.DELETE] == ["mix", "part"]


def test_what_is_kept_for_a_model_that_is_kept_is_kept_too() -> None:
    server = mixed()
    mix = next(model for model in server.models.values() if model.name == "Mix")
    concepts = (Concept(ModelRef(id=mix.id), 1.0),)
    owned(server, "top", name="Top", type="flux.1-composition", concepts=concepts)
    top = replace(MIX, key="top", name="Top")
    absent = replace(MIX, state=State.ABSENT)
    found = plan(server, Catalog(name="acme", models=(top, absent, PART)))
    assert codes(found) == [("mix", "still-used"), *USED]


def test_what_somebody_made_of_a_model_of_ours_does_not_keep_it() -> None:
    server = FakeServer()
    concepts = (Concept(ModelRef(id=owned(server, "part", name="Part")), 1.0),)
    server.add_model("Theirs", "flux.1-composition", concepts=concepts)
    assert codes(plan(server, Catalog(name="acme", models=(PART,)))) == []


def orphans(server: FakeServer, number: int) -> None:
    for at in range(number):
        owned(server, f"old-{at}", name=f"Old {at}")


@pytest.mark.parametrize(
    ("policy", "allow", "stopped"),
    [
        (Policy(), NOTHING_EXTRA, True),
        (Policy(), Allowances(delete=4), False),
        (Policy(), Allowances(delete=3), True),
        (Policy(max_delete=Limit(count=4)), NOTHING_EXTRA, False),
        (Policy(max_delete=Limit(percent=100)), NOTHING_EXTRA, False),
        (Policy(max_delete=Limit(percent=79)), NOTHING_EXTRA, True),
        (Policy(max_delete=Limit(percent=80)), NOTHING_EXTRA, False),
    ],
)
def test_more_deletes_than_allowed_stop_the_whole_plan(
    policy: Policy, allow: Allowances, stopped: bool
) -> None:
    server = FakeServer()
    owned(server, "ink")
    orphans(server, 4)
    found = plan(server, one(INK, policy=policy), prune=True, allow=allow)
    assert found.blocked is stopped
    assert (codes(found) == [("", "max-delete")]) is stopped


def test_more_updates_than_allowed_stop_the_whole_plan() -> None:
    server = FakeServer()
    owned(server, "ink", name="Other")
    catalog = one(INK, policy=Policy(max_update=Limit(count=0)))
    assert codes(plan(server, catalog, allow=NOTHING_EXTRA)) == [("", "max-update")]
    assert not plan(server, catalog, allow=Allowances(update=1)).blocked


def test_more_bytes_than_allowed_stop_the_whole_plan() -> None:
    asset = replace(image(0), size=2_000_001)
    catalog = one(replace(INK, examples=(asset,)), policy=Policy(max_upload=2_000_000))
    assert codes(plan(FakeServer(), catalog, allow=NOTHING_EXTRA)) == [("", "max-upload")]
    assert not plan(FakeServer(), catalog, allow=Allowances(upload=2_000_001)).blocked


def test_a_protected_model_cannot_be_absent() -> None:
    server = FakeServer()
    model = owned(server, "ink")
    server.edit(model, tags=server.models[model].tags | {"catalog-sync:protected"})
    absent = replace(INK, state=type(INK.state)("absent"))
    assert codes(plan(server, one(absent))) == [("ink", "protected")]
