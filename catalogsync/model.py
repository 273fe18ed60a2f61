"""The values that flow between the stages: what the catalog wants and what the server has.

In a `ModelSpec`, `None` means that the manifest does not manage the field and an empty value
that it makes the field empty. In a `RemoteModel`, `None` means that the field was not read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path


class AssetKind(StrEnum):
    """The kinds of file that the API tells apart: weights become a model, the others an asset."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    MODEL_3D = "3d"
    CANVAS = "json"
    WEIGHTS = "model"


@dataclass(frozen=True, slots=True)
class AssetRef:
    """A file by its content, an asset the server has by its id, or both.

    Only `sha256` (64 hex digits) and `id` take part in comparison; the rest describes the file
    for people and for the upload. `size` is in bytes, `width` and `height` in pixels. What is at
    a `url` is for the server to fetch; its `sha256` is that of the address. `options` say how a
    new asset is filed; one that is there already keeps its own. A `canvas` is made of two files.
    """

    sha256: str = ""
    id: str = ""
    name: str = field(default="", compare=False)
    kind: AssetKind = field(default=AssetKind.IMAGE, compare=False)
    media_type: str = field(default="", compare=False)
    size: int = field(default=0, compare=False)
    width: int = field(default=0, compare=False)
    height: int = field(default=0, compare=False)
    url: str = field(default="", compare=False)
    options: "AssetOptions | None" = field(default=None, compare=False)
    canvas: "Canvas | None" = field(default=None, compare=False)

    @property
    def digest(self) -> str:
        """The part of `sha256` that names a file on the server: its first 32 hex digits."""
        return self.sha256[:32]

    @property
    def files(self) -> "tuple[AssetRef, ...]":
        """The files that are sent for it; what is fetched from a URL needs none."""
        if self.canvas:
            return self.canvas.files
        return () if self.url else (self,)


@dataclass(frozen=True, slots=True)
class Canvas:
    """A document of the web page's editor, and the image that stands for it."""

    scene: AssetRef
    thumbnail: AssetRef | None = None

    @property
    def files(self) -> tuple[AssetRef, ...]:
        """The document, and the thumbnail if there is one."""
        return (self.scene, self.thumbnail) if self.thumbnail else (self.scene,)


@dataclass(frozen=True, slots=True)
class AssetOptions:
    """How a new asset is filed: hidden, below a parent, in collections by their names, sorted."""

    hide: bool = False
    parent: AssetRef | None = None
    collections: tuple[str, ...] = ()


LARGEST_FILE = 5 * 1000**4
"""The largest file that the API takes, in bytes."""

NO_ASSET = AssetRef()
"""The empty asset reference: a thumbnail that is (to be) unset."""


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Another model, by its key in this catalog or by its id on the server."""

    key: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in a Markdown text that stands for an asset or another model.

    `written` is what the author typed there: `![pose](images/pose.webp)`, `{model:base-heroes}`.
    """

    written: str
    target: AssetRef | ModelRef


@dataclass(frozen=True, slots=True)
class Text:
    """A Markdown text, cut at its mentions; adjacent strings are joined, empty ones left out."""

    parts: tuple[str | Mention, ...] = ()

    @property
    def written(self) -> str:
        """The text as its author typed it."""
        return "".join(part if isinstance(part, str) else part.written for part in self.parts)

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """The mentions in the order they appear."""
        return tuple(part for part in self.parts if isinstance(part, Mention))


@dataclass(frozen=True, slots=True)
class Concept:
    """One part of a composition; `scale` is always a float, from -2 to 2."""

    model: ModelRef
    scale: float
    epoch: str = ""


@dataclass(frozen=True, slots=True)
class TrainingImage:
    """A picture that a model is trained on, and what it shows in words.

    The caption is the asset's `description`, one for all the training sets that it is in; None
    means that it is not managed, or was not read.
    """

    asset: AssetRef
    caption: str | None = None


@dataclass(frozen=True, slots=True)
class TrainingPair:
    """A picture before and after an edit that a model is to learn; both are training images."""

    source: AssetRef
    target: AssetRef
    instruction: str = ""


Parameter = str | float | bool | tuple[str, ...]
"""The value of a training parameter; every number is a float."""

Parameters = tuple[tuple[str, Parameter], ...]
"""Training parameters by the API's names, sorted."""


class WeightsSource(StrEnum):
    """Where the weights of a new model can come from."""

    HUGGING_FACE = "huggingFace"
    CIVITAI = "civitai"
    URL = "url"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Weights:
    """What a model is made of when it is created.

    `address` is what the manifest says: a name at Hugging Face, an address, the path of a `file`.
    """

    source: WeightsSource
    address: str
    file: AssetRef | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What the server asks for an import or a training, in creative units; None: it does not say.

    A `refusal` holds its words if it would not do it.
    """

    units: float | None = None
    refusal: str = ""


class State(StrEnum):
    """What a manifest wants to become of its model."""

    PRESENT = "present"
    ABSENT = "absent"
    UNMANAGED = "unmanaged"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value was declared: a path relative to the catalog and a line from 1."""

    path: str
    line: int = 1


@dataclass(frozen=True, slots=True)
class Ignored:
    """A field that may differ on the server for a while, the day `until` included."""

    field: str
    reason: str
    until: date
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One manifest.

    The training images are a set, in which whatever is in a pair is too. Of the training
    parameters only those are managed that are named.
    """

    key: str
    name: str
    type: str
    short_description: str | None = None
    tags: frozenset[str] | None = None
    description: Text | None = None
    prompt_guide: Text | None = None
    thumbnail: AssetRef | None = None
    examples: tuple[AssetRef, ...] | None = None
    collections: frozenset[str] | None = None
    class_slug: str | None = None
    concepts: tuple[Concept, ...] | None = None
    epoch: str | None = None
    prompt_embedding: str | None = None
    negative_prompt_embedding: str | None = None
    weights: Weights | None = None
    training_images: tuple[TrainingImage, ...] | None = None
    training_pairs: tuple[TrainingPair, ...] | None = None
    training_parameters: Parameters | None = None
    id: str = ""
    protect: bool = False
    state: State = State.PRESENT
    renamed_from: str = ""
    ignored: tuple[Ignored, ...] = ()
    source: Source = field(default=Source(""), compare=False)

    @property
    def texts(self) -> tuple[Text, ...]:
        """The Markdown texts that the manifest manages."""
        return tuple(text for text in (self.description, self.prompt_guide) if text is not None)

    @property
    def assets(self) -> tuple[AssetRef, ...]:
        """Every asset that the manifest refers to: thumbnail, examples, in texts, in training,
        and what new ones are filed below."""
        thumbnail = (self.thumbnail,) if self.thumbnail and self.thumbnail != NO_ASSET else ()
        targets = (mention.target for text in self.texts for mention in text.mentions)
        mentioned = tuple(target for target in targets if isinstance(target, AssetRef))
        own = (*thumbnail, *(self.examples or ()), *mentioned, *self.training_assets)
        options = (ref.options for ref in own if ref.options)
        return (*own, *(each.parent for each in options if each.parent))

    @property
    def asset_options(self) -> tuple[AssetOptions, ...]:
        """How the manifest wants new assets to be filed."""
        return tuple(ref.options for ref in self.assets if ref.options)

    @property
    def training_assets(self) -> tuple[AssetRef, ...]:
        """Every asset of the training set."""
        images = (image.asset for image in self.training_images or ())
        pairs = (ref for pair in self.training_pairs or () for ref in (pair.source, pair.target))
        return tuple(dict.fromkeys((*images, *pairs)))

    @property
    def model_refs(self) -> tuple[ModelRef, ...]:
        """Every model that the manifest refers to: concepts, then those in texts."""
        targets = (mention.target for text in self.texts for mention in text.mentions)
        mentioned = tuple(target for target in targets if isinstance(target, ModelRef))
        return (*(concept.model for concept in self.concepts or ()), *mentioned)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """Where the bytes of an asset are: `parts` are the path's parts below the catalog's folder."""

    root: Path
    parts: tuple[str, ...]

    @property
    def path(self) -> str:
        """The path below the catalog's folder, with `/` between its parts."""
        return "/".join(self.parts)


@dataclass(frozen=True, slots=True)
class Limit:
    """A brake on a plan: an absolute number, or a share of the managed models in percent."""

    count: int | None = None
    percent: float | None = None

    def allows(self, number: int, *, of: int) -> bool:
        """Whether `number` out of `of` stays within the limit."""
        if self.count is not None and number > self.count:
            return False
        return self.percent is None or number * 100 <= self.percent * of

    def __str__(self) -> str:
        return f"{self.percent:g}%" if self.count is None else str(self.count)


UNLIMITED = Limit()


@dataclass(frozen=True, slots=True)
class Policy:
    """The brakes of a catalog; `max_upload` is in bytes, None for no limit."""

    max_delete: Limit = Limit(count=3)
    max_update: Limit = UNLIMITED
    max_upload: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """An environment: one project of the API (empty: the credentials' own)."""

    name: str
    project: str = ""


@dataclass(frozen=True, slots=True)
class Catalog:
    """A whole catalog: its models in the order of their keys, and where their files are.

    `files` maps the sha256 of every file that a model refers to, to the file.
    """

    name: str
    models: tuple[ModelSpec, ...] = ()
    files: Mapping[str, LocalFile] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    default_target: str = ""
    policy: Policy = Policy()
    ignore_tags: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class StoredAsset:
    """An asset as the project keeps it: when it was made, and whose and where it is.

    `words` are all that the server tells of it, among them the ids of what it belongs to.
    """

    asset: AssetRef
    created_at: str
    owner_id: str = ""
    collection_ids: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Holder:
    """A model that may use assets, with all that a listing tells of it in `words`.

    `gone` is one that was deleted and may be restored, `public` one that others may own.
    """

    id: str
    owner_id: str = ""
    gone: bool = False
    public: bool = False
    words: frozenset[str] = frozenset()
