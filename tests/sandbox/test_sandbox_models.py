"""Models: create, retrieve, update, delete, as the official client sees them."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import scenario_sdk
from scenario_sdk import BadRequestError, NotFoundError, Scenario

from catalogsync.sandbox.server import Running


def test_a_model_is_created_new_and_read_back(client: Scenario, project: str) -> None:
    made = client.models.create(name="Cinematic", short_description="Moody.", type="flux.1-lora")
    found = client.models.retrieve(made.model.id).model
    assert (found.name, found.short_description, found.type) == (
        "Cinematic",
        "Moody.",
        "flux.1-lora",
    )
    assert (found.status, found.privacy, found.source) == ("new", "private", "scenario")
    assert found.owner_id == project
    assert found.id.startswith("model_")
    assert found.tags == found.example_asset_ids == found.collection_ids == []
    assert found.created_at == found.updated_at


def test_an_empty_create_makes_a_nameless_model(client: Scenario) -> None:
    assert client.models.create().model.name is None


def test_two_models_may_have_the_same_name(client: Scenario) -> None:
    first, second = (client.models.create(name="Twin").model for _ in range(2))
    assert first.id != second.id


def test_a_create_takes_class_concepts_and_collections(client: Scenario) -> None:
    base = client.models.create(type="flux.1-lora").model
    collection = client.collections.create(name="Heroes").collection
    made = client.models.create(
        type="flux.1-composition",
        class_slug="art-style-character",
        concepts=[{"model_id": base.id, "scale": -0.5}],
        collection_ids=[collection.id],
    ).model
    assert made.class_ is not None
    assert made.class_.slug == "art-style-character"
    assert made.concepts is not None
    assert (made.concepts[0].api_model_id, made.concepts[0].scale) == (base.id, -0.5)
    assert made.collection_ids == [collection.id]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x" * 65},
        {"name": ""},
        {"name": 5},
        {"name": None},
        {"shortDescription": "x" * 257},
        {"type": "flux.9"},
        {"type": None},
        {"classSlug": "not a slug!"},
        {"type": "flux.1-composition"},
        {"concepts": [{"modelId": "model_none", "scale": 1}]},
        {"concepts": [{"modelId": "model_none"}]},
        {"concepts": "none"},
        {"collectionIds": ["collection_none"]},
        {"baseModelId": ""},
    ],
)
def test_a_create_with_a_bad_field_is_refused(raw: httpx.Client, body: dict[str, Any]) -> None:
    answer = raw.post("/models", json=body)
    assert answer.status_code == 400
    assert answer.json()["reason"]
    assert answer.json()["trace_id"]
    assert raw.get("/models").json()["models"] == []


@pytest.mark.parametrize("scale", [2.01, -2.01, "1", True])
def test_a_concept_out_of_scale_is_refused(
    client: Scenario, raw: httpx.Client, scale: object
) -> None:
    base = client.models.create().model
    body = {"concepts": [{"modelId": base.id, "scale": scale}]}
    assert raw.post("/models", json=body).status_code == 400


def test_concepts_belong_to_flux_models(client: Scenario) -> None:
    base = client.models.create().model
    concepts = [{"model_id": base.id, "scale": 1.0}]
    with pytest.raises(BadRequestError):
        client.models.create(type="qwen-image-lora", concepts=concepts)  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"name": "\\ud800"}', b'{"name": NaN}', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(raw: httpx.Client, body: bytes) -> None:
    assert raw.post("/models", content=body).status_code == 400


def test_retired_types_are_gone(raw: httpx.Client, client: Scenario) -> None:
    answer = raw.post("/models", json={"type": "sd-xl-lora"})
    assert answer.status_code == 410
    assert answer.json()["reason"] == "Creating SD 1.5 and SDXL models is no longer available."
    model = client.models.create().model
    assert raw.put(f"/models/{model.id}", json={"type": "sd-1_5"}).status_code == 410


def test_an_update_changes_only_what_it_names(client: Scenario) -> None:
    model = client.models.create(name="Before", short_description="Kept.").model
    changed = client.models.update(model.id, name="After", prompt_embedding="ink, ").model
    assert (changed.name, changed.short_description) == ("After", "Kept.")
    assert changed.prompt_embedding == "ink, "
    cleared = client.models.update(model.id, prompt_embedding="", short_description="").model
    assert (cleared.prompt_embedding, cleared.short_description) == ("", "")


def test_parameters_are_merged(client: Scenario) -> None:
    model = client.models.create().model
    client.models.update(model.id, parameters={"rank": 16, "max_train_steps": 10})
    found = client.models.update(model.id, parameters={"rank": 32}).model.parameters
    assert found is not None
    assert (found.rank, found.max_train_steps) == (32, 10)


@pytest.mark.parametrize(
    "body",
    [
        {"name": None},
        {"shortDescription": None},
        {"promptEmbedding": None},
        {"concepts": None},
        {"parameters": None},
        {"parameters": {"rank": "16"}},
        {"parameters": {"rank": True}},
        {"parameters": {"invented": 1}},
        {"thumbnail": "asset_none"},
        {"epoch": "000001"},
    ],
)
def test_an_update_with_a_bad_field_changes_nothing(
    client: Scenario, raw: httpx.Client, body: dict[str, Any]
) -> None:
    model = client.models.create(name="Same").model
    assert raw.put(f"/models/{model.id}", json={"name": "Other", **body}).status_code == 400
    assert client.models.retrieve(model.id).model.to_dict() == model.to_dict()


def test_null_unsets_class_thumbnail_and_epoch(
    client: Scenario, raw: httpx.Client, server: Running, asset: Callable[[], str]
) -> None:
    model = client.models.create(type="flux.1-lora", class_slug="art").model
    server.control.set_status(model.id, "trained")
    server.control.set_epochs(model.id, ["000001", "000002"])
    image = asset()
    full = client.models.update(model.id, thumbnail=image, epoch="000002").model
    assert full.thumbnail is not None
    assert full.thumbnail.asset_id == image
    assert full.epoch == "000002"
    nulls = {"classSlug": None, "thumbnail": None, "epoch": None}
    emptied = raw.put(f"/models/{model.id}", json=nulls).json()["model"]
    assert emptied.keys().isdisjoint({"class", "thumbnail", "epoch"})


def test_an_epoch_needs_a_trained_model_that_has_it(client: Scenario, server: Running) -> None:
    lora = client.models.create(type="flux.1-lora").model
    server.control.set_epochs(lora.id, ["000001"])
    with pytest.raises(BadRequestError):
        client.models.update(lora.id, epoch="000001")
    server.control.set_status(lora.id, "trained")
    with pytest.raises(BadRequestError):
        client.models.update(lora.id, epoch="000009")
    assert client.models.update(lora.id, epoch="000001").model.epoch == "000001"
    other = client.models.create(type="zimage-lora").model
    server.control.set_epochs(other.id, ["000001"])
    server.control.set_status(other.id, "trained")
    with pytest.raises(BadRequestError):
        client.models.update(other.id, epoch="000001")


def test_the_type_changes_only_while_the_model_is_new(client: Scenario, server: Running) -> None:
    model = client.models.create(type="flux.1-lora").model
    assert client.models.update(model.id, type="zimage-lora").model.type == "zimage-lora"
    server.control.set_status(model.id, "trained")
    with pytest.raises(BadRequestError):
        client.models.update(model.id, type="flux.1-lora")
    assert client.models.update(model.id, type="zimage-lora").model.type == "zimage-lora"


def test_updated_at_moves_with_every_write(client: Scenario, asset: Callable[[], str]) -> None:
    model_id = client.models.create(name="Clock").model.id
    image = asset()
    writes: list[Callable[[], object]] = [
        lambda: client.models.update(model_id, name="Clock"),
        lambda: client.models.update_tags(model_id, add=["a"], strict=False),
        lambda: client.models.update_tags(model_id, add=["a"], strict=False),
        lambda: client.models.description.update(model_id, description="x"),
        lambda: client.models.prompt_guide.update(model_id, prompt_guide="x"),
        lambda: client.models.examples.update(model_id, asset_ids=[image]),
    ]
    stamps = [client.models.retrieve(model_id).model.updated_at]
    for write in writes:
        write()
        stamps.append(client.models.retrieve(model_id).model.updated_at)
    assert stamps == sorted(set(stamps))


def test_a_deleted_model_is_gone(client: Scenario) -> None:
    model = client.models.create(name="Doomed").model
    assert client.models.delete(model.id) == {}
    for read in (
        client.models.retrieve,
        client.models.delete,
        client.models.description.retrieve,
        client.models.prompt_guide.retrieve,
        client.models.examples.list,
    ):
        with pytest.raises(NotFoundError):
            read(model.id)
    assert client.models.list().models == []


def test_a_model_of_another_project_is_not_found(client: Scenario, stranger: Scenario) -> None:
    model = client.models.create(name="Mine").model
    for act in (stranger.models.retrieve, stranger.models.update, stranger.models.delete):
        with pytest.raises(NotFoundError):
            act(model.id)
    assert stranger.models.list().models == []
    assert stranger.models.get_bulk(model_ids=[model.id]).models == []


def test_without_a_project_there_is_a_default_one(server: Running) -> None:
    with scenario_sdk.Scenario(api_key="k", api_secret="s", base_url=server.url) as client:
        assert client.models.create().model.owner_id == "proj_default"


def test_training_images_are_whole_on_retrieve_and_three_in_lists(
    client: Scenario, server: Running, asset: Callable[[], str]
) -> None:
    model = client.models.create().model
    images = [asset() for _ in range(4)]
    server.control.set_training_images(model.id, images)
    whole = client.models.retrieve(model.id).model
    assert whole.training_images is not None
    assert [image.id for image in whole.training_images] == images
    listed = client.models.list().models[0]
    assert listed.training_images is not None
    assert len(listed.training_images) == 3
    assert listed.training_images_number == 4
    assert (whole.inputs, listed.inputs) == ([], None)
