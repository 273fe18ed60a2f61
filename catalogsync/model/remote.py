"""The values of a project: what the server has, as it was read."""

from collections.abc import Container, Mapping
from dataclasses import field

from catalogsync.model.assets import AssetRef
from catalogsync.model.manifests import Concept, Parameters, TrainingImage, TrainingPair
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """What the server asks for an import or a training, in creative units; None: it does not say.

    A `refusal` holds its words if it would not do it.
    """

    units: float | None = None
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteModel:
    """One model as the server reports it; `None` in a field means that it was not read.

    `status` and `updated_at` are empty where the server was not asked. `author_id` is who made it,
    `deleted_at` when it was deleted, empty for one that is there.
    `description` and `prompt_guide` are the server's text, with its ids in it; `class_slug`,
    `epoch`, the embeddings and `thumbnail` (an asset id) are empty strings when unset.
    `training_count` is the number of training images, as a listing tells it, `trained_at` when the
    last training ended, by the server's clock.
    """

    id: str
    name: str
    type: str
    status: str
    updated_at: str
    author_id: str = ""
    short_description: str = ""
    tags: frozenset[str] = frozenset()
    description: str | None = None
    prompt_guide: str | None = None
    thumbnail: str = ""
    examples: tuple[str, ...] = ()
    collection_ids: frozenset[str] = frozenset()
    class_slug: str = ""
    concepts: tuple[Concept, ...] = ()
    epoch: str = ""
    epochs: tuple[str, ...] = ()
    prompt_embedding: str | None = None
    negative_prompt_embedding: str | None = None
    training_count: int = 0
    training_images: tuple[TrainingImage, ...] | None = None
    training_pairs: tuple[TrainingPair, ...] | None = None
    training_parameters: Parameters | None = None
    deleted_at: str = ""
    trained_at: str | None = None


@dataclass(frozen=True, slots=True)
class ReadBefore:
    """Of how many models fields were not read anew, and when the oldest of those was read (UTC)."""

    models: int
    since: str


@dataclass(frozen=True, slots=True)
class InSync:
    """A model that does not differ from its manifest while two digests stay what they are.

    `files` is of the manifest and the files that it may name, `record` of what a listing tells.
    `assets` has the contents that the manifest names, each by 16 bytes of its sha256. `read_at` is
    when the texts were read that were compared (UTC).
    """

    key: str
    id: str
    files: bytes
    record: bytes
    assets: bytes = b""
    read_at: str = ""

    def holds_any(self, contents: Container[bytes]) -> bool:
        """Whether the manifest names any of these contents, each by 16 bytes."""
        return any(self.assets[at : at + 16] in contents for at in range(0, len(self.assets), 16))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the server had when it was read.

    `models` by id; `assets` by id, for every asset that a managed model refers to or that holds
    a file of the catalog (their `sha256` is as long as the server tells it: 32 or 64 digits);
    `collections` maps ids to names, which may repeat, or is None when no manifest manages them;
    `prices` has what the imports cost that are not begun, by the digest of their weights;
    `deleted` has, by id, what can be restored, where a manifest has no model.
    """

    models: Mapping[str, RemoteModel]
    assets: Mapping[str, AssetRef] = field(default_factory=dict)
    collections: Mapping[str, str] | None = None
    prices: Mapping[str, Price] = field(default_factory=dict)
    deleted: Mapping[str, RemoteModel] = field(default_factory=dict)
