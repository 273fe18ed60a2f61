"""The ports on the Scenario API: one method, one endpoint."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO

from catalogsync.errors import BadResponse, NotFound
from catalogsync.model import AssetRef, Price, RemoteModel, TrainingPair, Weights
from catalogsync.ports import Look
from catalogsync.scenario.answers import Json
from catalogsync.scenario.asset_urls import file_urls, image_urls
from catalogsync.scenario.downloads import Downloads
from catalogsync.scenario.fields import id_of, items_of, object_of
from catalogsync.scenario.paging import each_model
from catalogsync.scenario.paths import LISTING, MODELS, TEXTS, model_path, path_part
from catalogsync.scenario.prices import Begun, asked_price
from catalogsync.scenario.storage import Storage
from catalogsync.scenario.training_sets import (
    pairs_from,
    pairs_request,
    parameters_from,
    whole_model_from,
)
from catalogsync.scenario.trainings import Trainings
from catalogsync.scenario.transport import Transport
from catalogsync.scenario.uploads import Uploader
from catalogsync.scenario.wire import asset_from, import_request, is_there, model_from

_ASSETS_PER_PAGE = "100"
_COLLECTIONS_PER_PAGE = "100"
_TEXTS = {"description": TEXTS["description"], "prompt_guide": TEXTS["promptGuide"]}
"""Where the texts of a model are, by what a `RemoteModel` calls them."""


class ScenarioClient:
    """Reads and writes a project; over a read-only transport every write raises.

    `trainings` and `downloads` are ports of their own to the same project.
    """

    def __init__(self, transport: Transport, uploader: Uploader | None = None) -> None:
        self._http = transport
        self.trainings = Trainings(transport)
        self.downloads = Downloads(transport)
        self._uploader = uploader or Uploader(transport)
        self.storage = Storage(transport)
        self._listed_at: datetime | None = None

    @property
    def listed_at(self) -> datetime | None:
        """When the server began to list the models, by its own clock, where it tells."""
        return self._listed_at

    def in_project(self, project: str) -> "ScenarioClient":
        """The same client for another project; it is closed with this one, and sends no files."""
        return ScenarioClient(self._http.in_project(project), self._uploader)

    def list_models(self) -> Iterator[RemoteModel]:
        """Yield every model once, without the deleted ones (GET /models)."""
        for item in each_model(self._timed(self._http.pages(MODELS, "models", LISTING))):
            yield model_from(item)

    def _timed(self, pages: Iterator[list[Json]]) -> Iterator[list[Json]]:
        """The same pages, when the first of which came is noted."""
        for number, page in enumerate(pages):
            if number == 0:
                self._listed_at = self._http.server_time
            yield page

    def list_deleted(self) -> Iterator[RemoteModel]:
        """Yield every deleted model once (GET /models?status=deleted).

        What is not deleted is left out: a server that does not know the filter ignores it.
        """
        pages = self._http.pages(MODELS, "models", {**LISTING, "status": "deleted"})
        found = {
            model.id: model for page in pages for model in map(model_from, page) if model.deleted_at
        }
        yield from found.values()

    def get_model(self, model_id: str) -> RemoteModel:
        """Read one model in whole (GET /models/{modelId})."""
        return whole_model_from(object_of(self._http.get(model_path(model_id)), "model"))

    def came_ahead(self, model_id: str, field: str) -> bool:
        """Whether a text came before it is asked for; waits while it is on its way."""
        return field in _TEXTS and self._http.came_ahead(model_path(model_id, _TEXTS[field]))

    def get_description(self, model_id: str) -> str:
        """Read a description (GET /models/{modelId}/description)."""
        return self._text(model_id, "description")

    def get_prompt_guide(self, model_id: str) -> str:
        """Read a prompt guide (GET /models/{modelId}/prompt-guide)."""
        return self._text(model_id, "promptGuide")

    def _text(self, model_id: str, field: str) -> str:
        try:
            return _value(self._http.get(model_path(model_id, TEXTS[field])), field)
        except NotFound:
            # Unset, or the model is gone? Only a model that answers may count as having no text.
            self.get_model(model_id)
            return ""

    def get_assets(self, asset_ids: Sequence[str]) -> Mapping[str, AssetRef]:
        """Read up to 200 assets (POST /assets/get-bulk)."""
        answer = self._http.read_by_post("/assets/get-bulk", {"assetIds": list(asset_ids)})
        found = [asset_from(item) for item in items_of(answer, "assets") if is_there(item)]
        wanted = set(asset_ids)
        return {asset.id: asset for asset in found if asset.id in wanted}

    def get_image_urls(self, asset_ids: Sequence[str]) -> Mapping[str, str]:
        """Where the images among up to 200 assets are, for a while (POST /assets/get-bulk)."""
        answer = self._http.read_by_post("/assets/get-bulk", {"assetIds": list(asset_ids)})
        return image_urls(items_of(answer, "assets"))

    def get_file_urls(self, asset_ids: Sequence[str]) -> Mapping[str, str]:
        """Where the files of up to 200 assets are, for a while (POST /assets/get-bulk)."""
        answer = self._http.read_by_post("/assets/get-bulk", {"assetIds": list(asset_ids)})
        return file_urls(items_of(answer, "assets"))

    def newest_assets(self) -> Iterator[Sequence[AssetRef]]:
        """Yield pages of up to 100 assets, the newest first, none of them empty (GET /assets)."""
        params = {
            "pageSize": _ASSETS_PER_PAGE,
            "sortBy": "createdAt",
            "sortDirection": "desc",
        }
        for page in self._http.pages("/assets", "assets", params):
            # An empty page is not always the last one.
            if held := [asset_from(item) for item in page if is_there(item)]:
                yield held

    def list_collections(self) -> Mapping[str, str]:
        """Read all collections (GET /collections)."""
        params = {"pageSize": _COLLECTIONS_PER_PAGE}
        pages = self._http.pages("/collections", "collections", params)
        return {id_of(item): _name(item) for page in pages for item in page}

    def price_import(self, weights: Weights) -> Price:
        """Ask what an import costs (POST /uploads?dryRun=true).

        What the server would refuse has its words. To a key that may not even ask, the cost is
        unknown.
        """
        return asked_price(
            lambda: self._http.dry_run("/uploads", import_request(weights)),
            Begun("an import", "upload", "look at the newest models in the web page"),
        )

    def create_model(self, fields: Mapping[str, object]) -> RemoteModel:
        """Create a model, in one attempt (POST /models)."""
        return _model(self._http.once("POST", MODELS, dict(fields)))

    def update_model(
        self, model_id: str, fields: Mapping[str, object], *, again: Look | None = None
    ) -> RemoteModel:
        """Set fields of a model (PUT /models/{modelId})."""
        told = object_of(self._http.put(model_path(model_id), dict(fields), again=again), "model")
        return replace(model_from(told), training_parameters=parameters_from(told))

    def edit_tags(self, model_id: str, *, add: Sequence[str], delete: Sequence[str]) -> bool:
        """Add and delete tags (PUT /models/{modelId}/tags, not strict)."""
        body = {"add": list(add), "delete": list(delete), "strict": False}
        answer = self._http.put(model_path(model_id, "tags"), body)
        return _same(answer.get("added"), add) and _same(answer.get("deleted"), delete)

    def set_description(self, model_id: str, text: str, *, again: Look | None = None) -> str:
        """Set the description (PUT /models/{modelId}/description)."""
        body = {"description": text or None}
        answer = self._http.put(model_path(model_id, TEXTS["description"]), body, again=again)
        return _value(answer, "description")

    def set_prompt_guide(self, model_id: str, text: str, *, again: Look | None = None) -> str:
        """Set the prompt guide (PUT /models/{modelId}/prompt-guide)."""
        body = {"promptGuide": text or None}
        answer = self._http.put(model_path(model_id, TEXTS["promptGuide"]), body, again=again)
        return _value(answer, "promptGuide")

    def set_examples(
        self, model_id: str, asset_ids: Sequence[str], *, again: Look | None = None
    ) -> tuple[str, ...]:
        """Replace the examples (PUT /models/{modelId}/examples)."""
        body = {"assetIds": list(asset_ids)}
        answer = self._http.put(model_path(model_id, "examples"), body, again=again)
        return tuple(id_of(object_of(item, "asset")) for item in items_of(answer, "examples"))

    def upload_asset(
        self, asset: AssetRef, files: Sequence[BinaryIO], options: Mapping[str, object]
    ) -> str:
        """Send a file or a canvas (POST /assets or POST /uploads)."""
        if asset.canvas:
            return self._uploader.send_canvas(asset, files, options)
        (file,) = files
        return self._uploader.send(asset, file, options)

    def set_caption(self, asset_id: str, caption: str, *, again: Look | None = None) -> str | None:
        """Describe an asset (PUT /assets/{assetId})."""
        path = f"/assets/{path_part(asset_id)}"
        told = object_of(self._http.put(path, {"description": caption}, again=again), "asset")
        kept = told.get("description")
        return kept if isinstance(kept, str) else None

    def add_training_images(self, model_id: str, asset_ids: Sequence[str]) -> None:
        """Put images into a training set (POST /models/{modelId}/training-images).

        One that is there already is an error, so that it is attempted once.
        """
        self._http.once("POST", _training(model_id), {"assetIds": list(asset_ids)})

    def remove_training_image(self, model_id: str, asset_id: str) -> None:
        """Take an image out of a training set (DELETE .../training-images/{trainingImageId})."""
        try:
            self._http.delete(_training(model_id, path_part(asset_id)))
        except NotFound:
            return

    def set_training_pairs(
        self, model_id: str, pairs: Sequence[TrainingPair], *, again: Look | None = None
    ) -> tuple[TrainingPair, ...] | None:
        """Replace the training pairs (PUT .../training-images/pairs)."""
        body = pairs_request(pairs)
        answer = self._http.put(_training(model_id, "pairs"), body, again=again)
        return pairs_from(answer, "pairs") if "pairs" in answer else None

    def fetch_asset(self, asset: AssetRef, options: Mapping[str, object]) -> str:
        """Let the server fetch an asset from its URL (POST /uploads)."""
        return self._uploader.fetch(asset, options)

    def begin_import(self, weights: Weights) -> str:
        """Let the server import weights from elsewhere, in one attempt (POST /uploads)."""
        return self._uploader.begin_import(weights)

    def send_weights(self, asset: AssetRef, file: BinaryIO, purpose: str) -> str:
        """Send a file with weights, without completing its upload (POST /uploads)."""
        return self._uploader.deliver(asset, file, purpose)

    def finish_import(self, upload_id: str, weights: Weights) -> str:
        """Wait until an upload has become a model (GET /uploads/{uploadId})."""
        return self._uploader.finish_import(upload_id, weights)

    def create_collection(self, name: str) -> str:
        """Create a collection, in one attempt (POST /collections)."""
        answer = self._http.once("POST", "/collections", {"name": name})
        return id_of(object_of(answer, "collection"))

    def rename_collection(self, collection_id: str, name: str) -> None:
        """Give a collection another name (PUT /collections/{collectionId})."""
        self._http.put(_collection(collection_id), {"name": name})

    def delete_collection(self, collection_id: str) -> None:
        """Delete a collection (DELETE /collections/{collectionId}); one that is gone is none."""
        try:
            self._http.delete(_collection(collection_id))
        except NotFound:
            return

    def add_to_collection(self, collection_id: str, model_ids: Sequence[str]) -> None:
        """Put models into a collection (PUT /collections/{collectionId}/models).

        Adding a member again is an error, so that it is attempted once.
        """
        self._http.once("PUT", _members(collection_id), {"modelIds": list(model_ids)})

    def remove_from_collection(self, collection_id: str, model_ids: Sequence[str]) -> None:
        """Take models out of a collection (DELETE /collections/{collectionId}/models)."""
        self._http.once("DELETE", _members(collection_id), {"modelIds": list(model_ids)})

    def delete_model(self, model_id: str, *, again: Look | None = None) -> None:
        """Delete a model (DELETE /models/{modelId}); one that is gone already is no error."""
        try:
            self._http.delete(model_path(model_id), again=again)
        except NotFound:
            return

    def copy_model(self, model_id: str) -> RemoteModel:
        """Copy a model as trained, with its examples, in one attempt
        (POST /models/{modelId}/copy)."""
        body = {"copyAsTrained": True, "copyExamples": True}
        return _model(self._http.once("POST", model_path(model_id, "copy"), body))

    def transfer_model(self, model_id: str, project: str, team: str = "") -> RemoteModel:
        """Transfer a model to another project, in one attempt (POST /models/{modelId}/transfer)."""
        body = {"destinationProjectId": project} | ({"destinationTeamId": team} if team else {})
        return _model(self._http.once("POST", model_path(model_id, "transfer"), body))

    def restore_model(self, model_id: str) -> RemoteModel:
        """Bring a deleted model back, in one attempt (POST /models/{modelId}/restore)."""
        return _model(self._http.once("POST", model_path(model_id, "restore"), None))


def _training(model_id: str, *rest: str) -> str:
    return model_path(model_id, "training-images", *rest)


def _members(collection_id: str) -> str:
    return f"{_collection(collection_id)}/models"


def _collection(collection_id: str) -> str:
    return f"/collections/{path_part(collection_id)}"


def _model(answer: Json) -> RemoteModel:
    return model_from(object_of(answer, "model"))


def _same(told: object, asked: Sequence[str]) -> bool:
    return isinstance(told, list) and sorted(map(str, told)) == sorted(asked)


def _name(item: Json) -> str:
    """A collection's name: without one, it must not pass for a collection that is not there."""
    value = item.get("name")
    if not isinstance(value, str):
        raise BadResponse("the server describes a collection without name")
    return value


def _value(answer: Json, field: str) -> str:
    """The text in a description's or prompt guide's answer; null and absent count as empty."""
    held = answer.get(field)
    if held is None:
        return ""
    value = held.get("value") if isinstance(held, dict) else held
    if value is not None and not isinstance(value, str):
        raise BadResponse(f"the server's {TEXTS[field]} is not a text")
    return value or ""
