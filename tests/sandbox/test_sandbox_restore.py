"""The way back of a deleted model."""

from collections.abc import Callable
from pathlib import Path

import pytest
import scenario_sdk
from scenario_sdk import BadRequestError, NotFoundError, PermissionDeniedError, Scenario

from catalogsync.sandbox import running
from tests.sandbox.conftest import Connect, Pictures

DAY = 24 * 3600


def test_a_restored_model_is_as_it_was_but_for_tags_and_collections(
    client: Scenario, asset: Callable[[], str]
) -> None:
    collection = client.collections.create(name="Heroes").collection
    model = client.models.create(name="Back", collection_ids=[collection.id]).model
    image = asset()
    client.models.update_tags(model.id, add=["a"])
    client.models.examples.update(model.id, asset_ids=[image])
    client.models.description.update(model.id, description="text")
    client.models.delete(model.id)
    found = client.models.restore(model.id).model
    assert (found.id, found.name, found.status) == (model.id, "Back", "new")
    assert (found.tags, found.collection_ids, found.deleted_at) == ([], [], None)
    assert found.example_asset_ids == [image]
    assert client.models.retrieve(model.id).model.to_dict() == found.to_dict()
    assert client.models.description.retrieve(model.id).description.value == "text"
    assert [each.id for each in client.models.list(status="deleted")] == []


def test_an_interrupted_training_comes_back_canceled(
    tmp_path: Path, connect: Connect, pictures: Pictures
) -> None:
    with running(tmp_path, train_s=DAY) as own:
        client = connect(own.url)
        model = client.models.create().model
        image = client.assets.upload(name="a.png", image=pictures.encoded()).asset.id
        client.models.training_images.add(model.id, asset_id=image)
        job = client.models.train.trigger(model.id).job
        client.models.delete(model.id)
        assert client.jobs.retrieve(job.job_id).job.status == "canceled"
        own.control.advance(2 * DAY)
        assert client.models.restore(model.id).model.status == "training-canceled"


def test_what_is_not_deleted_or_not_there_is_not_restored(
    client: Scenario, stranger: Scenario
) -> None:
    model = client.models.create().model
    with pytest.raises(BadRequestError):
        client.models.restore(model.id)
    client.models.delete(model.id)
    with pytest.raises(NotFoundError):
        stranger.models.restore(model.id)
    with pytest.raises(NotFoundError):
        client.models.restore("model_none")


def test_after_30_days_it_is_gone(tmp_path: Path, connect: Connect) -> None:
    with running(tmp_path) as own:
        client = connect(own.url)
        kept, lost = (client.models.create().model.id for _ in range(2))
        client.models.delete(lost)
        own.control.advance(DAY)
        client.models.delete(kept)
        own.control.advance(29.5 * DAY)
        assert [each.id for each in client.models.list(status="deleted")] == [kept]
        assert client.models.restore(kept).model.id == kept
        with pytest.raises(scenario_sdk.APIStatusError) as refused:
            client.models.restore(lost)
    assert refused.value.status_code == 410


def test_a_plan_may_have_no_restore_or_no_room(tmp_path: Path, connect: Connect) -> None:
    with running(tmp_path / "a", restores=False) as own:
        client = connect(own.url)
        model = client.models.create().model.id
        client.models.delete(model)
        with pytest.raises(PermissionDeniedError, match="requires the Max plan"):
            client.models.restore(model)
    with running(tmp_path / "b", max_models=1) as own:
        client = connect(own.url)
        model = client.models.create().model.id
        client.models.delete(model)
        client.models.create()
        with pytest.raises(scenario_sdk.RateLimitError, match="create-model"):
            client.models.restore(model)
