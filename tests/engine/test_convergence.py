"""What must hold for every catalog and every state of the server."""

import contextlib
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogsync.marks import owner_tag
from catalogsync.model import Catalog, ModelSpec
from catalogsync.outcome import Status
from catalogsync.texts import as_compared
from tests.engine.catalogs import FILES, HandEdit, catalogs, hand_edits
from tests.engine.fake import Crash, FakeServer, files_of
from tests.engine.run import plan, run

open_file = files_of(FILES)
thorough = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def edit_by_hand(server: FakeServer, edits: list[HandEdit]) -> None:
    """Let people loose on the models that are there."""
    for model, edit in zip(list(server.models.values()), edits, strict=False):
        marks = {tag for tag in model.tags if tag.startswith("catalog-sync:")}
        at = edit.shuffle % (len(model.examples) + 1)
        server.descriptions[model.id] = edit.description
        server.edit(
            model.id,
            short_description=edit.short_description,
            tags=edit.tags | marks,
            examples=model.examples[at:] + model.examples[:at],
            thumbnail="" if edit.drop_thumbnail else model.thumbnail,
        )
        edit_training_by_hand(server, model.id, edit)


def edit_training_by_hand(server: FakeServer, model_id: str, edit: HandEdit) -> None:
    """Take images out of a training set, describe one otherwise, undo pairs and a parameter."""
    images = server.models[model_id].training_images or ()
    for image in images[: edit.drop_images]:
        server.remove_training_image(model_id, image.asset.id)
    for image in images[-1:]:
        server.set_caption(image.asset.id, edit.caption)
    server.edit(
        model_id,
        training_pairs=(server.models[model_id].training_pairs or ())[::-1],
        training_parameters=(("rank", 3.0),),
    )


@thorough
@given(catalog=catalogs(), edits=st.lists(hand_edits, max_size=4))
def test_after_an_apply_there_is_nothing_left_to_do(
    catalog: Catalog, edits: list[HandEdit]
) -> None:
    server = FakeServer()
    first = run(server, catalog, open_file)
    assert {outcome.status for outcome in first} <= {Status.DONE}
    assert not plan(server, catalog).models
    edit_by_hand(server, edits)
    second = run(server, catalog, open_file)
    assert {outcome.status for outcome in second} <= {Status.DONE}
    writes = len(server.writes)
    assert not plan(server, catalog).models
    assert run(server, catalog, open_file) == []
    assert len(server.writes) == writes


@thorough
@given(before=catalogs(), after=catalogs())
def test_any_catalog_can_follow_any_other(before: Catalog, after: Catalog) -> None:
    server = FakeServer()
    run(server, before, open_file)
    outcomes = run(server, after, open_file, prune=True)
    refused = {refusal.model for refusal in plan(server, after, prune=True).refusals}
    assert {outcome.status for outcome in outcomes} <= {Status.DONE}
    assert not plan(server, after, prune=True).models
    kept = {key for key in refused if key not in {spec.key for spec in after.models}}
    assert len(server.models) == len(after.models) + len(kept)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(catalog=catalogs(), at=st.integers(0, 30), applied=st.booleans())
def test_any_prefix_of_a_run_converges_without_duplicates(
    catalog: Catalog, at: int, applied: bool
) -> None:
    server = FakeServer()
    crash_at(server, at, applied=applied)
    with contextlib.suppress(Crash):
        run(server, catalog, open_file, jobs=1)
    server.before_write = server.after_write = lambda name: None
    outcomes = run(server, catalog, open_file)
    assert {outcome.status for outcome in outcomes} <= {Status.DONE}
    made = [model for model in server.imports.values() if model]
    assert len(made) <= sum(1 for spec in catalog.models if spec.weights)
    clear_up(server, catalog)
    outcomes = run(server, catalog, open_file)
    assert {outcome.status for outcome in outcomes} <= {Status.DONE}
    assert not plan(server, catalog).models
    assert len(server.models) == len(catalog.models)
    assert not notes(server)
    assert max(Counter(a.digest for a in server.assets.values()).values(), default=1) == 1


def notes(server: FakeServer) -> list[str]:
    """The ids of the collections that say that something is imported."""
    return [id for id, name in server.collections.items() if name.startswith("catalog-sync ")]


def clear_up(server: FakeServer, catalog: Catalog) -> None:
    """What a person does about an import of which nobody can know whether it was begun."""
    unclear = {r.model for r in plan(server, catalog).refusals if r.code == "import-unclear"}
    if unclear:
        server.models = {id: model for id, model in server.models.items() if model.tags}
        for collection_id in notes(server):
            del server.collections[collection_id]


def crash_at(server: FakeServer, at: int, *, applied: bool) -> None:
    """Die at a write: before it takes effect, or after."""
    seen = 0

    def count(name: str) -> None:
        nonlocal seen
        seen += 1
        if seen > at:
            raise Crash

    if applied:
        server.after_write = count
    else:
        server.before_write = count


@thorough
@given(catalog=catalogs(), seed=st.randoms(use_true_random=False))
def test_the_same_inputs_give_the_same_digest(catalog: Catalog, seed: object) -> None:
    server = FakeServer()
    one = plan(server, catalog)
    shuffled = list(catalog.files.items())
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    two = plan(FakeServer(), replace(catalog, files=dict(shuffled)))
    assert (one, one.digest) == (two, two.digest)


@thorough
@given(catalog=catalogs())
def test_what_a_manifest_does_not_manage_is_in_no_request(catalog: Catalog) -> None:
    server = FakeServer()
    run(server, catalog, open_file)
    keys = {spec.key: spec for spec in catalog.models}
    owned = {
        model.id: next(keys[k] for k in keys if owner_tag("acme", k) in model.tags)
        for model in server.models.values()
    }
    for name, what in server.writes:
        if name == "update_model":
            spec = owned[what["id"]]
            plain = [field for field in what if field not in ("id", "parameters")]
            assert all(manages(spec, field) for field in plain)
            named = dict(spec.training_parameters or ())
            assert what.get("parameters", {}).keys() <= named.keys()
        if name in ("add_training_images", "remove_training_image"):
            assert owned[what["id"]].training_images is not None
        if name == "set_training_pairs":
            assert owned[what["id"]].training_pairs is not None
        if name == "set_caption":
            assert what["caption"] in captions_managed(server, catalog, what["id"])
        if name in ("set_description", "set_prompt_guide", "set_examples"):
            assert manages(owned[what["id"]], name.removeprefix("set_"))
    for model in server.models.values():
        spec = owned[model.id]
        assert spec.description is not None or model.id not in server.descriptions
        assert spec.examples is not None or model.examples == ()


def captions_managed(server: FakeServer, catalog: Catalog, asset_id: str) -> set[str]:
    """The captions that manifests want for an asset."""
    images = (image for spec in catalog.models for image in spec.training_images or ())
    digest = server.assets[asset_id].digest
    wanted = {image.caption for image in images if image.asset.digest == digest}
    return {as_compared(caption) for caption in wanted if caption is not None}


def manages(spec: ModelSpec, field: str) -> bool:
    """Whether the manifest names the field, in the API's or in our spelling."""
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in field)
    return getattr(spec, snake) is not None


@thorough
@given(catalog=catalogs(), chosen=st.integers(0, 3), name=st.sampled_from(("New", "Newer")))
def test_a_change_to_one_manifest_touches_that_model_only(
    catalog: Catalog, chosen: int, name: str
) -> None:
    server = FakeServer()
    run(server, catalog, open_file)
    models = list(catalog.models)
    at = chosen % len(models)
    models[at] = replace(models[at], name=name, tags=frozenset({"changed"}))
    found = plan(server, replace(catalog, models=tuple(models)))
    assert [model.key for model in found.models] == [models[at].key]
    assert not found.uploads


@pytest.mark.parametrize("jobs", [1, 16])
def test_the_number_of_threads_makes_no_difference(jobs: int, example: Catalog) -> None:
    server = FakeServer()
    outcomes = run(server, example, open_file, jobs=jobs)
    assert {outcome.status for outcome in outcomes} == {Status.DONE}
    assert not plan(server, example).models
