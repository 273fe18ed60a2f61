"""Canvases, captions, and the images that are deleted through a model."""

from collections.abc import Callable

import httpx
import pytest
from scenario_sdk import BadRequestError, NotFoundError, Scenario

from tests.sandbox.conftest import Pictures

SCENE = '{"layers": [{"name": "é"}]}'


def test_a_canvas_is_an_asset_with_a_thumbnail(client: Scenario, pictures: Pictures) -> None:
    made = client.assets.upload(name="scene", canvas=SCENE, thumbnail=pictures.encoded()).asset
    found = client.assets.retrieve(made.id).asset
    assert (found.source, found.metadata.type, found.kind) == ("canvas", "canvas", "json")
    assert (found.metadata.name, found.properties.size) == ("scene", len(SCENE.encode()))
    assert httpx.get(found.url).text == SCENE
    assert found.thumbnail is not None
    assert found.metadata.thumbnail is not None
    assert found.metadata.thumbnail.asset_id == found.thumbnail.asset_id
    assert httpx.get(found.thumbnail.url).headers["content-type"] == "image/png"
    assert client.assets.retrieve(found.thumbnail.asset_id).asset.kind == "image"


def test_a_canvas_takes_the_options_of_any_asset(
    client: Scenario, asset: Callable[[], str]
) -> None:
    parent, collection = asset(), client.collections.create(name="c").collection.id
    made = client.assets.upload(
        name="s", canvas="{}", hide=True, parent_id=parent, collection_ids=[collection]
    ).asset
    assert (made.is_hidden, made.collection_ids) == (True, [collection])
    assert made.metadata.parent_id == parent
    assert [each.id for each in client.assets.list(parent_asset_id=parent)] == [made.id]
    assert [each.id for each in client.assets.list(type="canvas")] == [made.id]


def test_beside_an_image_a_canvas_is_ignored(client: Scenario, pictures: Pictures) -> None:
    made = client.assets.upload(name="a", image=pictures.encoded(), canvas="{").asset
    assert (made.kind, made.thumbnail) == ("image", None)


@pytest.mark.parametrize("canvas", ["", "{", "[]", "5", "null"])
def test_a_bad_canvas_is_refused(client: Scenario, canvas: str) -> None:
    with pytest.raises(BadRequestError, match="Invalid canvas"):
        client.assets.upload(name="s", canvas=canvas)
    assert list(client.assets.list()) == []


def test_a_bad_thumbnail_leaves_nothing(client: Scenario) -> None:
    with pytest.raises(BadRequestError, match="Unhandled image format"):
        client.assets.upload(name="s", canvas="{}", thumbnail="AAAA")
    assert list(client.assets.list()) == []


def test_a_canvas_is_changed_in_place(client: Scenario, pictures: Pictures) -> None:
    made = client.assets.upload(name="s", canvas="{}", thumbnail=pictures.encoded()).asset
    told = client.assets.update(
        made.id, name="t", canvas=SCENE, thumbnail=pictures.encoded(), description="two"
    ).asset
    assert (told.metadata.name, told.description) == ("t", "two")
    assert told.properties.size == told.metadata.size == len(SCENE.encode())
    assert httpx.get(told.url).text == SCENE
    assert made.thumbnail is not None
    assert told.thumbnail is not None
    assert told.thumbnail.asset_id != made.thumbnail.asset_id
    assert told.updated_at > made.updated_at
    with pytest.raises(BadRequestError, match="Invalid canvas"):
        client.assets.update(made.id, name="u", canvas="{")
    assert client.assets.retrieve(made.id).asset.metadata.name == "t"


def test_a_description_is_the_caption_of_a_training_image(
    client: Scenario, asset: Callable[[], str]
) -> None:
    model, image, later = client.models.create().model.id, asset(), asset()
    client.models.training_images.add(model, asset_id=image)
    assert client.assets.update(image, description="ink hero").asset.description == "ink hero"
    client.assets.update(later, description="full body")
    client.models.training_images.add(model, asset_id=later)
    found = client.models.retrieve(model).model.training_images or []
    assert [each.description for each in found] == ["ink hero", "full body"]


def test_only_canvases_are_renamed(
    client: Scenario, stranger: Scenario, asset: Callable[[], str]
) -> None:
    image = asset()
    with pytest.raises(BadRequestError, match="only available for canvases"):
        client.assets.update(image, name="b.png")
    for whose, each in ((stranger, image), (client, "asset_none")):
        with pytest.raises(NotFoundError):
            whose.assets.update(each, description="x")


def test_images_are_deleted_through_their_model(
    client: Scenario, stranger: Scenario, asset: Callable[[], str]
) -> None:
    model = client.models.create().model.id
    first, second, cover, foreign = (asset() for _ in range(4))
    client.models.examples.update(model, asset_ids=[first, second])
    client.models.update(model, thumbnail=cover)
    with pytest.raises(BadRequestError, match="is not an image of the model"):
        client.models.delete_images(model, ids=[first, foreign])
    with pytest.raises(BadRequestError, match="Too many assetIds"):
        client.models.delete_images(model, ids=[first] * 101)
    with pytest.raises(NotFoundError):
        stranger.models.delete_images(model, ids=[first])
    assert client.models.delete_images(model, ids=[first, cover]) == {}
    found = client.models.retrieve(model).model
    assert (found.example_asset_ids, found.thumbnail) == ([second], None)
    left = client.assets.get_bulk(asset_ids=[first, second, cover, foreign]).assets
    assert [each.id for each in left] == [second, foreign]


@pytest.mark.parametrize("query", [{}, {"ids": ""}])
def test_images_must_be_named(client: Scenario, raw: httpx.Client, query: dict[str, str]) -> None:
    model = client.models.create().model.id
    assert raw.delete(f"/models/{model}/images", params=query).status_code == 400
