"""Copies of models, and models for other projects."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from scenario_sdk import BadRequestError, NotFoundError, RateLimitError, Scenario

from catalogsync.sandbox import running
from catalogsync.sandbox.server import Running
from tests.sandbox.conftest import Connect, Pictures

OTHER = "proj_other"
COPY = 1000.0
Make = Callable[[Scenario], str]


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, copy_s=COPY, queue_s=0, train_s=0) as own:
        yield own


@pytest.fixture
def client(slow: Running, connect: Connect) -> Scenario:
    return connect(slow.url)


@pytest.fixture
def other(slow: Running, connect: Connect) -> Scenario:
    return connect(slow.url, project_id=OTHER)


@pytest.fixture
def make(pictures: Pictures) -> Make:
    """A trained model with everything that hangs on one."""

    def trained(client: Scenario) -> str:
        images = [
            client.assets.upload(name=f"{name}.png", image=pictures.encoded()).asset.id
            for name in "abcd"
        ]
        model = client.models.create(name="Ink", short_description="Lines.").model.id
        client.models.training_images.add(model, asset_ids=images[:2])
        pair: Any = {"source_id": images[0], "target_id": images[1]}
        client.models.training_images.replace_pairs(model, body=[pair])
        client.models.train.trigger(model, parameters={"rank": 16})
        client.models.update(model, thumbnail=images[2], prompt_embedding="ink")
        client.models.examples.update(model, asset_ids=images[2:])
        client.models.description.update(model, description="text")
        client.models.update_tags(model, add=["a"])
        collection = client.collections.create(name="Heroes").collection.id
        client.collections.models.add(collection, model_ids=[model])
        return model

    return trained


def test_a_copy_is_copying_for_a_while(client: Scenario, slow: Running, make: Make) -> None:
    source = client.models.retrieve(make(client)).model
    copied = client.models.copy(source.id, copy_as_trained=True).model
    assert copied.id != source.id
    assert (copied.status, copied.parent_model_id) == ("copying", source.id)
    slow.control.advance(COPY * 0.9)
    assert client.models.retrieve(copied.id).model.status == "copying"
    slow.control.advance(COPY * 0.2)
    found = client.models.retrieve(copied.id).model
    assert (found.status, found.name, found.short_description) == ("trained", "Ink", "Lines.")
    assert (found.tags, found.collection_ids, found.prompt_embedding) == ([], [], "ink")
    assert found.example_asset_ids == source.example_asset_ids
    assert found.training_images_number == 2
    assert len(found.training_image_pairs or []) == 1
    assert found.thumbnail is not None
    assert source.thumbnail is not None
    assert found.thumbnail.asset_id == source.thumbnail.asset_id
    assert [each.epoch for each in found.epochs or []] == ["000001"]
    assert client.models.description.retrieve(copied.id).description.value == ""
    kept = client.models.retrieve(source.id).model
    assert (kept.updated_at, kept.tags) == (source.updated_at, ["a"])


def test_a_copy_without_training_is_new(client: Scenario, slow: Running, make: Make) -> None:
    copied = client.models.copy(make(client), copy_examples=False).model
    slow.control.advance(COPY + 1)
    found = client.models.retrieve(copied.id).model
    assert (found.status, found.epochs, found.job_id) == ("new", None, None)
    assert found.example_asset_ids == []
    assert found.training_images_number == 2


def test_copies_may_keep_their_tags(tmp_path: Path, connect: Connect) -> None:
    with running(tmp_path, copies_tags=True) as own:
        client = connect(own.url)
        model = client.models.create().model.id
        client.models.update_tags(model, add=["a"])
        assert client.models.copy(model).model.tags == ["a"]


def test_a_transfer_makes_a_model_of_another_project(
    client: Scenario, other: Scenario, slow: Running, make: Make
) -> None:
    source = make(client)
    moved = client.models.transfer(source, destination_project_id=OTHER).model
    assert (moved.owner_id, moved.status) == (OTHER, "copying")
    assert moved.id != source
    assert client.models.retrieve(source).model.status == "trained"
    slow.control.advance(COPY + 1)
    found = other.models.retrieve(moved.id).model
    assert (found.status, found.tags, found.name) == ("trained", [], "Ink")
    examples = found.example_asset_ids
    assert len(examples) == 2
    assert [each.id for each in other.assets.get_bulk(asset_ids=examples).assets] == examples
    old = client.models.retrieve(source).model.example_asset_ids
    for before, after in zip(old, examples, strict=True):
        contents = [
            httpx.get(whose.assets.retrieve(each).asset.url).content
            for whose, each in ((client, before), (other, after))
        ]
        assert contents[0] == contents[1]
    sets = {each.id for each in found.training_images or []}
    assert {pair.source_id for pair in found.training_image_pairs or []} <= sets
    with pytest.raises(NotFoundError):
        client.models.retrieve(moved.id)


def test_a_transfer_may_move_the_model(tmp_path: Path, connect: Connect, make: Make) -> None:
    with running(tmp_path, transfer="move", queue_s=0, train_s=0) as own:
        client, other = connect(own.url), connect(own.url, project_id=OTHER)
        model = make(client)
        moved = client.models.transfer(model, destination_project_id=OTHER).model
        assert (moved.id, moved.owner_id, moved.status) == (model, OTHER, "trained")
        assert (moved.tags, moved.collection_ids) == (["a"], [])
        assert other.models.description.retrieve(model).description.value == "text"
        with pytest.raises(NotFoundError):
            client.models.retrieve(model)


def test_bad_copies_and_transfers_are_refused(
    client: Scenario, other: Scenario, slow: Running, project: str
) -> None:
    model = client.models.create().model.id
    for destination in (project, "", "not a project"):
        with pytest.raises(BadRequestError):
            client.models.transfer(model, destination_project_id=destination)
    copied = client.models.copy(model).model.id
    for each in (copied, model):
        slow.control.set_status(model, "training")
        with pytest.raises(BadRequestError):
            client.models.copy(each)
        with pytest.raises(BadRequestError):
            client.models.transfer(each, destination_project_id=OTHER)
    with pytest.raises(NotFoundError):
        other.models.copy(model)
    with pytest.raises(NotFoundError):
        other.models.transfer(model, destination_project_id=project)
    assert list(other.models.list()) == []


def test_a_copy_counts_as_a_model(tmp_path: Path, connect: Connect) -> None:
    with running(tmp_path, max_models=1) as own:
        client = connect(own.url)
        model = client.models.create().model.id
        with pytest.raises(RateLimitError, match="create-model"):
            client.models.copy(model)
        client.models.transfer(model, destination_project_id=OTHER)
        with pytest.raises(RateLimitError, match="create-model"):
            client.models.transfer(model, destination_project_id=OTHER)


def test_a_deleted_copy_is_finished_and_stays_deleted(client: Scenario, slow: Running) -> None:
    copied = client.models.copy(client.models.create().model.id).model.id
    client.models.delete(copied)
    slow.control.advance(2 * COPY)
    assert [each.id for each in client.models.list(status="deleted")] == [copied]
    assert client.models.restore(copied).model.status == "new"
