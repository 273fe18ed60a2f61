"""Lists of models: pages, filters, order, get-bulk."""

from collections.abc import Callable

import httpx
import pytest
from scenario_sdk import BadRequestError, Scenario

from catalogsync.sandbox.server import Running


def test_a_list_comes_in_pages_newest_first(client: Scenario) -> None:
    made = [client.models.create(name=f"m{number}").model.id for number in range(5)]
    first = client.models.list(page_size=2)
    assert [model.id for model in first.models] == made[:2:-1]
    assert first.next_pagination_token
    assert [model.id for model in client.models.list(page_size=2)] == made[::-1]
    oldest = client.models.list(page_size=2, sort_by="createdAt", sort_direction="asc")
    assert [model.id for model in oldest] == made


def test_the_last_page_has_no_token(raw: httpx.Client, client: Scenario) -> None:
    for _ in range(2):
        client.models.create()
    assert "nextPaginationToken" not in raw.get("/models", params={"pageSize": 2}).json()


def test_a_list_has_100_items_unless_told_otherwise(
    client: Scenario, server: Running, project: str
) -> None:
    server.control.create_models([{"name": f"m{number}"} for number in range(101)], project)
    assert len(client.models.list().models) == 100
    assert len(client.models.list(page_size=500).models) == 101


@pytest.mark.parametrize("size", ["0", "501", "-1", "x", "1.5", "", "²"])
def test_a_bad_page_size_is_refused(raw: httpx.Client, size: str) -> None:
    answer = raw.get("/models", params={"pageSize": size})
    assert answer.status_code == 400


@pytest.mark.parametrize("token", ["x", "AAAA", "bm90IHNpZ25lZA", "☃"])
def test_a_token_the_server_did_not_make_is_refused(client: Scenario, token: str) -> None:
    with pytest.raises(BadRequestError):
        client.models.list(pagination_token=token)


def test_a_token_of_another_list_is_refused(client: Scenario) -> None:
    for name in ("a", "b"):
        client.collections.create(name=name)
    token = client.collections.list(page_size=1).next_pagination_token
    assert token
    with pytest.raises(BadRequestError):
        client.models.list(pagination_token=token)


def test_models_are_listed_by_status(client: Scenario, server: Running, project: str) -> None:
    fresh = client.models.create().model.id
    trained = server.control.create_model(project)
    gone = client.models.create().model.id
    client.models.delete(gone)
    assert [model.id for model in client.models.list(status="new")] == [fresh]
    assert [model.id for model in client.models.list(status="trained")] == [trained]
    assert {model.id for model in client.models.list()} == {fresh, trained}
    (deleted,) = client.models.list(status="deleted")
    assert deleted.id == gone
    assert deleted.deleted_at


def test_an_unknown_status_lists_everything_even_the_deleted(
    client: Scenario, raw: httpx.Client
) -> None:
    kept, gone = (client.models.create().model.id for _ in range(2))
    client.models.delete(gone)
    listed = raw.get("/models", params={"status": "odd"}).json()["models"]
    assert [model["id"] for model in listed] == [gone, kept]


def test_models_are_listed_by_collection(client: Scenario) -> None:
    inside, _ = (client.models.create().model.id for _ in range(2))
    collection = client.collections.create(name="c").collection.id
    client.collections.models.add(collection, model_ids=[inside])
    assert [model.id for model in client.models.list(collection_id=collection)] == [inside]


def test_models_are_listed_by_date(client: Scenario) -> None:
    model = client.models.create().model
    none = client.models.list(created_after=model.created_at, sort_by="createdAt")
    assert none.models == []
    assert len(client.models.list(created_after="2020-01-01", sort_by="createdAt").models) == 1
    with pytest.raises(BadRequestError):
        client.models.list(created_after=model.created_at)


@pytest.mark.parametrize(
    "query",
    [
        {"tags": "a"},
        {"type": "flux.1-lora"},
        {"types": "a,b"},
        {"collectionIds": "a"},
        {"updatedAfter": "2020-01-01"},
        {"sortBy": "updatedAt"},
        {"sortBy": "score"},
        {"sortDirection": "up"},
        {"privacy": "odd"},
    ],
)
def test_filters_for_public_models_are_refused(raw: httpx.Client, query: dict[str, str]) -> None:
    assert raw.get("/models", params=query).status_code == 400


def test_there_are_no_public_models(client: Scenario) -> None:
    client.models.create()
    assert client.models.list(privacy="public", tags="a").models == []
    assert len(client.models.list(privacy="private", status="new", sort_by="score").models) == 1


def test_bulk_keeps_the_order_asked_and_leaves_out_the_unknown(client: Scenario) -> None:
    first, second = (client.models.create().model.id for _ in range(2))
    found = client.models.get_bulk(model_ids=[second, "model_none", first, second]).models
    assert [model.id for model in found] == [second, first]
    assert client.models.get_bulk().models == []


def test_bulk_tells_what_its_switches_ask_for(
    client: Scenario, server: Running, asset: Callable[[], str]
) -> None:
    model_id = client.models.create(name="n").model.id
    client.models.update(model_id, prompt_embedding="p")
    images = [asset() for _ in range(4)]
    server.control.set_training_images(model_id, images)
    (plain,) = client.models.get_bulk(model_ids=[model_id]).models
    assert (plain.prompt_embedding, plain.thumbnail) == (None, None)
    assert len(plain.training_images or []) == 3
    (rich,) = client.models.get_bulk(
        model_ids=[model_id], settings=True, thumbnail=True, all_training_images=True
    ).models
    assert rich.prompt_embedding == "p"
    assert rich.thumbnail is not None
    assert rich.thumbnail.asset_id == images[0]
    assert len(rich.training_images or []) == 4
    (least,) = client.models.get_bulk(model_ids=[model_id], minimal=True, settings=True).models
    assert least.to_dict().keys() == {"id", "name", "type", "privacy"}


def test_bulk_refuses_more_than_200_ids(client: Scenario) -> None:
    with pytest.raises(BadRequestError):
        client.models.get_bulk(model_ids=[f"model_{number}" for number in range(201)])
