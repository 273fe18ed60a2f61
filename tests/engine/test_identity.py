"""Which model belongs to which manifest."""

from dataclasses import replace

import pytest

from catalogsync.diff import Change
from catalogsync.identity import twins
from catalogsync.marks import PROTECTED_TAG, owner_tag
from catalogsync.model import Catalog, Concept, Limit, ModelRef, ModelSpec, Policy, State
from catalogsync.plan import Plan
from catalogsync.rules import Allowances
from tests.engine.catalogs import CONTENTS
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import plan, run

INK = ModelSpec(key="ink", name="Ink", type="flux.1-lora")
MARK = owner_tag("acme", "ink")
open_file = files_of(CONTENTS)


def catalog(*models: ModelSpec, name: str = "acme") -> Catalog:
    return Catalog(name=name, models=models)


def verbs(found: Plan) -> list[tuple[str, str]]:
    return [(model.verb.value, model.key) for model in found.models]


def codes(found: Plan) -> list[tuple[str, str]]:
    return [(refusal.model, refusal.code) for refusal in found.refusals]


def test_a_manifest_without_a_model_is_created_and_marked() -> None:
    server = FakeServer()
    run(server, catalog(INK), open_file)
    (model,) = server.models.values()
    assert model.tags == {"catalog-sync:acme/ink"}


def test_a_model_is_found_by_its_mark_whatever_its_name() -> None:
    server = FakeServer()
    server.add_model("Renamed by hand", tags=frozenset({owner_tag("acme", "ink")}))
    assert verbs(plan(server, catalog(INK))) == [("update", "ink")]


def test_an_unowned_model_of_the_same_name_is_refused_with_the_id_to_pin() -> None:
    server = FakeServer()
    model = server.add_model("Ink")
    found = plan(server, catalog(INK))
    assert codes(found) == [("ink", "same-name")]
    assert f"id: {model.id}" in found.refusals[0].hint
    assert not found.models


def test_a_pinned_model_is_adopted() -> None:
    server = FakeServer()
    model = server.add_model("Ink")
    pinned = catalog(replace(INK, id=model.id))
    assert verbs(plan(server, pinned)) == [("adopt", "ink")]
    run(server, pinned, open_file)
    assert owner_tag("acme", "ink") in server.models[model.id].tags
    assert not plan(server, pinned).models


def test_a_pinned_model_that_is_not_there_is_refused() -> None:
    found = plan(FakeServer(), catalog(replace(INK, id="model_gone")))
    assert codes(found) == [("ink", "missing-id")]


def test_a_model_of_another_catalog_is_never_touched() -> None:
    server = FakeServer()
    model = server.add_model("Ink", tags=frozenset({owner_tag("other", "ink")}))
    assert codes(plan(server, catalog(replace(INK, id=model.id)))) == [("ink", "foreign")]
    assert verbs(plan(server, catalog(INK))) == [("create", "ink")]
    assert ("delete", "ink") not in verbs(plan(server, catalog(INK), prune=True))


def test_two_models_with_one_mark_are_refused() -> None:
    server = FakeServer()
    for _ in range(2):
        server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")}))
    assert codes(plan(server, catalog(INK))) == [("ink", "ambiguous")]


def test_our_own_interrupted_create_is_adopted() -> None:
    server = FakeServer()
    server.add_model("Ink", status="new")
    assert verbs(plan(server, catalog(INK))) == [("adopt", "ink")]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "trained"},
        {"status": "new", "tags": frozenset({"x"})},
        {"status": "new", "examples": ("asset_1",)},
        {"status": "new", "thumbnail": "asset_1"},
        {"status": "new", "type": "custom"},
    ],
    ids=lambda fields: ",".join(fields),
)
def test_what_does_not_look_like_our_interrupted_create_is_refused(
    fields: dict[str, object],
) -> None:
    server = FakeServer()
    server.add_model("Ink", **fields)  # type: ignore[arg-type]  # any field may be set
    assert codes(plan(server, catalog(INK))) == [("ink", "same-name")]


def test_a_new_model_with_a_description_is_not_our_interrupted_create() -> None:
    server = FakeServer()
    model = server.add_model("Ink", status="new")
    server.descriptions[model.id] = "written by somebody"
    assert codes(plan(server, catalog(INK))) == [("ink", "same-name")]


def test_two_manifests_of_one_name_do_not_share_an_interrupted_create() -> None:
    server = FakeServer()
    server.add_model("Ink", status="new")
    twins = catalog(INK, replace(INK, key="ink2"))
    assert verbs(plan(server, twins)) == [("adopt", "ink"), ("create", "ink2")]


def test_a_model_that_another_manifest_pins_is_not_taken_for_an_interrupted_create() -> None:
    server = FakeServer()
    model = server.add_model("Ink", status="new")
    both = catalog(INK, replace(INK, key="pin", id=model.id))
    assert verbs(plan(server, both)) == [("create", "ink"), ("adopt", "pin")]


def test_a_renamed_key_moves_the_mark_only() -> None:
    server = FakeServer()
    run(server, catalog(INK), open_file)
    before = len(server.writes)
    renamed = catalog(replace(INK, key="inked", renamed_from="ink"))
    run(server, renamed, open_file)
    (model,) = server.models.values()
    assert model.tags == {"catalog-sync:acme/inked"}
    assert [name for name, _ in server.writes[before:]] == ["edit_tags"]
    assert not plan(server, renamed, prune=True).models


def test_a_rename_that_was_half_done_is_finished() -> None:
    server = FakeServer()
    marks = frozenset({owner_tag("acme", "ink"), owner_tag("acme", "inked")})
    model = server.add_model("Ink", tags=marks)
    renamed = catalog(replace(INK, key="inked", renamed_from="ink"))
    (found,) = plan(server, renamed).models
    assert found.changes == (Change("inked", ("owner",), MARK, owner_tag("acme", "inked")),)
    run(server, renamed, open_file)
    assert server.models[model.id].tags == {"catalog-sync:acme/inked"}


def test_an_orphan_is_shown_and_deleted_only_with_prune() -> None:
    server = FakeServer()
    run(server, catalog(INK), open_file)
    empty = catalog(replace(INK, key="other", name="Other"))
    found = plan(server, empty)
    assert [orphan.key for orphan in found.orphans] == ["ink"]
    assert ("delete", "ink") not in verbs(found)
    assert ("delete", "ink") in verbs(plan(server, empty, prune=True))


def test_a_protected_orphan_outlives_its_manifest() -> None:
    server = FakeServer()
    run(server, catalog(replace(INK, protect=True)), open_file)
    (model,) = server.models.values()
    assert PROTECTED_TAG in model.tags
    other = catalog(replace(INK, key="other", name="Other"))
    assert codes(plan(server, other, prune=True)) == [("ink", "protected")]


def test_protection_can_be_lifted() -> None:
    server = FakeServer()
    run(server, catalog(replace(INK, protect=True)), open_file)
    run(server, catalog(INK), open_file)
    (model,) = server.models.values()
    assert PROTECTED_TAG not in model.tags


def test_absent_deletes_and_is_content_when_there_is_nothing() -> None:
    server = FakeServer()
    run(server, catalog(INK), open_file)
    absent = catalog(replace(INK, state=State.ABSENT))
    assert verbs(plan(server, absent)) == [("delete", "ink")]
    run(server, absent, open_file)
    assert not server.models
    assert not plan(server, absent).models


def test_absent_never_deletes_a_stranger_of_the_same_name() -> None:
    server = FakeServer()
    server.add_model("Ink")
    assert not plan(server, catalog(replace(INK, state=State.ABSENT))).models


@pytest.mark.parametrize("state", [State.ABSENT, State.UNMANAGED])
def test_a_mark_on_another_model_than_the_pinned_one_is_told(state: State) -> None:
    server = FakeServer()
    other = server.add_model("Ink", tags=frozenset({owner_tag("acme", "ink")})).id
    made = plan(server, catalog(replace(INK, id="model_gone", state=state)))
    assert ([r.code for r in made.refusals], made.models) == (["missing-id"], ())
    assert other in made.refusals[0].message


def test_unmanaged_takes_the_mark_off_and_leaves_the_model() -> None:
    server = FakeServer()
    run(server, catalog(replace(INK, tags=frozenset({"a"}))), open_file)
    forgotten = catalog(replace(INK, state=State.UNMANAGED))
    assert verbs(plan(server, forgotten)) == [("forget", "ink")]
    run(server, forgotten, open_file)
    (model,) = server.models.values()
    assert model.tags == {"a"}
    assert not plan(server, forgotten).models


def test_only_the_selected_models_are_compared_and_no_orphan_is_spoken_of() -> None:
    server = FakeServer()
    run(server, catalog(INK, replace(INK, key="old", name="Old")), open_file)
    both = catalog(replace(INK, name="A"), replace(INK, key="new", name="New"))
    found = plan(server, both, keys=frozenset({"new"}), prune=True)
    assert verbs(found) == [("create", "new")]
    assert not found.orphans


def marked(server: FakeServer, *marks: str, **fields: object) -> str:
    """A model with the marks of several `catalog/key`."""
    tags = frozenset(f"catalog-sync:{mark}" for mark in marks)
    return server.add_model("Ink", tags=tags, **fields).id  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "marks",
    [("acme/ink", "acme/ghost"), ("acme/gone", "other/x"), ("acme/x/y",), ("acme/",), ("acme",)],
    ids=lambda marks: "+".join(marks),
)
def test_prune_deletes_only_what_is_ours_alone_and_has_no_manifest(marks: tuple[str, ...]) -> None:
    server = FakeServer()
    model = marked(server, *marks)
    run(server, catalog(replace(INK, name="Other")), open_file, prune=True)
    assert model in server.models


def test_prune_spares_a_model_that_a_manifest_pins() -> None:
    server = FakeServer()
    model = marked(server, "acme/old")
    found = plan(server, catalog(replace(INK, id=model)), prune=True)
    assert (verbs(found), codes(found)) == ([], [("ink", "foreign")])


def test_absent_spares_a_model_that_another_manifest_pins() -> None:
    server = FakeServer()
    model = marked(server, "acme/old")
    old = replace(INK, key="old", state=State.ABSENT)
    found = plan(server, catalog(replace(INK, key="new", id=model), old))
    assert ("delete", "old") not in verbs(found)
    assert ("old", "pinned-elsewhere") in codes(found)


def test_nothing_is_deleted_that_a_manifest_refers_to_by_id() -> None:
    server = FakeServer()
    model = marked(server, "acme/old")
    user = replace(INK, concepts=(Concept(ModelRef(id=model), 1.0),))
    assert codes(plan(server, catalog(user), prune=True)) == [("old", "still-used")]


def test_two_orphans_with_one_mark_are_refused_rather_than_deleted() -> None:
    server = FakeServer()
    both = {marked(server, "acme/old"), marked(server, "acme/old")}
    found = plan(server, catalog(replace(INK, name="Other")), prune=True)
    assert ("old", "ambiguous") in codes(found)
    run(server, catalog(replace(INK, name="Other")), open_file, prune=True)
    assert both <= set(server.models)


@pytest.mark.parametrize("other", ["acme/ink", "others/ink"])
def test_an_orphan_whose_mark_somebody_copied_to_a_model_that_stays_is_not_deleted(
    other: str,
) -> None:
    server = FakeServer()
    old, copied = marked(server, "acme/old"), marked(server, "acme/old", other)
    found = plan(server, catalog(replace(INK, name="Other")), prune=True)
    (refusal,) = (r for r in found.refusals if r.model == "old")
    assert (refusal.code, old in refusal.message, copied in refusal.message) == (
        "ambiguous", True, True,
    )  # fmt: skip
    run(server, catalog(replace(INK, name="Other")), open_file, prune=True)
    assert {old, copied} <= set(server.models)


@pytest.mark.parametrize("fields", [{"renamed_from": "old"}, {"id": "pinned"}, {}])
def test_forgetting_takes_off_every_mark_of_ours_and_is_then_done(
    fields: dict[str, str],
) -> None:
    server = FakeServer()
    marks = ["acme/ink"] + (["acme/old"] if "renamed_from" in fields else [])
    model = marked(server, *marks)
    server.edit(model, tags=server.models[model].tags | {PROTECTED_TAG, "theirs"})
    said = {name: model if name == "id" else value for name, value in fields.items()}
    spec = replace(INK, state=State.UNMANAGED, **said)  # type: ignore[arg-type]  # two texts
    found = plan(server, catalog(spec))
    assert {change.field for change in found.models[0].changes} == {"owner", "protect"}
    run(server, catalog(spec), open_file)
    assert server.models[model].tags == {"theirs"}
    assert not plan(server, catalog(spec)).models


def test_forgetting_leaves_alone_what_was_never_ours() -> None:
    server = FakeServer()
    model = server.add_model("Ink", tags=frozenset({PROTECTED_TAG}))
    assert not plan(server, catalog(replace(INK, id=model.id, state=State.UNMANAGED))).models


def test_a_wrong_pin_is_told_although_the_key_has_a_model() -> None:
    server = FakeServer()
    marked(server, "acme/ink")
    assert codes(plan(server, catalog(replace(INK, id="model_gone")))) == [("ink", "missing-id")]


def test_a_new_model_that_somebody_described_is_not_our_interrupted_create() -> None:
    server = FakeServer()
    server.add_model("Ink", status="new", short_description="made by hand")
    assert codes(plan(server, catalog(INK))) == [("ink", "same-name")]


def test_what_our_own_create_left_is_no_update_for_the_brakes_and_is_told() -> None:
    server = FakeServer()
    server.add_model("Ink", status="new")
    braked = replace(catalog(INK), policy=Policy(max_update=Limit(count=0)))
    found = plan(server, braked, allow=Allowances())
    assert (verbs(found), found.refusals) == ([("adopt", "ink")], ())
    assert "interrupted" in found.models[0].note


def test_models_that_bear_one_key_are_twins() -> None:
    server = FakeServer()
    two = sorted([marked(server, "acme/ink"), marked(server, "acme/ink")])
    marked(server, "acme/other")
    marked(server, "other/ink")
    assert twins("acme", server.models.values()) == {"ink": two}
