"""The other side of a sandbox: what no endpoint can do, for tests, seeds and benchmarks."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from catalogsync.sandbox import asset_records, model_records, trainings, upload_records
from catalogsync.sandbox.asset_records import NewAsset
from catalogsync.sandbox.vocabulary import STATUSES
from catalogsync.sandbox.world import Json, World

_PROJECT = "proj_default"


class Control:
    """Acts on a running server's state directly; safe to use while it serves."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create_assets(self, names: Mapping[str, str], project: str = _PROJECT) -> None:
        """Create images without content in one transaction; `names` are their names by id."""
        author = self._world.signer.author("control")
        with self._world.store.writing():
            for asset_id, name in names.items():
                image = NewAsset(project, author, name, "image", "image/webp", size=0)
                asset_records.insert(self._world, image, asset_id)

    def create_models(self, fields: Iterable[Json], project: str = _PROJECT) -> list[str]:
        """Create models in one transaction and return their ids.

        Each item holds fields of a kept model (`name`, `type`, `status`, `tags`, ...), and may
        hold `description`, `promptGuide` and `collectionIds`.
        """
        author = self._world.signer.author("control")
        made = []
        with self._world.store.writing() as db:
            for each in fields:
                sent = dict(each)
                texts = sent.pop("description", ""), sent.pop("promptGuide", "")
                collections = sent.pop("collectionIds", [])
                doc = model_records.blank(
                    self._world, project, author, sent.get("type", "flux.1-lora")
                )
                doc |= sent
                doc["tags"] = sorted(set(doc["tags"]))
                model_records.insert(self._world, doc, collections)
                if any(texts):
                    db.execute(
                        "UPDATE models SET description = ?, guide = ? WHERE id = ?",
                        [*texts, doc["id"]],
                    )
                made.append(doc["id"])
        return made

    def create_model(self, project: str = _PROJECT, **fields: Any) -> str:
        """Create one model, trained unless told otherwise, and return its id."""
        return self.create_models([{"status": "trained", **fields}], project)[0]

    def set_status(self, model_id: str, status: str) -> None:
        """Put a model in another state, as training would."""
        if status not in STATUSES:
            raise ValueError(f"{status} is not a model status")
        self.set_fields(model_id, status=status)

    def fail_training(self, model_id: str, message: str) -> None:
        """Let a training end as failed, now."""
        world = self._world
        with world.store.writing():
            doc = self._model(model_id)
            trainings.stop(world, doc, "failure", message)
            model_records.save(world, doc)

    def set_epochs(self, model_id: str, epochs: Iterable[str]) -> None:
        """Give a model the epochs a training would have left."""
        self.set_fields(model_id, epochs=[{"epoch": epoch, "assets": []} for epoch in epochs])

    def set_training_images(self, model_id: str, asset_ids: Iterable[str]) -> None:
        """Give a model training images."""
        stamp = self._world.clock.stamp()
        shared = {"automaticCaptioning": "", "createdAt": stamp, "description": ""}
        images = [{"id": each, "name": f"{each}.png", **shared} for each in asset_ids]
        self.set_fields(model_id, trainingImages=images)

    def set_fields(self, model_id: str, **fields: Any) -> None:
        """Change the kept form of a model, as someone else would; its `updatedAt` moves."""
        with self._world.store.writing():
            model_records.save(self._world, self._model(model_id) | fields)

    def set_description(self, model_id: str, text: str) -> None:
        """Change a model's description so that its `updatedAt` stays: no document forbids that."""
        with self._world.store.writing() as db:
            db.execute("UPDATE models SET description = ? WHERE id = ?", [text, model_id])

    def _model(self, model_id: str) -> Json:
        db = self._world.store.db
        row = db.execute("SELECT doc FROM models WHERE id = ?", [model_id]).fetchone()
        if row is None:
            raise LookupError(model_id)
        return model_records.parsed(row[0])

    def hold_upload(self, upload_id: str, status: str | None) -> None:
        """Keep a completed upload in a state, `validating` say; None lets it go on."""
        upload_records.amend(self._world, upload_id, held=status)

    def fail_upload(self, upload_id: str, message: str) -> None:
        """Let an upload end as failed."""
        outcome = {"errorMessage": message}
        upload_records.amend(self._world, upload_id, completed=0.0, outcome=outcome)

    def publish(self, address: str, content: bytes | None) -> None:
        """Say what is at an address, or under a name at Hugging Face; None for nothing."""
        self._world.web[address] = content

    def advance(self, seconds: float) -> None:
        """Move the server's clock forward, or back: URLs expire, uploads and trainings move on."""
        self._world.clock.advance(seconds)

    def requests(self) -> Counter[str]:
        """How often each endpoint was called, as `GET /models/{}`; upload parts as `PUT part`."""
        return Counter(self._world.requests)

    def forget_requests(self) -> None:
        """Start counting requests again."""
        self._world.requests.clear()
