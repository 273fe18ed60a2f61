"""An offline plan against a catalog is the plan that a server gives to which it was applied."""

import re
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogsync.actions import TrainingAction
from catalogsync.assumed import as_applied, trusting
from catalogsync.diff import TRAINING, Change, Placed, Value, Verb, diff
from catalogsync.model import (
    AssetRef,
    Catalog,
    Concept,
    Mention,
    ModelRef,
    ModelSpec,
    Snapshot,
    State,
    Text,
    TrainingImage,
    TrainingPair,
)
from catalogsync.observe import observe
from catalogsync.plan import Plan, build_plan
from tests.engine.catalogs import FILES, catalogs
from tests.engine.conftest import image
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import EVERYTHING, run

open_file = files_of(FILES)
thorough = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])

TEXTS = ("description", "promptGuide")


def planned(snapshot: Snapshot, catalog: Catalog, *, prune: bool = False) -> Plan:
    """The plan against a snapshot."""
    return build_plan(catalog, diff(catalog, snapshot, prune=prune), allow=EVERYTHING)


def offline(base: Catalog, wanted: Catalog, *, prune: bool = False) -> Plan:
    """The plan of a catalog against another one."""
    return planned(as_applied(base, wanted), wanted, prune=prune)


def without_ids(plan: Plan, snapshot: Snapshot) -> Plan:
    """The plan with every id of the server replaced by what it stands for."""
    words = {held: asset.digest or held for held, asset in snapshot.assets.items()}
    for model in snapshot.models.values():
        words[model.id] = min(_marks(model.tags), default=model.id)
    reference = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))) or "$^")

    def renamed(value: Any) -> Any:
        """Training data and its actions, with contents for ids wherever there is one."""
        if isinstance(value, AssetRef):
            return replace(value, id=words.get(value.id, value.id))
        if isinstance(value, tuple):
            return tuple(map(renamed, value))
        if isinstance(value, TrainingImage | TrainingPair | TrainingAction):
            held = {each.name: renamed(getattr(value, each.name)) for each in fields(value)}
            return type(value)(**held)
        return value

    def plain(field: str, value: Value) -> Value:
        if field in TRAINING:
            return renamed(value)  # type: ignore[no-any-return]
        if isinstance(value, AssetRef):
            return replace(value, id=words.get(value.id, value.id))
        if isinstance(value, Placed):
            return replace(value, asset=replace(value.asset, id=words.get(value.asset.id, "")))
        if isinstance(value, str) and field in TEXTS:
            return reference.sub(lambda found: words[found[0]], value).rstrip("\n")
        return value

    def change(found: Change) -> Change:
        before, after = (plain(found.field, side) for side in (found.before, found.after))
        path = (found.path[0], *(words.get(part, part) for part in found.path[1:]))
        return replace(found, path=path, before=before, after=after)

    models = (
        replace(
            m,
            model_id=words.get(m.model_id, ""),
            changes=tuple(map(change, m.changes)),
            actions=renamed(m.actions),
        )
        for m in plan.models
    )
    orphans = (replace(orphan, model_id="") for orphan in plan.orphans)
    return replace(plan, models=tuple(models), orphans=tuple(orphans))


def _marks(tags: frozenset[str]) -> set[str]:
    return {tag for tag in tags if tag.startswith("catalog-sync:acme/")}


@thorough
@given(catalog=catalogs())
def test_against_itself_a_catalog_changes_nothing(catalog: Catalog) -> None:
    plan = offline(catalog, catalog, prune=True)
    assert (plan.models, plan.refusals, plan.orphans) == ((), (), ())
    assert plan.unchanged == len(catalog.models)


@st.composite
def followers(draw: st.DrawFn) -> Catalog:
    """A catalog whose manifests are also renamed, let go and deleted on purpose."""
    catalog = draw(catalogs())

    def becomes(spec: ModelSpec) -> ModelSpec:
        choice = draw(st.sampled_from(("same", "same", "absent", "unmanaged", "renamed")))
        if choice == "renamed":
            return replace(spec, key=f"new-{spec.key}", renamed_from=spec.key)
        state = State(choice) if choice != "same" else State.PRESENT
        return replace(spec, state=state)

    models = sorted(map(becomes, catalog.models), key=lambda spec: spec.key)
    return replace(catalog, models=tuple(models))


@thorough
@given(base=catalogs(), wanted=catalogs() | followers(), prune=st.booleans())
def test_an_offline_plan_is_the_plan_after_an_apply(
    base: Catalog, wanted: Catalog, prune: bool
) -> None:
    server = FakeServer()
    server.price = None  # nobody is asked for one offline
    run(server, base, open_file)
    seen = observe(server, wanted, jobs=2)
    assumed = as_applied(base, wanted)
    live = without_ids(planned(seen, wanted, prune=prune), seen)
    made = without_ids(planned(assumed, wanted, prune=prune), assumed)
    # Among the newest assets an unused file is looked for on a few pages only.
    there = {asset.digest for asset in server.assets.values()}
    missing = tuple(upload for upload in live.uploads if upload.asset.digest not in there)
    assert made == replace(live, uploads=missing)


def style(**fields: object) -> Catalog:
    """A catalog of one model."""
    spec = ModelSpec(key="style", name="Ink", type="flux.1-lora", description=Text(("# Ink\n",)))
    return Catalog("acme", (replace(spec, **fields),))  # type: ignore[arg-type]


def test_a_pin_of_a_model_that_was_created_is_no_change() -> None:
    assert not offline(style(), style(id="model_real")).models
    renamed = style(id="model_real", key="new", renamed_from="style")
    (model,) = offline(style(), renamed).models
    assert (model.verb, model.model_id, model.note) == (Verb.ADOPT, "model_real", "")
    assert [change.field for change in model.changes] == ["owner"]


def test_a_pin_that_goes_is_no_change() -> None:
    assert not offline(style(id="model_real"), style()).models


def test_a_new_pin_is_an_adoption_of_a_model_that_nobody_has_seen() -> None:
    (model,) = offline(Catalog("acme"), style(id="model_real")).models
    assert (model.verb, model.model_id) == (Verb.ADOPT, "model_real")
    assert "only the live project knows" in model.note
    assert {change.field for change in model.changes} == {"owner", "description"}


def test_another_pin_for_the_same_key_is_refused_as_it_is_live() -> None:
    (refusal,) = offline(style(id="model_1"), style(id="model_2")).refusals
    assert refusal.code == "ambiguous"


def test_a_pin_that_another_key_had_is_refused_as_it_is_live() -> None:
    (refusal,) = offline(style(id="model_1"), style(id="model_1", key="other")).refusals
    assert refusal.code == "foreign"


@pytest.mark.parametrize("state", [State.ABSENT, State.UNMANAGED])
@pytest.mark.parametrize("model_id", ["", "model_1"])
def test_what_was_let_go_is_let_go(state: State, model_id: str) -> None:
    gone = style(state=state, id=model_id)
    assert not offline(gone, gone, prune=True).models
    (model,) = offline(style(), gone).models
    assert model.verb is (Verb.DELETE if state is State.ABSENT else Verb.FORGET)
    assert not offline(gone, Catalog("acme", style().models[:0]), prune=True).models


def test_what_was_deleted_can_be_created_again_but_not_pinned() -> None:
    (model,) = offline(style(state=State.ABSENT), style()).models
    assert model.verb is Verb.CREATE
    (refusal,) = offline(style(state=State.ABSENT, id="model_1"), style(id="model_1")).refusals
    assert refusal.code == "missing-id"


def test_what_was_let_go_by_its_id_can_be_adopted_again() -> None:
    (model,) = offline(style(state=State.UNMANAGED, id="model_1"), style(id="model_1")).models
    assert (model.verb, model.model_id) == (Verb.ADOPT, "model_1")


def test_a_catalog_of_another_name_owns_nothing_of_this_one() -> None:
    (model,) = offline(replace(style(), name="other"), style()).models
    assert model.verb is Verb.CREATE


def test_assets_that_are_named_by_id_are_taken_to_be_there() -> None:
    known, new = AssetRef(id="asset_1"), AssetRef(id="asset_2")
    assert not offline(style(thumbnail=known), style(thumbnail=known)).refusals
    plan = offline(style(thumbnail=known), style(thumbnail=new))
    assert not plan.refusals
    assert [change.field for change in plan.models[0].changes] == ["thumbnail"]
    assert trusting(Snapshot({}), style(thumbnail=new)).assets == {"asset_2": new}


def test_a_file_and_its_counterpart_are_one() -> None:
    pair = replace(image(0), id="asset_1")
    assert not offline(style(thumbnail=image(0)), style(thumbnail=pair)).models
    assert not offline(style(thumbnail=pair), style(thumbnail=image(0))).models


def test_what_only_the_server_knows_refuses_nothing() -> None:
    plan = offline(style(epoch="1"), style(epoch="2", type="custom"))
    assert not plan.refusals
    assert [change.field for change in plan.models[0].changes] == ["epoch", "type"]


def test_a_key_that_is_typed_is_no_mention() -> None:
    written = Text(("`{model:style}`",))
    mention = Text((Mention("{model:style}", ModelRef(key="style")),))
    both = [style(prompt_guide=text) for text in (written, mention)]
    assert offline(both[0], both[1]).models
    assert offline(both[1], both[0]).models


def test_a_composition_by_id_and_by_key_is_one() -> None:
    base = ModelSpec(key="base", name="Base", type="custom", id="model_1")
    by_key = ModelSpec(
        key="mix", name="Mix", type="custom", concepts=(Concept(ModelRef(key="base"), 1.0),)
    )
    by_id = replace(by_key, concepts=(Concept(ModelRef(id="model_1"), 1.0),))
    assert not offline(Catalog("acme", (base, by_key)), Catalog("acme", (base, by_id))).models


def test_an_offline_plan_has_a_digest_of_its_own() -> None:
    wanted = style()
    snapshot = as_applied(Catalog("acme"), wanted)
    found = diff(wanted, snapshot)
    digests = {
        build_plan(wanted, found, against=against).digest
        for against in ("live", "git:" + "0" * 40, "git:" + "1" * 40, "snapshot:sha256:00")
    }
    assert len(digests) == 4


def test_what_was_not_read_is_refused_and_never_taken_for_empty() -> None:
    server = FakeServer()
    run(server, style(), open_file)
    seen = observe(server, style(description=None), jobs=1)
    wanted = style(prompt_guide=Text(), prompt_embedding="x")
    plan = planned(seen, wanted)
    assert not plan.models
    assert plan.unchanged == 0
    (refusal,) = plan.refusals
    assert refusal.code == "not-read"
    assert "description, promptGuide, promptEmbedding" in refusal.message
    assert not planned(seen, style(description=None)).refusals
