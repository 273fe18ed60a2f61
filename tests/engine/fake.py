"""A Scenario project held in dicts, at the engine's port."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any, BinaryIO

from catalogsync.errors import ApiError, CeilingReached, NotFound, Rejected
from catalogsync.model import (
    AssetRef,
    Concept,
    ModelRef,
    Price,
    RemoteModel,
    TrainingImage,
    TrainingPair,
    Weights,
)
from catalogsync.ports import Look
from catalogsync.texts import normalised

_ATTRIBUTES = {
    "name": "name",
    "type": "type",
    "shortDescription": "short_description",
    "classSlug": "class_slug",
    "epoch": "epoch",
    "promptEmbedding": "prompt_embedding",
    "negativePromptEmbedding": "negative_prompt_embedding",
    "thumbnail": "thumbnail",
}


_NOT_LISTED: dict[str, Any] = dict.fromkeys(
    (
        "prompt_embedding",
        "negative_prompt_embedding",
        "training_images",
        "training_pairs",
        "training_parameters",
        "trained_at",
    )
)
_UNTRAINED: dict[str, Any] = {
    "training_images": (),
    "training_pairs": (),
    "training_parameters": (),
}


class Crash(BaseException):
    """The process dies here."""


@dataclass
class FakeServer:
    """Every method of the port over plain dicts.

    `log` names every call. `before_write` is called with the call's name before each write and
    may raise, as may `after_write` once the write has taken effect, and `before_read`. Where it
    `loses_answers`, each write that can be repeated is.
    """

    models: dict[str, RemoteModel] = field(default_factory=dict)
    deleted: dict[str, RemoteModel] = field(default_factory=dict)
    tells_tags_of_deleted: bool = True
    others: dict[str, "FakeServer"] = field(default_factory=dict)
    transfers_move: bool = False
    copies_tags: bool = False
    descriptions: dict[str, str] = field(default_factory=dict)
    prompt_guides: dict[str, str] = field(default_factory=dict)
    assets: dict[str, AssetRef] = field(default_factory=dict)
    filed: dict[str, Mapping[str, object]] = field(default_factory=dict)
    captions: dict[str, str] = field(default_factory=dict)
    most_images: int = 0
    collections: dict[str, str] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    refused_sources: dict[str, str] = field(default_factory=dict)
    price: float | None = 10
    assets_per_page: int = 3
    log: list[tuple[str, Any]] = field(default_factory=list)
    before_read: Callable[[str], None] = lambda name: None
    before_write: Callable[[str], None] = lambda name: None
    after_write: Callable[[str], None] = lambda name: None
    loses_answers: bool = False
    keep_tag: Callable[[str], str] = lambda tag: tag
    counter: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    # Reading

    def list_models(self) -> Iterator[RemoteModel]:
        self._read("list_models")
        with self.lock:
            listed = list(self.models.values())
        yield from map(_as_listed, listed)

    def list_deleted(self) -> Iterator[RemoteModel]:
        self._read("list_deleted")
        for model in map(_as_listed, list(self.deleted.values())):
            yield model if self.tells_tags_of_deleted else replace(model, tags=frozenset())

    def get_model(self, model_id: str) -> RemoteModel:
        self._read("get_model", model_id)
        return self._model(model_id)

    def came_ahead(self, model_id: str, field: str) -> bool:
        return False

    def get_description(self, model_id: str) -> str:
        self._read("get_description", model_id)
        self._model(model_id)
        return self.descriptions.get(model_id, "")

    def get_prompt_guide(self, model_id: str) -> str:
        self._read("get_prompt_guide", model_id)
        self._model(model_id)
        return self.prompt_guides.get(model_id, "")

    def get_assets(self, asset_ids: Sequence[str]) -> Mapping[str, AssetRef]:
        self._read("get_assets", len(asset_ids))
        assert len(asset_ids) <= 200
        return {held: self.assets[held] for held in asset_ids if held in self.assets}

    def newest_assets(self) -> Iterator[Sequence[AssetRef]]:
        self._read("newest_assets")
        newest = list(reversed(self.assets.values()))
        starts = range(0, len(newest), self.assets_per_page)
        yield from [newest[start : start + self.assets_per_page] for start in starts] or [[]]

    def list_collections(self) -> Mapping[str, str]:
        self._read("list_collections")
        return dict(self.collections)

    def price_import(self, weights: Weights) -> Price:
        self._read("get_price", weights.address)
        return Price(self.price, self.refused_sources.get(weights.address, ""))

    # Writing

    def create_model(self, fields: Mapping[str, object]) -> RemoteModel:
        with self._write("create_model", dict(fields)):
            model = RemoteModel(
                id=self._new_id("model"), name="", type="", status="new", updated_at=self._now(),
                prompt_embedding="", negative_prompt_embedding="", **_UNTRAINED,
            )  # fmt: skip
            self.models[model.id] = replace(model, **self._attributes(fields))
        return self.models[model.id]

    def update_model(
        self, model_id: str, fields: Mapping[str, object], *, again: Look | None = None
    ) -> RemoteModel:
        with self._write("update_model", {"id": model_id, **fields}):
            model = self._model(model_id)
            if fields.get("type", model.type) != model.type and model.status != "new":
                raise Rejected("type can only be changed while new", status=400)
            more = dict(fields)
            parameters = dict(model.training_parameters or ())
            for name, value in more.pop("parameters", {}).items():  # type: ignore[attr-defined]
                parameters[name] = tuple(value) if isinstance(value, list) else value
            more_fields = self._attributes(more)
            self._change(
                model_id, **more_fields, training_parameters=tuple(sorted(parameters.items()))
            )
        self._again(again)
        return self.models[model_id]

    def edit_tags(self, model_id: str, *, add: Sequence[str], delete: Sequence[str]) -> bool:
        with self._write("edit_tags", {"id": model_id, "add": list(add), "delete": list(delete)}):
            before = self._model(model_id).tags
            kept = set(map(self.keep_tag, add))
            self._change(model_id, tags=frozenset((before | kept) - set(delete)))
        return kept - before == set(add) and before.issuperset(delete)

    def set_description(self, model_id: str, text: str, *, again: Look | None = None) -> str:
        with self._write("set_description", {"id": model_id, "text": text}):
            self.descriptions[model_id] = normalised(text).rstrip("\n")
            self._change(model_id)
        self._again(again)
        return self.descriptions[model_id]

    def set_prompt_guide(self, model_id: str, text: str, *, again: Look | None = None) -> str:
        with self._write("set_prompt_guide", {"id": model_id, "text": text}):
            self.prompt_guides[model_id] = text
            self._change(model_id)
        self._again(again)
        return text

    def set_examples(
        self, model_id: str, asset_ids: Sequence[str], *, again: Look | None = None
    ) -> tuple[str, ...]:
        with self._write("set_examples", {"id": model_id, "assetIds": list(asset_ids)}):
            unknown = [held for held in asset_ids if held not in self.assets]
            if unknown:
                raise Rejected(f"unknown assets {unknown}", status=400)
            self._change(model_id, examples=tuple(asset_ids))
        self._again(again)
        return self.models[model_id].examples

    def set_caption(self, asset_id: str, caption: str, *, again: Look | None = None) -> str | None:
        with self._write("set_caption", {"id": asset_id, "caption": caption}):
            if asset_id not in self.assets:
                raise NotFound(f"no asset {asset_id}", status=404)
            self.captions[asset_id] = caption
            for model in list(self.models.values()):
                images = model.training_images or ()
                if asset_id in {image.asset.id for image in images}:
                    self._train(model.id, [image.asset.id for image in images])
        self._again(again)
        return caption

    def add_training_images(self, model_id: str, asset_ids: Sequence[str]) -> None:
        with self._write("add_training_images", {"id": model_id, "assetIds": list(asset_ids)}):
            held = self._trained_on(model_id)
            unknown = [each for each in asset_ids if each not in self.assets]
            if unknown or len(asset_ids) > 10 or set(held) & set(asset_ids):
                raise Rejected("unknown, too many, or already a training image", status=400)
            if self.most_images and len(held) + len(asset_ids) > self.most_images:
                raise CeilingReached("add-training-image: the limit is reached", status=429)
            self._train(model_id, [*held, *asset_ids])

    def remove_training_image(self, model_id: str, asset_id: str) -> None:
        with self._write("remove_training_image", {"id": model_id, "assetId": asset_id}):
            held = self._trained_on(model_id)
            if asset_id in held:
                self._train(model_id, [each for each in held if each != asset_id])

    def set_training_pairs(
        self, model_id: str, pairs: Sequence[TrainingPair], *, again: Look | None = None
    ) -> tuple[TrainingPair, ...] | None:
        with self._write("set_training_pairs", {"id": model_id, "pairs": list(pairs)}):
            held = self._trained_on(model_id)
            if any({pair.source.id, pair.target.id} - set(held) for pair in pairs):
                raise Rejected("not a training image of this model", status=400)
            self._change(model_id, training_pairs=tuple(pairs))
        self._again(again)
        return tuple(pairs)

    def _trained_on(self, model_id: str) -> list[str]:
        model = self._model(model_id)
        if model.status in ("training", "copying"):
            raise Rejected("Model is already training", status=400)
        return [image.asset.id for image in model.training_images or ()]

    def _train(self, model_id: str, asset_ids: Sequence[str]) -> None:
        """Let the training set be these assets, each with its caption; pairs of others go."""
        pairs = self._model(model_id).training_pairs or ()
        left = [pair for pair in pairs if {pair.source.id, pair.target.id} <= set(asset_ids)]
        images = (
            TrainingImage(AssetRef(id=each), self.captions.get(each, "")) for each in asset_ids
        )
        self._change(
            model_id,
            training_images=tuple(images),
            training_pairs=tuple(left),
            training_count=len(asset_ids),
        )

    def upload_asset(
        self, asset: AssetRef, files: Sequence[BinaryIO], options: Mapping[str, object]
    ) -> str:
        for ref, file in zip(asset.files, files, strict=True):
            assert hashlib.sha256(file.read()).hexdigest() == ref.sha256
        with self._write("upload_asset", asset.sha256):
            asset_id = self._new_id("asset")
            self.filed[asset_id] = options
            self.assets[asset_id] = replace(asset, id=asset_id, sha256=asset.digest)
        return asset_id

    def fetch_asset(self, asset: AssetRef, options: Mapping[str, object]) -> str:
        with self._write("fetch_asset", asset.url):
            asset_id = self._new_id("asset")
            self.filed[asset_id] = options
            self.assets[asset_id] = AssetRef(asset.sha256, asset_id, asset.name)
        return asset_id

    def begin_import(self, weights: Weights) -> str:
        with self._write("begin_import", weights.address):
            return self._imported()

    def send_weights(self, asset: AssetRef, file: BinaryIO, purpose: str) -> str:
        assert hashlib.sha256(file.read()).hexdigest() == asset.sha256
        with self._write("send_weights", asset.sha256):
            upload = self._new_id("upload")
            self.imports[upload] = ""
        return upload

    def finish_import(self, upload_id: str, weights: Weights) -> str:
        if upload_id not in self.imports:
            raise NotFound(f"no upload {upload_id}", status=404)
        if not self.imports[upload_id]:
            with self._write("complete", upload_id):
                self._imported(upload_id)
        return self.imports[upload_id]

    def _imported(self, upload_id: str = "") -> str:
        upload_id = upload_id or self._new_id("upload")
        self.imports[upload_id] = self.add_model("import").id
        return upload_id

    def rename_collection(self, collection_id: str, name: str) -> None:
        with self._write("rename_collection", name):
            self.collections[collection_id] = name

    def delete_collection(self, collection_id: str) -> None:
        with self._write("delete_collection", collection_id):
            self.collections.pop(collection_id, None)

    def create_collection(self, name: str) -> str:
        with self._write("create_collection", name):
            collection_id = self._new_id("collection")
            self.collections[collection_id] = name
        return collection_id

    def add_to_collection(self, collection_id: str, model_ids: Sequence[str]) -> None:
        with self._write("add_to_collection", {"ids": list(model_ids)}):
            held = {model_id: self._model(model_id).collection_ids for model_id in model_ids}
            if len(held) > 49 or any(collection_id in already for already in held.values()):
                raise Rejected("already a member, or too many", status=400)
            for model_id, already in held.items():
                self._change(model_id, collection_ids=already | {collection_id})

    def remove_from_collection(self, collection_id: str, model_ids: Sequence[str]) -> None:
        with self._write("remove_from_collection", {"ids": list(model_ids)}):
            held = {model_id: self._model(model_id).collection_ids for model_id in model_ids}
            if len(held) > 49 or any(collection_id not in already for already in held.values()):
                raise Rejected("not a member, or too many", status=400)
            for model_id, already in held.items():
                self._change(model_id, collection_ids=already - {collection_id})

    def delete_model(self, model_id: str, *, again: Look | None = None) -> None:
        with self._write("delete_model", model_id):
            self.delete(model_id)
        self._again(again)

    def _again(self, look: Look | None) -> None:
        """The answer is lost: a client would look, and write the same once more."""
        if self.loses_answers and look:
            look()

    def restore_model(self, model_id: str) -> RemoteModel:
        with self._write("restore_model", model_id):
            if model_id in self.models:
                raise Rejected("it is not deleted", status=400)
            if model_id not in self.deleted:
                raise Rejected("it is gone for good", status=410)
            model = replace(self.deleted.pop(model_id), tags=frozenset(), deleted_at="")
            self.models[model_id] = model
            self._change(model_id)
        return self.models[model_id]

    def copy_model(self, model_id: str) -> RemoteModel:
        with self._write("copy_model", model_id):
            return self._copied(self._model(model_id), self)

    def transfer_model(self, model_id: str, project: str, team: str = "") -> RemoteModel:
        there = self.others[project]
        with self._write("transfer_model", model_id):
            model = self._model(model_id)
            if model.status == "copying":
                raise Rejected("it is being copied", status=400)
            if not self.transfers_move:
                return self._copied(model, there)
            there.models[model_id] = replace(model, collection_ids=frozenset())
            if not self.copies_tags:
                there.models[model_id] = replace(there.models[model_id], tags=frozenset())
            there.descriptions[model_id] = self.descriptions.get(model_id, "")
            del self.models[model_id]
        return there.models[model_id]

    def _copied(self, model: RemoteModel, there: "FakeServer") -> RemoteModel:
        """A copy with pictures of its own, and the training that it had."""
        new_ids = {}
        for asset_id in {*model.examples, model.thumbnail} & self.assets.keys():
            new_ids[asset_id] = asset_id if there is self else there._new_id("asset")
            there.assets[new_ids[asset_id]] = replace(self.assets[asset_id], id=new_ids[asset_id])
        copied = replace(
            model,
            id=there._new_id("model"),
            tags=model.tags if self.copies_tags else frozenset(),
            collection_ids=frozenset(),
            examples=tuple(new_ids[each] for each in model.examples),
            thumbnail=new_ids.get(model.thumbnail, ""),
            concepts=model.concepts if there is self else (),
            updated_at=there._now(),
        )
        there.models[copied.id] = copied
        return copied

    # Helpers for the tests

    def add_model(self, name: str, type: str = "flux.1-lora", **fields: Any) -> RemoteModel:
        """Put a model on the server by hand, past the port."""
        empty = {"prompt_embedding": "", "negative_prompt_embedding": "", **_UNTRAINED}
        settings = {"status": "trained", **empty}
        model = RemoteModel(
            id=self._new_id("model"), name=name, type=type, updated_at=self._now(),
            **{**settings, **fields},
        )  # fmt: skip
        self.models[model.id] = model
        return model

    def add_asset(self, content: bytes | None, name: str = "by-hand.webp") -> str:
        """Put an asset on the server by hand; without content its digest is not known."""
        asset_id = self._new_id("asset")
        sha256 = hashlib.sha256(content).hexdigest()[:32] if content is not None else ""
        self.assets[asset_id] = AssetRef(id=asset_id, sha256=sha256, name=name)
        return asset_id

    def delete(self, model_id: str) -> None:
        """Delete a model by hand; it can be restored."""
        with self.lock:
            if model := self.models.pop(model_id, None):
                gone = replace(model, deleted_at=self._now(), collection_ids=frozenset())
                self.deleted[model_id] = gone

    def edit(self, model_id: str, **fields: Any) -> None:
        """Change a model by hand, as somebody in the web page would."""
        self._change(model_id, **fields)

    @property
    def writes(self) -> list[tuple[str, Any]]:
        """The calls that changed something."""
        reading = ("list_", "get_", "newest_")
        return [call for call in self.log if not call[0].startswith(reading)]

    def _model(self, model_id: str) -> RemoteModel:
        if model_id not in self.models:
            raise NotFound(f"no model {model_id}", status=404)
        return self.models[model_id]

    def _attributes(self, fields: Mapping[str, object]) -> dict[str, Any]:
        found: dict[str, Any] = {
            _ATTRIBUTES[name]: value or "" for name, value in fields.items() if name != "concepts"
        }
        if "concepts" in fields:
            found["concepts"] = tuple(self._concept(item) for item in fields["concepts"])  # type: ignore[attr-defined]
        if found.get("thumbnail") and found["thumbnail"] not in self.assets:
            raise Rejected("unknown thumbnail", status=400)
        return found

    def _concept(self, item: Any) -> Concept:
        self._model(item["modelId"])
        return Concept(ModelRef(id=item["modelId"]), item["scale"], item.get("modelEpoch", ""))

    def _change(self, model_id: str, **fields: Any) -> None:
        with self.lock:
            self.models[model_id] = replace(self._model(model_id), updated_at=self._now(), **fields)

    def _now(self) -> str:
        with self.lock:
            self.counter += 1
            return f"2026-01-01T00:00:00.{self.counter:06d}Z"

    def _new_id(self, kind: str) -> str:
        with self.lock:
            self.counter += 1
            return f"{kind}_{self.counter:06d}"

    def _read(self, name: str, what: object = None) -> None:
        with self.lock:
            self.log.append((name, what))
        self.before_read(name)

    def _write(self, name: str, what: object) -> "_Write":
        return _Write(self, name, what)


def _as_listed(model: RemoteModel) -> RemoteModel:
    return replace(model, **_NOT_LISTED)


class _Write:
    """One write under the server's lock, with the hooks around it."""

    def __init__(self, server: FakeServer, name: str, what: object) -> None:
        self._server, self._name, self._what = server, name, what

    def __enter__(self) -> None:
        self._server.lock.acquire()
        try:
            self._server.before_write(self._name)
            self._server.log.append((self._name, self._what))
        except BaseException:
            self._server.lock.release()
            raise

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        self._server.lock.release()
        if kind is None:
            self._server.after_write(self._name)


def files_of(contents: Mapping[str, bytes]) -> Callable[[AssetRef], BinaryIO]:
    """An opener over contents by sha256."""
    return lambda asset: BytesIO(contents[asset.sha256])


__all__ = ["ApiError", "Crash", "FakeServer", "files_of"]
