"""Where a difference of a whole model comes from: keys, pins, marks, manifests that are gone."""

from dataclasses import replace

import pytest

from catalogsync.diff import Change, diff
from catalogsync.import_notes import note_name
from catalogsync.marks import owner_tag
from catalogsync.model import (
    AssetRef,
    Catalog,
    Mention,
    ModelRef,
    ModelSpec,
    State,
    Text,
    Weights,
    WeightsSource,
)
from tests.engine.conftest import image
from tests.engine.sides import (
    INK,
    catalog,
    marked,
    of,
    scaled,
    server,
    spec,
    text,
    told,
    words,
)


def test_a_renamed_manifest_is_compared_with_what_base_called_it() -> None:
    renamed = spec({"key": "ink-heroes", "renamed_from": "ink", "tags": words("ink")})
    base = catalog(spec({"tags": words("ink")}))
    assert of(base, catalog(spec({"tags": words("ink hand")})), catalog(renamed)) == {
        "owner": "pending",
        "tags.hand": "drift",
    }


def test_what_refers_to_a_renamed_manifest_has_not_changed_by_that() -> None:
    mention = Mention("{model:old}", ModelRef(key="old"))
    base = catalog(
        spec({"key": "old", "name": "Old"}),
        spec({"description": Text(("See ", mention, ".\n\nEnd.")), "concepts": scaled(old=0.5)}),
    )
    mention = Mention("{model:fresh}", ModelRef(key="fresh"))
    wanted = catalog(
        spec({"key": "fresh", "name": "Old", "renamed_from": "old"}),
        spec(
            {"description": Text(("See ", mention, ".\n\nThe end.")), "concepts": scaled(fresh=1)}
        ),
    )
    assert of(base, base, wanted) == {
        "owner": "pending",
        "description:3": "pending",
        "concepts.fresh.scale": "pending",
    }


def test_a_key_that_was_given_on_is_not_taken_for_the_model_that_had_it() -> None:
    base = catalog(spec({"key": "a", "name": "A"}), spec({"key": "b", "name": "B"}))
    wanted = catalog(spec({"key": "a", "name": "B", "renamed_from": "b"}))
    held = replace(base, models=tuple(m for m in base.models if m.key != "a"))
    assert of(base, held, wanted) == {"owner": "pending"}


def test_a_mark_that_was_taken_off_by_hand_is_drift() -> None:
    pinned = catalog(spec({"id": "model_ink", "tags": words("ink")}))
    snapshot = marked(pinned, pinned, model_ink=words("ink hand"))
    (model,) = diff(pinned, snapshot, base=pinned).models
    assert (model.verb, told((model,))) == ("adopt", {"owner": "drift", "tags.hand": "drift"})


def test_a_model_that_is_pinned_from_now_on_is_of_this_change_set() -> None:
    wanted = catalog(spec({"id": "model_ink", "short_description": "Short."}))
    assert of(catalog(), catalog(), wanted) == {"owner": "pending", "shortDescription": "pending"}


def test_a_pin_that_is_taken_out_of_a_manifest_makes_a_new_model() -> None:
    base = catalog(spec({"id": "model_ink"}))
    assert of(base, catalog(), catalog(INK)) == {"create": "pending"}


def test_a_model_whose_mark_was_taken_off_is_not_ours_to_change_unseen() -> None:
    base, wanted = (
        catalog(spec({"id": "model_ink", "tags": words(tags)})) for tags in ("ink", "ink mine")
    )
    snapshot = marked(base, wanted, model_ink=words("ink"))
    (refusal,) = diff(wanted, snapshot, base=base, only_mine=True).refusals
    assert (refusal.model, refusal.message) == ("ink", "its mark was taken off on the server")
    alone = diff(base, snapshot, base=base, only_mine=True)
    assert (alone.models, alone.refusals, alone.alone) == ((), (), 1)


def test_the_end_of_an_import_is_nobodys_edit() -> None:
    wanted = catalog(spec({"weights": Weights(WeightsSource.URL, "https://example.org/1")}))
    (made,) = (model.weights for model in wanted.models if model.weights)
    snapshot = server(wanted, wanted)
    note = {"note": note_name("acme", "ink", made)}
    found = diff(wanted, replace(snapshot, collections=note), base=wanted)
    assert told(found.models) == {"import": "pending"}
    (model,) = found.models
    assert model.changes == (Change("ink", ("import",), note["note"], None),)


def test_what_base_knew_of_an_asset_still_counts() -> None:
    pair = replace(image(0), id="asset_x")
    base = catalog(spec({"thumbnail": pair}))
    wanted = catalog(spec({"thumbnail": image(1)}))
    snapshot = server(base, wanted)
    unknown = dict(snapshot.assets) | {"asset_x": AssetRef(id="asset_x")}
    found = diff(wanted, replace(snapshot, assets=unknown), base=base)
    assert told(found.models) == {"thumbnail": "pending"}


def test_what_was_not_read_of_a_model_to_delete_was_not_edited() -> None:
    base = catalog(spec({"description": text("Long."), "prompt_embedding": "ink"}))
    wanted = catalog(spec({"state": State.ABSENT}))
    snapshot = server(base, wanted)
    unread = {
        key: replace(model, description=None, prompt_embedding=None)
        for key, model in snapshot.models.items()
    }
    found = diff(wanted, replace(snapshot, models=unread), base=base)
    assert told(found.models) == {"delete": "pending"}


def test_what_an_interrupted_apply_left_was_nobodys_edit() -> None:
    base = catalog(spec({"tags": words("ink")}))
    snapshot = marked(base, base, ink=frozenset())
    made = {key: replace(model, status="new") for key, model in snapshot.models.items()}
    (model,) = diff(base, replace(snapshot, models=made), base=base).models
    assert set(told((model,)).values()) == {"pending"}


def test_a_new_manifest_is_of_this_change_set() -> None:
    assert of(catalog(), catalog(), catalog(INK)) == {"create": "pending"}


@pytest.mark.parametrize(
    ("base", "came"), [(catalog(INK), "pending"), (catalog(), "drift")], ids=["in base", "not"]
)
def test_a_model_whose_manifest_is_gone(base: Catalog, came: str) -> None:
    (model,) = diff(catalog(), server(catalog(INK), catalog()), base=base, prune=True).models
    assert (model.verb, model.came) == ("delete", came)


def test_a_catalog_by_another_name_is_none_that_was_applied() -> None:
    base = replace(catalog(INK), name="other")
    assert set(of(base, Catalog("acme"), catalog(INK)).values()) == {"pending"}


def test_without_a_base_nothing_is_told_of_where_a_difference_comes_from() -> None:
    wanted = catalog(spec({"tags": words("ink")}))
    (model,) = diff(wanted, server(catalog(INK), wanted)).models
    assert model.came is None
    assert {change.came for change in model.changes} == {None}


@pytest.mark.parametrize("field", ["description", "prompt_guide"])
def test_a_line_that_links_to_a_renamed_manifest_was_changed_by_hand_alone(field: str) -> None:
    def linking(key: str, words: str) -> ModelSpec:
        mention = Mention(f"{{model:{key}}}", ModelRef(key=key))
        return spec({field: Text(("See ", mention, words))})

    old, fresh = spec({"key": "old"}), spec({"key": "fresh", "renamed_from": "old"})
    base, held = catalog(old, linking("old", ".")), catalog(old, linking("old", ", by hand."))
    wanted = catalog(fresh, linking("fresh", "."))
    found = of(base, held, wanted)
    assert found.pop("owner") == "pending"
    assert set(found.values()) == {"drift"}


def test_a_rename_that_an_apply_left_half_done_is_nobodys_edit() -> None:
    renamed = catalog(spec({"key": "ink-heroes", "renamed_from": "ink"}))
    both = frozenset(owner_tag("acme", key) for key in ("ink", "ink-heroes"))
    snapshot = marked(renamed, renamed, **{"ink-heroes": both})
    assert told(diff(renamed, snapshot, base=renamed).models) == {"owner": "pending"}


def test_an_edit_is_seen_of_a_concept_whose_manifest_is_gone() -> None:
    old = spec({"key": "old", "name": "Old"})
    base = catalog(old, spec({"concepts": scaled(old=0.5, base=1.0)}))
    held = catalog(old, spec({"concepts": scaled(old=0.7, base=1.0)}))
    wanted = catalog(spec({"concepts": scaled(base=1.0)}))
    snapshot = server(held, wanted)
    (old_id,) = (held.id for held in snapshot.models.values() if held.name == "Old")
    assert of(base, held, wanted) == {f"concepts.{old_id}.scale": "conflict"}


@pytest.mark.parametrize("state", [State.ABSENT, State.UNMANAGED])
def test_a_new_manifest_that_lets_a_model_go_is_of_this_change_set(state: State) -> None:
    held, wanted = (
        catalog(spec({"id": "model_ink", "state": each})) for each in (State.PRESENT, state)
    )
    (model,) = diff(wanted, server(held, wanted), base=catalog()).models
    assert (model.came, model.spec) == ("pending", wanted.models[-1])
