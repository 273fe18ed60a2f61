"""Which model belongs to which manifest."""

from dataclasses import replace

import pytest

from catalogsync.identity import PROTECTED_TAG, owner_tag
from catalogsync.model import Catalog, ModelSpec, State
from catalogsync.plan import Plan
from tests.engine.catalogs import CONTENTS
from tests.engine.fake import FakeServer, files_of
from tests.engine.run import plan, run

INK = ModelSpec(key="ink", name="Ink", type="flux.1-lora")
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
    run(server, catalog(replace(INK, key="inked", renamed_from="ink")), open_file)
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
