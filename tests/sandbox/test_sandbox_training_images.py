"""Training images and their pairs."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from scenario_sdk import BadRequestError, NotFoundError, RateLimitError, Scenario

from catalogsync.sandbox import running
from catalogsync.sandbox.server import Running
from tests.sandbox.conftest import Connect, Pictures


def images_of(client: Scenario, model_id: str) -> list[str]:
    return [each.id for each in client.models.retrieve(model_id).model.training_images or []]


def test_one_image_is_added_from_an_asset(client: Scenario, asset: Callable[[], str]) -> None:
    model, image = client.models.create().model, asset()
    added = client.models.training_images.add(model.id, asset_id=image, preset="style")
    assert (added.training_image.id, added.training_image.name) == (image, "a.png")
    assert httpx.get(added.training_image.download_url).headers["content-type"] == "image/png"
    found = client.models.retrieve(model.id).model
    assert found.training_images_number == 1
    assert found.updated_at > model.updated_at


def test_one_image_is_added_from_its_bytes(client: Scenario, pictures: Pictures) -> None:
    model, content = client.models.create().model, pictures.png()
    url = "data:image/png;base64," + base64.b64encode(content).decode()
    added = client.models.training_images.add(model.id, data=url, name="b.png").training_image
    assert added.name == "b.png"
    assert client.assets.retrieve(added.id).asset.metadata.name == "b.png"
    assert httpx.get(added.download_url).content == content


def test_up_to_ten_are_added_in_order(client: Scenario, asset: Callable[[], str]) -> None:
    model, images = client.models.create().model, [asset() for _ in range(11)]
    client.models.training_images.add(model.id, asset_ids=images[:10])
    assert images_of(client, model.id) == images[:10]
    other = client.models.create().model
    with pytest.raises(BadRequestError, match="Too many assetIds provided in a single request"):
        client.models.training_images.add(other.id, asset_ids=images)
    assert images_of(client, other.id) == []


def test_an_image_is_added_once(client: Scenario, asset: Callable[[], str]) -> None:
    model, first, second = client.models.create().model, asset(), asset()
    client.models.training_images.add(model.id, asset_id=first)
    for body in ({"asset_id": first}, {"asset_ids": [second, first]}):
        with pytest.raises(BadRequestError, match="is already a training image of this model"):
            client.models.training_images.add(model.id, **body)
    assert images_of(client, model.id) == [first]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"assetIds": []},
        {"assetId": "asset_none"},
        {"assetIds": ["asset_none"]},
        {"assetIds": ["asset_x", "asset_x"]},
        {"assetId": "asset_x", "assetIds": ["asset_y"]},
        {"assetIds": ["asset_y"], "data": "data:,", "name": "x"},
        {"data": "data:image/png;base64,AAAA", "name": "x.png"},
        {"data": "data:image/png;base64,AAAA"},
        {"assetId": 5},
        {"assetId": "asset_x", "preset": "none"},
    ],
)
def test_a_bad_image_is_refused(
    client: Scenario, raw: httpx.Client, asset: Callable[[], str], body: dict[str, Any]
) -> None:
    model, image = client.models.create().model, asset()
    client.models.training_images.add(model.id, asset_id=image)
    path = f"/models/{model.id}/training-images"
    for answer in (raw.post(path, json=body), raw.put(f"{path}/{image}", json=body)):
        assert answer.status_code == 400
        assert answer.json()["reason"]
    assert images_of(client, model.id) == [image]


def test_data_beside_an_asset_is_ignored(
    raw: httpx.Client, client: Scenario, asset: Callable[[], str]
) -> None:
    model, image = client.models.create().model, asset()
    body = {"assetId": image, "data": 5, "name": ""}
    assert raw.post(f"/models/{model.id}/training-images", json=body).status_code == 200


def test_a_replaced_image_keeps_its_place(client: Scenario, asset: Callable[[], str]) -> None:
    model, (first, second, third) = client.models.create().model, [asset() for _ in range(3)]
    client.models.training_images.add(model.id, asset_ids=[first, second])
    change = client.models.training_images.replace
    told = change(first, model_id=model.id, asset_id=third)
    assert told.training_image.id == third
    assert images_of(client, model.id) == [third, second]
    with pytest.raises(BadRequestError, match="already a training image"):
        change(third, model_id=model.id, asset_id=second)
    with pytest.raises(BadRequestError):
        change(third, model_id=model.id, asset_ids=[first, asset()])
    with pytest.raises(NotFoundError):
        change(first, model_id=model.id, asset_id=asset())


def test_a_deleted_image_leaves_the_set_and_its_pairs(
    client: Scenario, asset: Callable[[], str]
) -> None:
    model, images = client.models.create().model, [asset() for _ in range(3)]
    first, second, third = images
    client.models.training_images.add(model.id, asset_ids=images)
    pairs: Any = [
        {"source_id": first, "target_id": second},
        {"source_id": third, "target_id": third},
    ]
    client.models.training_images.replace_pairs(model.id, body=pairs)
    assert client.models.training_images.delete(second, model_id=model.id) == {}
    found = client.models.retrieve(model.id).model
    assert images_of(client, model.id) == [first, third]
    assert [pair.source_id for pair in found.training_image_pairs or []] == [third]
    assert client.assets.retrieve(second).asset.id == second
    with pytest.raises(NotFoundError):
        client.models.training_images.delete(second, model_id=model.id)


def test_a_deleted_asset_leaves_the_training_set(
    client: Scenario, asset: Callable[[], str]
) -> None:
    model, images = client.models.create().model, [asset(), asset()]
    client.models.training_images.add(model.id, asset_ids=images)
    client.assets.delete_multiple(asset_ids=images[:1])
    assert images_of(client, model.id) == images[1:]


def test_pairs_are_replaced_in_order(client: Scenario, asset: Callable[[], str]) -> None:
    model, (first, second) = client.models.create().model, [asset(), asset()]
    client.models.training_images.add(model.id, asset_ids=[first, second])
    replace = client.models.training_images.replace_pairs
    there: Any = {"source_id": first, "target_id": second, "instruction": "make it rain"}
    back: Any = {"source_id": second, "target_id": first}
    for wanted in ([there, back], [back], []):
        told = replace(model.id, body=wanted)
        assert told.count == len(wanted)
        kept = client.models.retrieve(model.id).model.training_image_pairs or []
        shown = [pair.to_dict(use_api_names=False) for pair in kept]
        assert shown == wanted == [each.to_dict(use_api_names=False) for each in told.pairs]


@pytest.mark.parametrize(
    "body",
    [None, {}, [1], [{}], [{"sourceId": "asset_x", "targetId": "asset_y"}], [{"x": 1}] * 501],
)
def test_bad_pairs_are_refused(client: Scenario, raw: httpx.Client, body: object) -> None:
    model = client.models.create().model
    sent: dict[str, Any] = {} if body is None else {"json": body}
    answer = raw.put(f"/models/{model.id}/training-images/pairs", **sent)
    assert answer.status_code == 400
    assert client.models.retrieve(model.id).model.training_image_pairs is None


def test_the_ceiling_of_a_set_is_that_of_the_plan(
    tmp_path: Path, connect: Connect, pictures: Pictures
) -> None:
    with running(tmp_path, max_training_images=2) as own:
        client = connect(own.url)
        model = client.models.create().model.id
        images = [
            client.assets.upload(name="a", image=pictures.encoded()).asset.id for _ in range(3)
        ]
        with pytest.raises(RateLimitError) as refused:
            client.models.training_images.add(model, asset_ids=images)
        assert images_of(client, model) == []
        client.models.training_images.add(model, asset_ids=images[:2])
        client.models.training_images.replace(images[0], model_id=model, asset_id=images[2])
    details = {"actionName": "add-training-image", "actionLimit": 2}
    assert refused.value.response.json()["details"] == details


@pytest.mark.parametrize("status", ["training", "copying"])
def test_nothing_is_touched_while_a_model_is_busy(
    client: Scenario, server: Running, asset: Callable[[], str], status: str
) -> None:
    model, image = client.models.create().model.id, asset()
    client.models.training_images.add(model, asset_id=image)
    server.control.set_status(model, status)
    wanted = client.models.training_images
    changes: list[Callable[[], object]] = [
        lambda: wanted.add(model, asset_id=asset()),
        lambda: wanted.replace(image, model_id=model, asset_id=asset()),
        lambda: wanted.delete(image, model_id=model),
        lambda: wanted.replace_pairs(model, body=[]),
        lambda: client.models.train.trigger(model),
    ]
    for change in changes:
        with pytest.raises(BadRequestError) as refused:
            change()
        if status == "training":
            assert refused.value.response.json()["reason"] == "Model is already training"
    assert images_of(client, model) == [image]


def test_the_sets_of_other_projects_are_not_there(
    client: Scenario, stranger: Scenario, asset: Callable[[], str]
) -> None:
    model, image = client.models.create().model, asset()
    client.models.training_images.add(model.id, asset_id=image)
    with pytest.raises(NotFoundError):
        stranger.models.training_images.delete(image, model_id=model.id)
    foreign = stranger.models.create().model.id
    with pytest.raises(BadRequestError):
        stranger.models.training_images.add(foreign, asset_id=image)
