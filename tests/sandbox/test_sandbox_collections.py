"""Collections and their members."""

from collections.abc import Callable

import httpx
import pytest
from scenario_sdk import BadRequestError, NotFoundError, Scenario


def test_a_collection_lives_and_dies(client: Scenario, project: str) -> None:
    made = client.collections.create(name="Heroes").collection
    assert (made.name, made.owner_id, made.item_count) == ("Heroes", project, 0)
    renamed = client.collections.update(made.id, name="Villains").collection
    assert renamed.name == "Villains"
    assert renamed.updated_at > made.updated_at
    assert client.collections.retrieve(made.id).collection.to_dict() == renamed.to_dict()
    assert client.collections.delete(made.id) == {}
    with pytest.raises(NotFoundError):
        client.collections.retrieve(made.id)


def test_collections_are_listed_ten_at_a_time(client: Scenario) -> None:
    made = [client.collections.create(name=f"c{number}").collection.id for number in range(12)]
    assert len(client.collections.list().collections) == 10
    assert [each.id for each in client.collections.list()] == made[::-1]
    with pytest.raises(BadRequestError):
        client.collections.list(page_size=101)


def test_a_thumbnail_is_set_and_unset(
    client: Scenario, raw: httpx.Client, asset: Callable[[], str]
) -> None:
    image = asset()
    made = client.collections.create(name="c").collection
    found = client.collections.update(made.id, thumbnail=image).collection
    assert found.thumbnail is not None
    assert found.thumbnail.asset_id == image
    assert httpx.get(found.thumbnail.url).status_code == 200
    body = raw.put(f"/collections/{made.id}", json={"thumbnail": None}).json()["collection"]
    assert "thumbnail" not in body
    with pytest.raises(BadRequestError):
        client.collections.update(made.id, thumbnail="asset_none")


def test_members_are_added_and_removed(client: Scenario, asset: Callable[[], str]) -> None:
    collection = client.collections.create(name="c").collection.id
    models = [client.models.create().model.id for _ in range(3)]
    image = asset()
    client.collections.models.add(collection, model_ids=models[:2])
    client.collections.models.add(collection, model_ids=models[2:])
    counted = client.collections.assets.add(collection, asset_ids=[image]).collection
    counts = (counted.api_model_count, counted.asset_count, counted.item_count)
    assert counts == (3, 1, 4)
    assert client.models.retrieve(models[0]).model.collection_ids == [collection]
    assert client.assets.retrieve(image).asset.collection_ids == [collection]
    left = client.collections.models.remove(collection, model_ids=models[1:]).collection
    assert left.api_model_count == 1
    left_assets = client.collections.assets.remove(collection, asset_ids=[image]).collection
    assert left_assets.asset_count == 0
    assert client.models.retrieve(models[1]).model.collection_ids == []


def test_a_member_is_not_added_twice(client: Scenario, asset: Callable[[], str]) -> None:
    collection = client.collections.create(name="c").collection.id
    image, other, model = asset(), asset(), client.models.create().model.id
    client.collections.assets.add(collection, asset_ids=[image])
    client.collections.models.add(collection, model_ids=[model])
    with pytest.raises(BadRequestError):
        client.collections.assets.add(collection, asset_ids=[other, image])
    with pytest.raises(BadRequestError):
        client.collections.models.add(collection, model_ids=[model])
    assert client.collections.retrieve(collection).collection.asset_count == 1


def test_at_most_49_members_at_once(client: Scenario) -> None:
    collection = client.collections.create(name="c").collection.id
    models = [client.models.create().model.id for _ in range(50)]
    with pytest.raises(BadRequestError):
        client.collections.models.add(collection, model_ids=models)
    client.collections.models.add(collection, model_ids=models[:49])
    with pytest.raises(BadRequestError):
        client.collections.models.remove(collection, model_ids=models)


def test_unknown_members_and_bad_names_are_refused(
    client: Scenario, stranger: Scenario, raw: httpx.Client
) -> None:
    collection = client.collections.create(name="c").collection.id
    foreign = stranger.models.create().model.id
    for model in ("model_none", foreign):
        with pytest.raises(BadRequestError):
            client.collections.models.add(collection, model_ids=[model])
    with pytest.raises(BadRequestError):
        client.collections.assets.add(collection, asset_ids=["asset_none"])
    client.collections.models.remove(collection, model_ids=["model_none"])
    for body in ({}, {"name": ""}, {"name": 5}):
        assert raw.post("/collections", json=body).status_code == 400
    with pytest.raises(NotFoundError):
        stranger.collections.models.add(collection, model_ids=[foreign])


def test_a_deleted_collection_and_a_deleted_member_leave_no_trace(client: Scenario) -> None:
    first, second = (client.collections.create(name=name).collection.id for name in "ab")
    model, doomed = (client.models.create().model.id for _ in range(2))
    for collection in (first, second):
        client.collections.models.add(collection, model_ids=[model, doomed])
    client.collections.delete(first)
    assert client.models.retrieve(model).model.collection_ids == [second]
    client.models.delete(doomed)
    assert client.collections.retrieve(second).collection.api_model_count == 1
