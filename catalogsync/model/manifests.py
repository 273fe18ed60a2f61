"""The values of a manifest: one model as the catalog wants it."""

from dataclasses import field
from datetime import date
from enum import StrEnum

from catalogsync.model.assets import NO_ASSET, AssetOptions, AssetRef
from catalogsync.values import dataclass


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
        return tuple([part for part in self.parts if isinstance(part, Mention)])


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
        return tuple([text for text in (self.description, self.prompt_guide) if text is not None])

    @property
    def assets(self) -> tuple[AssetRef, ...]:
        """Every asset that the manifest refers to: thumbnail, examples, in texts, in training,
        and what new ones are filed below."""
        own = [self.thumbnail] if self.thumbnail and self.thumbnail != NO_ASSET else []
        own += self.examples or ()
        own += [each for each in self._mentioned if isinstance(each, AssetRef)]
        own += self.training_assets
        own += [each.options.parent for each in own if each.options and each.options.parent]
        return tuple(own)

    @property
    def asset_options(self) -> tuple[AssetOptions, ...]:
        """How the manifest wants new assets to be filed."""
        return tuple(ref.options for ref in self.assets if ref.options)

    @property
    def training_assets(self) -> tuple[AssetRef, ...]:
        """Every asset of the training set."""
        if not (self.training_images or self.training_pairs):
            return ()
        images = (image.asset for image in self.training_images or ())
        pairs = (ref for pair in self.training_pairs or () for ref in (pair.source, pair.target))
        return tuple(dict.fromkeys((*images, *pairs)))

    @property
    def model_refs(self) -> tuple[ModelRef, ...]:
        """Every model that the manifest refers to: concepts, then those in texts."""
        mentioned = (each for each in self._mentioned if isinstance(each, ModelRef))
        return (*(concept.model for concept in self.concepts or ()), *mentioned)

    @property
    def _mentioned(self) -> "list[AssetRef | ModelRef]":
        """What the texts refer to, in the order of the places."""
        return [mention.target for text in self.texts for mention in text.mentions]
