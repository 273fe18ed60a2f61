"""Trainings and their jobs, on a clock that only the test moves."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from scenario_sdk import BadRequestError, NotFoundError, RateLimitError, Scenario

from catalogsync.sandbox import running
from catalogsync.sandbox.server import Running
from tests.sandbox.conftest import Connect, Pictures

QUEUE, TRAIN = 1000.0, 10_000.0


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Running]:
    """A server whose trainings take hours."""
    with running(tmp_path, queue_s=QUEUE, train_s=TRAIN) as own:
        yield own


@pytest.fixture
def client(slow: Running, connect: Connect) -> Scenario:
    return connect(slow.url)


@pytest.fixture
def raw(slow: Running, project: str) -> Iterator[httpx.Client]:
    query = {"projectId": project}
    with httpx.Client(base_url=slow.url, auth=("k", "s"), params=query, verify=False) as client:
        yield client


def trainable(client: Scenario, count: int = 1, **fields: Any) -> str:
    model = client.models.create(**fields).model.id
    for number in range(count):
        url = "data:image/png;base64," + base64.b64encode(Pictures().png()).decode()
        client.models.training_images.add(model, data=url, name=f"{number}.png")
    return model


def test_an_estimate_is_creative_units_and_starts_nothing(
    client: Scenario, raw: httpx.Client
) -> None:
    model, bare = trainable(client, 3), trainable(client, 0)
    for path, query, cost in (
        (model, {"dryRun": "true"}, 30),
        (model, {"dryRun": "api", "trainingImagesCount": "9"}, 30),
        (bare, {"dryRun": "true", "trainingImagesCount": "9"}, 90),
    ):
        answer = raw.put(f"/models/{path}/train", params=query, json={})
        assert (answer.status_code, answer.json()) == (269, {"creativeUnitsCost": cost})
        assert client.models.retrieve(path).model.status == "new"
    assert list(client.jobs.list()) == []


def test_dry_run_in_the_body_is_ignored(client: Scenario, raw: httpx.Client) -> None:
    model = trainable(client)
    assert raw.put(f"/models/{model}/train", json={"dryRun": "true"}).status_code == 200
    assert client.models.retrieve(model).model.status == "training"


def test_a_training_goes_through_its_stages(client: Scenario, slow: Running) -> None:
    model = trainable(client, name="Ink", short_description="", type="flux.1-lora")
    started = client.models.train.trigger(model, parameters={"rank": 16, "nb_epochs": 2})
    assert (started.creative_units_cost, started.job.job_type) == (10, "flux-model-training")
    assert started.model.job_id == started.job.job_id
    assert (started.model.name, started.model.short_description) == ("Ink", "")
    seen: list[tuple[str, float | None, str]] = []
    for step in (0, QUEUE * 0.5, QUEUE * 0.49, QUEUE * 0.02, TRAIN * 0.5, TRAIN * 0.45):
        slow.control.advance(step)
        found = client.models.retrieve(model).model
        assert found.status == "training"
        progress = found.training_progress
        assert progress is not None
        job = client.jobs.retrieve(started.job.job_id).job
        assert job.progress == pytest.approx(progress.progress, abs=0.01)
        seen.append((progress.stage, progress.position, job.status))
    assert seen == [
        ("pending", None, "queued"),
        ("queued-for-train", 2, "queued"),
        ("queued-for-train", 1, "queued"),
        ("starting-train", None, "warming-up"),
        ("running-train", None, "in-progress"),
        ("running-train", None, "finalizing"),
    ]
    assert progress is not None
    assert progress.remaining_time_ms is not None
    assert 0 < progress.remaining_time_ms < TRAIN * 1000 * 0.1
    slow.control.advance(TRAIN)
    found = client.models.retrieve(model).model
    assert (found.status, found.training_progress) == ("trained", None)
    assert [each.epoch for each in found.epochs or []] == ["000001", "000002"]
    assert found.parameters is not None
    assert found.parameters.rank == 16
    assert found.training_stats is not None
    assert found.training_stats.train_duration == TRAIN
    assert found.updated_at == found.training_stats.ended_at
    job = client.jobs.retrieve(started.job.job_id).job
    assert (job.status, job.progress) == ("success", 1)
    assert job.updated_at == found.updated_at


def test_a_listing_knows_that_a_training_is_over(client: Scenario, slow: Running) -> None:
    model = trainable(client)
    client.models.train.trigger(model)
    assert [each.id for each in client.models.list(status="training")] == [model]
    slow.control.advance(QUEUE + TRAIN + 1)
    assert [each.id for each in client.models.list(status="trained")] == [model]
    assert list(client.models.list(status="training")) == []


def test_a_training_names_a_model_that_has_no_name(client: Scenario) -> None:
    told = client.models.train.trigger(trainable(client, type="qwen-image-lora"))
    assert told.model.name
    assert told.model.short_description
    assert told.job.job_type == "musubi-model-training"


def test_a_canceled_training_ends_at_once_and_can_be_started_again(
    client: Scenario, slow: Running
) -> None:
    model = trainable(client)
    job = client.models.train.trigger(model).job
    slow.control.advance(QUEUE + TRAIN / 2)
    assert client.models.train.action(model, action="cancel").model.status == "training-canceled"
    ended = client.jobs.retrieve(job.job_id).job
    assert (ended.status, ended.status_history[-1].status) == ("canceled", "canceled")
    assert ended.progress == pytest.approx(0.5, abs=0.01)
    with pytest.raises(BadRequestError):
        client.models.train.action(model, action="cancel")
    slow.control.advance(TRAIN)
    assert client.models.retrieve(model).model.status == "training-canceled"
    assert client.models.train.trigger(model).model.status == "training"


def test_a_training_may_fail(client: Scenario, slow: Running) -> None:
    model = trainable(client)
    job = client.models.train.trigger(model).job
    slow.control.fail_training(model, "Out of memory")
    assert client.models.retrieve(model).model.status == "failed"
    ended = client.jobs.retrieve(job.job_id).job
    assert (ended.status, ended.metadata.error) == ("failure", "Out of memory")


def test_what_cannot_be_trained_is_refused(client: Scenario, raw: httpx.Client) -> None:
    model, bare, fixed = (
        trainable(client),
        trainable(client, 0),
        trainable(client, 1, type="custom"),
    )
    for path in (bare, fixed):
        with pytest.raises(BadRequestError):
            client.models.train.trigger(path)
    for parameters in (
        {"rank": 65},
        {"rank": 1},
        {"maxTrainSteps": 10_001},
        {"lrScheduler": "none"},
        {"wandbKey": "x" * 41},
        {"invented": 1},
        {"sampleSourceImages": ["asset_x"], "samplePrompts": []},
    ):
        answer = raw.put(f"/models/{model}/train", json={"parameters": parameters})
        assert (answer.status_code, parameters) == (400, parameters)
    query = {"dryRun": "yes"}
    assert raw.put(f"/models/{model}/train", params=query, json={}).status_code == 400
    assert client.models.retrieve(model).model.status == "new"
    with pytest.raises(NotFoundError):
        client.models.train.trigger("model_none")


def test_a_wider_rank_is_for_other_types(client: Scenario) -> None:
    model = trainable(client, type="qwen-image-lora")
    told = client.models.train.trigger(model, parameters={"rank": 128}).model
    assert told.parameters is not None
    assert told.parameters.rank == 128


def test_the_plan_limits_how_many_train_at_once_and_how_soon(
    tmp_path: Path, connect: Connect
) -> None:
    with running(tmp_path / "a", max_training=1, train_s=TRAIN) as own:
        client = connect(own.url)
        first, second = trainable(client), trainable(client)
        client.models.train.trigger(first)
        with pytest.raises(RateLimitError) as refused:
            client.models.train.trigger(second)
        own.control.advance(2 * TRAIN)
        client.models.train.trigger(second)
    details = {"actionName": "parallel-training", "actionLimit": 1}
    assert refused.value.response.json()["details"] == details
    with running(tmp_path / "b", train_cooldown_s=900) as own:
        client = connect(own.url)
        model = trainable(client)
        client.models.train.trigger(model)
        client.models.train.action(model, action="cancel")
        own.control.advance(100)
        with pytest.raises(RateLimitError) as refused:
            client.models.train.trigger(model)
        assert 700 < refused.value.response.json()["remainingSeconds"] <= 800
        own.control.advance(800)
        client.models.train.trigger(model)


def test_jobs_are_listed_by_type_and_cannot_be_canceled(
    client: Scenario, slow: Running, connect: Connect
) -> None:
    stranger = connect(slow.url, project_id="proj_other")
    jobs = [
        client.models.train.trigger(trainable(client, type=kind)).job.job_id
        for kind in ("flux.1-lora", "qwen-image-lora")
    ]
    assert [each.job_id for each in client.jobs.list(page_size=1)] == [*reversed(jobs)]
    listed = client.jobs.list(types=["flux-model-training", "upload"])
    assert [each.job_id for each in listed] == jobs[:1]
    with pytest.raises(BadRequestError, match="Cannot cancel this type of job"):
        client.jobs.trigger_action(jobs[0], action="cancel")
    with pytest.raises(NotFoundError):
        stranger.jobs.retrieve(jobs[0])
    with pytest.raises(NotFoundError):
        client.jobs.retrieve("job_none")
