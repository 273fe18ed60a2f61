"""What the engine needs of a model catalog's API: the seam that `scenario` and the tests fill."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, Protocol

from catalogsync.model import AssetRef, Price, RemoteModel, Weights

ASSETS_PER_READ = 200
"""The most asset ids that `get_assets` takes in one call (POST /assets/get-bulk)."""


class KnownAssets(Protocol):
    """What earlier runs learned of the project's assets, whose contents never change."""

    def recall(self, asset_ids: Iterable[str]) -> Mapping[str, AssetRef]:
        """Those of the assets that are known with their content."""
        ...

    def remember(self, assets: Iterable[AssetRef]) -> None:
        """Note what the server told."""
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
        """Yield every model of the project, without texts and embeddings (GET /models)."""
        ...

    def list_deleted(self) -> Iterator[RemoteModel]:
        """Yield the models that were deleted in the last 30 days (GET /models?status=deleted)."""
        ...

    def get_model(self, model_id: str) -> RemoteModel:
        """Read one model with its embeddings (GET /models/{modelId})."""
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


class CatalogWriter(CatalogReader, Protocol):
    """Also writes. What creates is attempted once: `ApiError.may_have_been_applied` then says
    whether to read back before another attempt."""

    def create_model(self, fields: Mapping[str, object]) -> RemoteModel:
        """Create a model from the API's own fields (POST /models)."""
        ...

    def update_model(self, model_id: str, fields: Mapping[str, object]) -> RemoteModel:
        """Set the given fields of a model, None unsets (PUT /models/{modelId})."""
        ...

    def edit_tags(self, model_id: str, *, add: Sequence[str], delete: Sequence[str]) -> bool:
        """Add and delete tags; those already so are no error (PUT /models/{modelId}/tags).

        Return whether the server says that it changed all of them, and as they were sent.
        """
        ...

    def set_description(self, model_id: str, text: str) -> str:
        """Set the Markdown description, empty deletes it; return what the server kept."""
        ...

    def set_prompt_guide(self, model_id: str, text: str) -> str:
        """Set the prompt guide, empty deletes it; return what the server kept."""
        ...

    def set_examples(self, model_id: str, asset_ids: Sequence[str]) -> tuple[str, ...]:
        """Replace the ordered list of examples; return what the server kept."""
        ...

    def upload_asset(self, asset: AssetRef, file: BinaryIO) -> str:
        """Send a file and return the new asset's id; raise `FileChanged` if its sha256 differs."""
        ...

    def fetch_asset(self, asset: AssetRef) -> str:
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

    def delete_model(self, model_id: str) -> None:
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
