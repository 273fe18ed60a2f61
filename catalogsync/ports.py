"""What the engine needs of a model catalog's API: the seam that `scenario` and the tests fill."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from catalogsync.jobs import Job, Started, Training
from catalogsync.model import (
    AssetRef,
    Holder,
    Price,
    RemoteModel,
    StoredAsset,
    TrainingPair,
    Weights,
)

ASSETS_PER_READ = 200
"""The most asset ids that `get_assets` takes in one call (POST /assets/get-bulk)."""

ASSETS_PER_DELETE = 100
"""The most asset ids that `delete_assets` takes in one call (DELETE /assets)."""


TRAINING_IMAGES_PER_CALL = 10
"""The most asset ids that `add_training_images` takes in one call."""


class KnownAssets(Protocol):
    """What earlier runs learned of the project's assets, whose contents never change."""

    def recall(self, asset_ids: Iterable[str]) -> Mapping[str, AssetRef]:
        """Those of the assets that are known with their content."""
        ...

    def remember(self, assets: Iterable[AssetRef]) -> None:
        """Note what the server told."""
        ...

    def keep(self) -> None:
        """Keep what was noted; it is kept at the end in any case."""
        ...


class KnownFields(Protocol):
    """What earlier runs read of models that a listing does not tell."""

    def recall(self, models: Iterable[RemoteModel]) -> Mapping[tuple[str, str], str]:
        """What is known of models whose `updated_at` is the same as then, by id and field."""
        ...

    def remember(self, model: RemoteModel, fields: Mapping[str, str]) -> None:
        """Note what was read of a model after it was listed as `model`."""
        ...


class KnownUploads(Protocol):
    """Which upload has all parts of a file, so that nobody sends them again who finds it."""

    def recall(self, sha256: str) -> str:
        """The id of the upload that a file was last sent to, or nothing."""
        ...

    def remember(self, sha256: str, upload_id: str) -> None:
        """Keep it at once: this process may not live to say it later."""
        ...

    def forget(self, upload_id: str) -> None:
        """Never find an upload again, of which nothing can be made."""
        ...


class CatalogReader(Protocol):
    """Reads a project; every method raises `ApiError` rather than return less than there is."""

    def list_models(self) -> Iterator[RemoteModel]:
        """Yield every model of the project, without texts, embeddings and training data
        (GET /models)."""
        ...

    def list_deleted(self) -> Iterator[RemoteModel]:
        """Yield the models that were deleted in the last 30 days (GET /models?status=deleted)."""
        ...

    def get_model(self, model_id: str) -> RemoteModel:
        """Read one model with embeddings and training data (GET /models/{modelId})."""
        ...

    def came_ahead(self, model_id: str, field: str) -> bool:
        """Whether a text came before it is asked for; waits while it is on its way.

        To read it takes no time then.
        """
        ...

    def get_description(self, model_id: str) -> str:
        """Read a model's Markdown description; empty when none is set."""
        ...

    def get_prompt_guide(self, model_id: str) -> str:
        """Read a model's prompt guide; empty when none is set."""
        ...

    def get_assets(self, asset_ids: Sequence[str]) -> Mapping[str, AssetRef]:
        """Read up to `ASSETS_PER_READ` assets by id; those that do not exist are left out."""
        ...

    def newest_assets(self) -> Iterator[Sequence[AssetRef]]:
        """Yield the project's assets page by page, the newest first (GET /assets)."""
        ...

    def list_collections(self) -> Mapping[str, str]:
        """Read the project's collections: id to name (GET /collections)."""
        ...

    def price_import(self, weights: Weights) -> Price:
        """Ask what importing weights would cost; imports nothing (POST /uploads?dryRun=true)."""
        ...


Look = Callable[[], None]
"""Looks at what a write replaces; what it raises keeps the write from being sent."""


class CatalogWriter(CatalogReader, Protocol):
    """Also writes. What creates is attempted once: `ApiError.may_have_been_applied` then says
    whether to read back before another attempt.

    What replaces or deletes is repeated, and takes a look `again`: it is called right before every
    attempt that comes late, be it a repeated one or one that had to wait.
    """

    def create_model(self, fields: Mapping[str, object]) -> RemoteModel:
        """Create a model from the API's own fields (POST /models)."""
        ...

    def update_model(
        self, model_id: str, fields: Mapping[str, object], *, again: Look | None = None
    ) -> RemoteModel:
        """Set the given fields of a model, None unsets (PUT /models/{modelId})."""
        ...

    def edit_tags(self, model_id: str, *, add: Sequence[str], delete: Sequence[str]) -> bool:
        """Add and delete tags; those already so are no error (PUT /models/{modelId}/tags).

        Return whether the server says that it changed all of them, and as they were sent.
        """
        ...

    def set_description(self, model_id: str, text: str, *, again: Look | None = None) -> str:
        """Set the Markdown description, empty deletes it; return what the server kept."""
        ...

    def set_prompt_guide(self, model_id: str, text: str, *, again: Look | None = None) -> str:
        """Set the prompt guide, empty deletes it; return what the server kept."""
        ...

    def set_examples(
        self, model_id: str, asset_ids: Sequence[str], *, again: Look | None = None
    ) -> tuple[str, ...]:
        """Replace the ordered list of examples; return what the server kept."""
        ...

    def upload_asset(
        self, asset: AssetRef, files: Sequence[BinaryIO], options: Mapping[str, object]
    ) -> str:
        """Send a file, or those of a canvas, and return the new asset's id; raise `FileChanged`
        if a sha256 differs.

        `options` are the API's own fields: hide, parentId, collectionIds.
        """
        ...

    def set_caption(self, asset_id: str, caption: str, *, again: Look | None = None) -> str | None:
        """Describe an asset, the caption of a training image; return what the server kept, None
        where it does not tell (PUT /assets/{assetId})."""
        ...

    def add_training_images(self, model_id: str, asset_ids: Sequence[str]) -> None:
        """Put up to `TRAINING_IMAGES_PER_CALL` images into a training set; one that is there
        already is an error (POST /models/{modelId}/training-images)."""
        ...

    def remove_training_image(self, model_id: str, asset_id: str) -> None:
        """Take an image out of a training set; one that is not there is no error."""
        ...

    def set_training_pairs(
        self, model_id: str, pairs: Sequence[TrainingPair], *, again: Look | None = None
    ) -> tuple[TrainingPair, ...] | None:
        """Replace the training pairs, by the ids of their assets; return what the server kept,
        None where it does not tell (PUT /models/{modelId}/training-images/pairs)."""
        ...

    def fetch_asset(self, asset: AssetRef, options: Mapping[str, object]) -> str:
        """Let the server fetch a URL, and return the new asset's id; raise `OutcomeUnknown`
        where nothing tells whether it does."""
        ...

    def begin_import(self, weights: Weights) -> str:
        """Let the server import weights from elsewhere, and return the upload's id; raise
        `OutcomeUnknown` where nothing tells whether it does."""
        ...

    def send_weights(self, asset: AssetRef, file: BinaryIO, purpose: str) -> str:
        """Send a file with weights and return the upload's id; nothing is imported yet.

        What was sent for the same `purpose` before, and is not used yet, need not be sent again.
        """
        ...

    def finish_import(self, upload_id: str, weights: Weights) -> str:
        """Wait until an upload has become a model, and return the model's id; raise `Rejected`
        if it never will. Can be repeated."""
        ...

    def create_collection(self, name: str) -> str:
        """Create a collection and return its id (POST /collections)."""
        ...

    def rename_collection(self, collection_id: str, name: str) -> None:
        """Give a collection another name (PUT /collections/{collectionId})."""
        ...

    def delete_collection(self, collection_id: str) -> None:
        """Delete a collection, but not its members; one that is gone already is no error."""
        ...

    def add_to_collection(self, collection_id: str, model_ids: Sequence[str]) -> None:
        """Put up to 49 models into a collection; all or none: a member already is an error."""
        ...

    def remove_from_collection(self, collection_id: str, model_ids: Sequence[str]) -> None:
        """Take up to 49 models out of a collection."""
        ...

    def delete_model(self, model_id: str, *, again: Look | None = None) -> None:
        """Delete a model; the API keeps it restorable for 30 days (DELETE /models/{modelId})."""
        ...

    def copy_model(self, model_id: str) -> RemoteModel:
        """Copy a model within its project, with training data and examples
        (POST /models/{modelId}/copy)."""
        ...

    def transfer_model(self, model_id: str, project: str, team: str = "") -> RemoteModel:
        """Transfer a model to another project, of another team if one is named
        (POST /models/{modelId}/transfer)."""
        ...

    def restore_model(self, model_id: str) -> RemoteModel:
        """Bring a deleted model back, without tags and collections
        (POST /models/{modelId}/restore)."""
        ...


class Storage(Protocol):
    """What a project keeps, and what of it is used; raises `ApiError` rather than tell less."""

    def stored_assets(self) -> Iterator[StoredAsset]:
        """Yield every asset of the project (GET /assets)."""
        ...

    def holders(self) -> Iterator[Holder]:
        """Yield every model, also deleted and public ones (GET /models)."""
        ...

    def words_of(self, model_id: str) -> frozenset[str]:
        """All words of what a model says, its texts included; raise `NotFound` if it cannot be
        read (GET /models/{modelId} and its texts)."""
        ...

    def words_of_collections(self) -> frozenset[str]:
        """All words of what the project's collections say (GET /collections)."""
        ...

    def assets_left(self, asset_ids: Sequence[str]) -> frozenset[str]:
        """Those of up to `ASSETS_PER_READ` assets that are there (POST /assets/get-bulk)."""
        ...

    def delete_assets(self, asset_ids: Sequence[str]) -> None:
        """Delete up to `ASSETS_PER_DELETE` assets, in one attempt (DELETE /assets)."""
        ...


class Jobs(Protocol):
    """Reads the jobs of a project."""

    def get_job(self, job_id: str) -> Job:
        """Look at a job; raise `NotFound` where there is none (GET /jobs/{jobId})."""
        ...

    def newest_jobs(self, types: Sequence[str]) -> Iterator[Job]:
        """Yield the newest few hundred jobs of some types, the newest first (GET /jobs)."""
        ...


class TrainingPrices(Protocol):
    """Tells what trainings cost."""

    def price_training(
        self,
        model_id: str,
        images: int | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> Price:
        """Ask what a training would cost; starts none (PUT /models/{modelId}/train?dryRun=true).

        `images` is the number to assume for a model that has none yet.
        """
        ...


class TrainingReader(Jobs, TrainingPrices, Protocol):
    """Looks at trainings."""

    def get_training(self, model_id: str) -> Training:
        """Look at the training of a model (GET /models/{modelId})."""
        ...


class Trainer(TrainingReader, Protocol):
    """Also starts trainings, which are paid for, and cancels them."""

    def start_training(self, model_id: str, parameters: Mapping[str, object]) -> Started:
        """Start a training, in one attempt (PUT /models/{modelId}/train)."""
        ...

    def cancel_training(self, model_id: str) -> Training:
        """Cancel a training, in one attempt (POST /models/{modelId}/train/action)."""
        ...


class Downloader(Jobs, Protocol):
    """Lets the server pack the weights of models."""

    def price_download(self, model_id: str, epoch: str) -> Price:
        """Ask what a download would cost (POST /models/{modelId}/download?dryRun=true)."""
        ...

    def start_download(self, model_id: str, epoch: str) -> str:
        """Begin a download, in one attempt, and return the job's id; no epoch is the model's own
        (POST /models/{modelId}/download)."""
        ...


class Stream(Protocol):
    """What a server sends of a file: from byte `start` on, of `size` bytes in all if it tells.

    `tag` tells these bytes from others, `name` is what the server calls the file: foreign text.
    """

    @property
    def start(self) -> int: ...
    @property
    def size(self) -> int | None: ...
    @property
    def tag(self) -> str: ...
    @property
    def name(self) -> str: ...
    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes; raises `Unreachable` where they break off."""
        ...


class FileReader(Protocol):
    """Reads large files from signed addresses, from anywhere in them."""

    def open(self, url: str, start: int, tag: str) -> AbstractContextManager[Stream]:
        """Ask for a file from byte `start` on, if it still is the one with this `tag`.

        Raises `AddressExpired` where the address is not accepted any more.
        """
        ...
