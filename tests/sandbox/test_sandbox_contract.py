"""Every endpoint, by the official client, strict about answers: once as meant, once refused."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from scenario_sdk import APIStatusError, Scenario

from catalogsync.sandbox.routes import ROUTES, find
from catalogsync.sandbox.server import Running
from tests.sandbox.conftest import Pictures

DOCUMENTS = {
    "models-copy": "POST /models/{}/copy",
    "models-create": "POST /models",
    "models-delete": "DELETE /models/{}",
    "models-delete_images": "DELETE /models/{}/images",
    "models-description-retrieve": "GET /models/{}/description",
    "models-description-update": "PUT /models/{}/description",
    "models-download": "POST /models/{}/download",
    "models-examples-list": "GET /models/{}/examples",
    "models-examples-update": "PUT /models/{}/examples",
    "models-get_bulk": "POST /models/get-bulk",
    "models-list": "GET /models",
    "models-retrieve": "GET /models/{}",
    "models-train-action": "POST /models/{}/train/action",
    "models-train-trigger": "PUT /models/{}/train",
    "models-training_images-add": "POST /models/{}/training-images",
    "models-training_images-delete": "DELETE /models/{}/training-images/{}",
    "models-training_images-replace": "PUT /models/{}/training-images/{}",
    "models-training_images-replace_pairs": "PUT /models/{}/training-images/pairs",
    "models-transfer": "POST /models/{}/transfer",
    "models-update": "PUT /models/{}",
    "models-update_tags": "PUT /models/{}/tags",
    "assets-upload": "POST /assets",
    "uploads-create": "POST /uploads",
}
"""The vendor's documents of models, assets and uploads, and the endpoint of each."""


@dataclass(frozen=True)
class Scene:
    """A project with a trained model: of three images two train it and one is its example."""

    client: Scenario
    server: Running
    project: str
    png: str
    model: str
    images: tuple[str, str, str]
    collection: str
    answered: list[tuple[str, int]]

    @property
    def untrained(self) -> str:
        """A model that can be trained."""
        model = self.client.models.create(name="New", type="flux.1-lora").model.id
        self.client.models.training_images.add(model, asset_ids=self.images)
        return model

    @property
    def training(self) -> str:
        """A model that is being trained."""
        model = self.untrained
        self.client.models.train.trigger(model)
        return model

    @property
    def deleted(self) -> str:
        """A model that can be restored."""
        model = self.client.models.create(name="Gone").model.id
        self.client.models.delete(model)
        return model

    @property
    def job(self) -> str:
        """A job that has only begun."""
        return str(self.client.models.download(self.model).job_id)

    @property
    def upload(self) -> str:
        """An upload whose one part was sent."""
        content = base64.b64decode(self.png)
        sent: dict[str, Any] = {"content_type": "image/png", "file_size": len(content)}
        made = self.client.uploads.create(kind="image", file_name="a.png", parts=1, **sent).upload
        for part in made.parts or ():
            httpx.put(part.url, content=content).raise_for_status()
        return made.id


@pytest.fixture
def scene(client: Scenario, server: Running, project: str, pictures: Pictures) -> Scene:
    images = [client.assets.upload(name="a.png", image=pictures.encoded()).asset.id for _ in "abc"]
    model = server.control.create_model(project, name="Ink", type="flux.1-lora")
    server.control.set_training_images(model, images[:2])
    client.models.examples.update(model, asset_ids=images[2:])
    collection = client.collections.create(name="Heroes").collection.id
    answered: list[tuple[str, int]] = []

    def note(response: httpx.Response) -> None:
        segments = response.url.path.removeprefix("/v1/").split("/")
        route, _ = find(response.request.method, segments)
        answered.append((route.label if route else response.url.path, response.status_code))

    hooks = client._client.event_hooks
    client._client.event_hooks = {**hooks, "response": [*hooks["response"], note]}
    first, second, third = images
    held = (first, second, third)
    return Scene(client, server, project, pictures.encoded(), model, held, collection, answered)


Call = Callable[[Scene], object]
NONE = "model_none"

CALLS: dict[str, tuple[Call, Call]] = {
    "GET /models": (
        lambda s: s.client.models.list(page_size=5),
        lambda s: s.client.models.list(page_size=501),
    ),
    "POST /models": (
        lambda s: s.client.models.create(name="Ink", type="flux.1-lora"),
        lambda s: s.client.models.create(name="x" * 1000),
    ),
    "POST /models/get-bulk": (
        lambda s: s.client.models.get_bulk(model_ids=[s.model]),
        lambda s: s.client.models.get_bulk(model_ids=[5]),  # type: ignore[list-item]
    ),
    "GET /models/{}": (
        lambda s: s.client.models.retrieve(s.model),
        lambda s: s.client.models.retrieve(NONE),
    ),
    "PUT /models/{}": (
        lambda s: s.client.models.update(s.model, name="Ink Two"),
        lambda s: s.client.models.update(s.model, thumbnail="asset_none"),
    ),
    "DELETE /models/{}": (
        lambda s: s.client.models.delete(s.model),
        lambda s: s.client.models.delete(NONE),
    ),
    "PUT /models/{}/tags": (
        lambda s: s.client.models.update_tags(s.model, add=["a"], delete=[], strict=False),
        lambda s: s.client.models.update_tags(s.model, add=[], delete=["a"], strict=True),
    ),
    "GET /models/{}/description": (
        lambda s: s.client.models.description.retrieve(s.model),
        lambda s: s.client.models.description.retrieve(NONE),
    ),
    "PUT /models/{}/description": (
        lambda s: s.client.models.description.update(s.model, description="# Ink"),
        lambda s: s.client.models.description.update(NONE, description="# Ink"),
    ),
    "GET /models/{}/prompt-guide": (
        lambda s: s.client.models.prompt_guide.retrieve(s.model),
        lambda s: s.client.models.prompt_guide.retrieve(NONE),
    ),
    "PUT /models/{}/prompt-guide": (
        lambda s: s.client.models.prompt_guide.update(s.model, prompt_guide="Short."),
        lambda s: s.client.models.prompt_guide.update(NONE, prompt_guide="Short."),
    ),
    "GET /models/{}/examples": (
        lambda s: s.client.models.examples.list(s.model),
        lambda s: s.client.models.examples.list(NONE),
    ),
    "PUT /models/{}/examples": (
        lambda s: s.client.models.examples.update(s.model, asset_ids=s.images),
        lambda s: s.client.models.examples.update(s.model, asset_ids=["asset_none"]),
    ),
    "POST /models/{}/copy": (
        lambda s: s.client.models.copy(s.model, copy_as_trained=True, copy_examples=False),
        lambda s: s.client.models.copy(s.training),
    ),
    "POST /models/{}/transfer": (
        lambda s: s.client.models.transfer(s.model, destination_project_id=f"{s.project}_2"),
        lambda s: s.client.models.transfer(s.model, destination_project_id=s.project),
    ),
    "POST /models/{}/restore": (
        lambda s: s.client.models.restore(s.deleted),
        lambda s: s.client.models.restore(s.model),
    ),
    "POST /models/{}/download": (
        lambda s: s.client.models.download(s.model),
        lambda s: s.client.models.download(s.model, model_epoch="000009"),
    ),
    "DELETE /models/{}/images": (
        lambda s: s.client.models.delete_images(s.model, ids=[s.images[2]]),
        lambda s: s.client.models.delete_images(NONE, ids=[s.images[0]]),
    ),
    "POST /models/{}/training-images": (
        lambda s: s.client.models.training_images.add(s.model, asset_id=s.images[2]),
        lambda s: s.client.models.training_images.add(s.model, asset_id=s.images[0]),
    ),
    "PUT /models/{}/training-images/{}": (
        lambda s: s.client.models.training_images.replace(
            s.images[0], model_id=s.model, asset_id=s.images[2]
        ),
        lambda s: s.client.models.training_images.replace(
            s.images[2], model_id=s.model, asset_id=s.images[2]
        ),
    ),
    "DELETE /models/{}/training-images/{}": (
        lambda s: s.client.models.training_images.delete(s.images[0], model_id=s.model),
        lambda s: s.client.models.training_images.delete(s.images[2], model_id=s.model),
    ),
    "PUT /models/{}/training-images/pairs": (
        lambda s: s.client.models.training_images.replace_pairs(
            s.model, body=[{"source_id": s.images[0], "target_id": s.images[1]}]
        ),
        lambda s: s.client.models.training_images.replace_pairs(
            s.model, body=[{"source_id": s.images[0], "target_id": s.images[2]}]
        ),
    ),
    "PUT /models/{}/train": (
        lambda s: s.client.models.train.trigger(s.untrained, parameters={"rank": 16}),
        lambda s: s.client.models.train.trigger(s.client.models.create(name="Bare").model.id),
    ),
    "POST /models/{}/train/action": (
        lambda s: s.client.models.train.action(s.training, action="cancel"),
        lambda s: s.client.models.train.action(s.model, action="cancel"),
    ),
    "GET /jobs": (
        lambda s: s.client.jobs.list(page_size=5),
        lambda s: s.client.jobs.list(page_size=0),
    ),
    "GET /jobs/{}": (
        lambda s: s.client.jobs.retrieve(s.job),
        lambda s: s.client.jobs.retrieve("job_none"),
    ),
    "POST /jobs/{}/action": (
        lambda s: s.client.jobs.trigger_action("job_none", action="cancel"),
        lambda s: s.client.jobs.trigger_action(s.job, action="cancel"),
    ),
    "GET /assets": (
        lambda s: s.client.assets.list(page_size=5),
        lambda s: s.client.assets.list(page_size=0),
    ),
    "POST /assets": (
        lambda s: s.client.assets.upload(name="a.png", image=s.png, hide=True),
        lambda s: s.client.assets.upload(name="a.png", image="AAAA"),
    ),
    "DELETE /assets": (
        lambda s: s.client.assets.delete_multiple(asset_ids=[s.images[2]]),
        lambda s: s.client.assets.delete_multiple(asset_ids=["x"] * 101),
    ),
    "POST /assets/get-bulk": (
        lambda s: s.client.assets.get_bulk(asset_ids=s.images),
        lambda s: s.client.assets.get_bulk(asset_ids=["x"] * 1001),
    ),
    "GET /assets/{}": (
        lambda s: s.client.assets.retrieve(s.images[0]),
        lambda s: s.client.assets.retrieve("asset_none"),
    ),
    "PUT /assets/{}": (
        lambda s: s.client.assets.update(s.images[0], description="ink, wet"),
        lambda s: s.client.assets.update("asset_none", description="ink, wet"),
    ),
    "PUT /assets/{}/tags": (
        lambda s: s.client.assets.update_tags(s.images[0], add=["a"], delete=[], strict=False),
        lambda s: s.client.assets.update_tags(s.images[0], add=[], delete=["a"], strict=True),
    ),
    "GET /tags": (
        lambda s: s.client.tags.list(page_size=5),
        lambda s: s.client.tags.list(page_size=0),
    ),
    "POST /uploads": (
        lambda s: s.upload,
        lambda s: s.client.uploads.create(kind="image", file_name="a.png", parts=0, file_size=1),
    ),
    "GET /uploads/{}": (
        lambda s: s.client.uploads.retrieve(s.upload),
        lambda s: s.client.uploads.retrieve("upload_none"),
    ),
    "POST /uploads/{}/action": (
        lambda s: s.client.uploads.trigger_action(s.upload, action="complete"),
        lambda s: s.client.uploads.trigger_action("upload_none", action="complete"),
    ),
    "GET /collections": (
        lambda s: s.client.collections.list(page_size=5),
        lambda s: s.client.collections.list(page_size=0),
    ),
    "POST /collections": (
        lambda s: s.client.collections.create(name="Best"),
        lambda s: s.client.collections.create(name=""),
    ),
    "GET /collections/{}": (
        lambda s: s.client.collections.retrieve(s.collection),
        lambda s: s.client.collections.retrieve("collection_none"),
    ),
    "PUT /collections/{}": (
        lambda s: s.client.collections.update(s.collection, name="Best"),
        lambda s: s.client.collections.update("collection_none", name="Best"),
    ),
    "DELETE /collections/{}": (
        lambda s: s.client.collections.delete(s.collection),
        lambda s: s.client.collections.delete("collection_none"),
    ),
    "PUT /collections/{}/models": (
        lambda s: s.client.collections.models.add(s.collection, model_ids=[s.model]),
        lambda s: s.client.collections.models.add(s.collection, model_ids=[NONE]),
    ),
    "PUT /collections/{}/assets": (
        lambda s: s.client.collections.assets.add(s.collection, asset_ids=s.images),
        lambda s: s.client.collections.assets.add(s.collection, asset_ids=["asset_none"]),
    ),
    "DELETE /collections/{}/models": (
        lambda s: s.client.collections.models.remove(s.collection, model_ids=[s.model]),
        lambda s: s.client.collections.models.remove("collection_none", model_ids=[s.model]),
    ),
    "DELETE /collections/{}/assets": (
        lambda s: s.client.collections.assets.remove(s.collection, asset_ids=s.images),
        lambda s: s.client.collections.assets.remove("collection_none", asset_ids=s.images),
    ),
}
"""Of every endpoint a call that is good and one that is bad."""

ALWAYS_REFUSED = {"POST /jobs/{}/action"}
"""Only what generates images can be canceled, and a sandbox has nothing of the kind."""


def test_every_document_and_every_endpoint_of_the_sandbox_has_its_calls() -> None:
    models = [name for name in DOCUMENTS if name.startswith("models-")]
    assert (len(models), len(set(DOCUMENTS.values()))) == (21, 23)
    assert set(DOCUMENTS.values()) <= CALLS.keys()
    assert CALLS.keys() == ROUTES.keys()
    assert not ALWAYS_REFUSED & set(DOCUMENTS.values())


@pytest.mark.parametrize("label", sorted(CALLS.keys() - ALWAYS_REFUSED))
def test_a_good_call_is_answered_as_the_client_expects(scene: Scene, label: str) -> None:
    good, _ = CALLS[label]
    good(scene)
    assert (label, 200) in scene.answered
    assert {status for _, status in scene.answered} == {200}


@pytest.mark.parametrize("label", CALLS)
def test_a_bad_call_is_refused_and_says_why(scene: Scene, label: str) -> None:
    _, bad = CALLS[label]
    with pytest.raises(APIStatusError) as refused:
        bad(scene)
    assert scene.answered[-1] == (label, refused.value.status_code)
    assert 400 <= refused.value.status_code < 500
    assert isinstance(refused.value.body, dict)
    assert refused.value.body["reason"]
