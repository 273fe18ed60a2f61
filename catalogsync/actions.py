"""What can be done to the server: a closed union of plain values, read with `match`.

Models are named by their manifest's key and files by their content: the ids on the server may
not exist yet when a plan is made.
"""

from enum import StrEnum
from typing import TypeGuard

from catalogsync.model import (
    AssetOptions,
    AssetRef,
    Concept,
    ModelRef,
    Parameters,
    Text,
    TrainingImage,
    TrainingPair,
    Weights,
)
from catalogsync.values import dataclass

FieldValue = str | AssetRef | tuple[Concept, ...] | None
"""What a field is set to; None unsets it."""


@dataclass(frozen=True, slots=True)
class UploadAsset:
    """Send a file, once, however many models use it, and file it by its `options`."""

    asset: AssetRef
    options: AssetOptions | None = None


@dataclass(frozen=True, slots=True)
class CreateCollection:
    """Create a collection that a manifest names and the project lacks."""

    name: str


@dataclass(frozen=True, slots=True)
class CreateModel:
    """Create a model and tag it as ours at once; `fields` are the API's names, sorted."""

    model: str
    fields: tuple[tuple[str, FieldValue], ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportModel:
    """Create a model from weights and tag it as ours at once.

    `note` is the collection that says so meanwhile; an `upload` was begun by an earlier run.
    `units` is the cost in creative units, None where the server does not tell.
    """

    model: str
    model_type: str
    weights: Weights
    tags: tuple[str, ...]
    note: str
    upload: str = ""
    units: float | None = None


@dataclass(frozen=True, slots=True)
class EndImport:
    """Take away the note that an import runs."""

    model: str


@dataclass(frozen=True, slots=True)
class RestoreModel:
    """Bring a deleted model back and tag it as ours at once.

    `note` is the collection that says so meanwhile.
    """

    model: str
    id: str
    tags: tuple[str, ...]
    note: str


class By(StrEnum):
    """The API's two ways to a model that there is already: a copy, or the model itself."""

    COPY = "copy"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class PromoteModel:
    """Bring a model over from another project; what its manifest says is for what follows.

    `source` is its id there, `origin` what that project is called; `note` is the collection that
    says so meanwhile. One that has `arrived` under that id is only to be got ready.
    """

    model: str
    source: str
    origin: str
    by: By
    note: str
    arrived: str = ""


@dataclass(frozen=True, slots=True)
class EndNote:
    """Take away the note of how a model came to be ours."""

    model: str


@dataclass(frozen=True, slots=True)
class AdoptModel:
    """Put our mark on a model that exists already, with whatever else its tags need."""

    model: str
    add: tuple[str, ...]
    delete: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UpdateModel:
    """Set fields of a model; `fields` are the API's names, sorted."""

    model: str
    fields: tuple[tuple[str, FieldValue], ...]


@dataclass(frozen=True, slots=True)
class EditTags:
    """Add and delete tags, and leave the others alone."""

    model: str
    add: tuple[str, ...]
    delete: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EditCollections:
    """Put a model into collections and take it out of others, by their names."""

    model: str
    add: tuple[str, ...]
    remove: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetExamples:
    """Replace the ordered list of examples."""

    model: str
    examples: tuple[AssetRef, ...]


@dataclass(frozen=True, slots=True)
class SetDescription:
    """Replace the Markdown description."""

    model: str
    text: Text


@dataclass(frozen=True, slots=True)
class SetPromptGuide:
    """Replace the prompt guide."""

    model: str
    text: Text


@dataclass(frozen=True, slots=True)
class SetCaptions:
    """Give training images their captions, which are the descriptions of the assets."""

    model: str
    images: tuple[TrainingImage, ...]


@dataclass(frozen=True, slots=True)
class AddTrainingImages:
    """Put images into the training set.

    `instead_of` are those that leave it later, or first where there is no room for both.
    """

    model: str
    images: tuple[AssetRef, ...]
    instead_of: tuple[AssetRef, ...] = ()


@dataclass(frozen=True, slots=True)
class SetTrainingPairs:
    """Replace the ordered list of training pairs."""

    model: str
    pairs: tuple[TrainingPair, ...]


@dataclass(frozen=True, slots=True)
class RemoveTrainingImages:
    """Take images out of the training set; the assets stay."""

    model: str
    images: tuple[AssetRef, ...]


@dataclass(frozen=True, slots=True)
class SetTrainingParameters:
    """Set some of the parameters of a training; nothing is trained by that."""

    model: str
    parameters: Parameters


TrainingAction = (
    SetCaptions
    | AddTrainingImages
    | SetTrainingPairs
    | RemoveTrainingImages
    | SetTrainingParameters
)
"""What changes a model's training data, which nobody may do while the model trains."""


@dataclass(frozen=True, slots=True)
class ForgetModel:
    """Take our mark off a model and leave it there."""

    model: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeleteModel:
    """Delete a model; the server keeps it restorable for 30 days."""

    model: str


Creation = CreateModel | ImportModel | RestoreModel | PromoteModel
"""After what there is a model that was not there."""

ModelAction = (
    Creation
    | EndImport
    | EndNote
    | AdoptModel
    | UpdateModel
    | EditTags
    | EditCollections
    | SetExamples
    | SetDescription
    | SetPromptGuide
    | TrainingAction
    | ForgetModel
    | DeleteModel
)
Action = UploadAsset | CreateCollection | ModelAction


def files_to_send(action: Action) -> tuple[AssetRef, ...]:
    """The files that an action sends."""
    match action:
        case UploadAsset(asset=asset):
            return asset.files
        case ImportModel(weights=Weights(file=AssetRef() as file), upload=""):
            return (file,)
    return ()


Replacing = UpdateModel | SetExamples | SetDescription | SetPromptGuide | TrainingAction
"""What puts a value in the place of another one."""


def is_compared(action: Action, *, first: bool) -> TypeGuard[Replacing]:
    """Whether what an action replaces is compared right before with what the plan saw.

    The `first` action of a model follows a look at the date of the model's last change, of which
    nobody promises that it moves with what a listing does not tell: a text, a caption, the
    beginning of a training.
    """
    if not first:
        return isinstance(action, Replacing)
    if isinstance(action, UpdateModel):
        return any(name in _NOT_LISTED for name, _ in action.fields)
    return isinstance(action, SetDescription | SetPromptGuide | TrainingAction)


_NOT_LISTED = frozenset({"promptEmbedding", "negativePromptEmbedding"})
"""Fields of a model that a listing does not tell."""


def asset_refs(action: Action) -> tuple[AssetRef, ...]:
    """The assets that must be on the server before the action can be done."""
    match action:
        case UploadAsset(options=AssetOptions(parent=AssetRef() as parent)):
            return (parent,)
        case SetExamples(examples=examples):
            return examples
        case UpdateModel(fields=fields):
            return tuple(value for _, value in fields if isinstance(value, AssetRef))
        case SetDescription(text=text) | SetPromptGuide(text=text):
            targets = (mention.target for mention in text.mentions)
            return tuple(target for target in targets if isinstance(target, AssetRef))
        case AddTrainingImages(images=refs):
            return refs
        case SetCaptions(images=images):
            return tuple(image.asset for image in images)
        case SetTrainingPairs(pairs=pairs):
            return tuple(ref for pair in pairs for ref in (pair.source, pair.target))
    return ()


def model_keys(action: Action) -> tuple[str, ...]:
    """The keys of the other models that must be on the server before the action can be done."""
    match action:
        case CreateModel(fields=fields) | UpdateModel(fields=fields):
            concepts = (value for _, value in fields if isinstance(value, tuple))
            return tuple(c.model.key for value in concepts for c in value if c.model.key)
        case SetDescription(text=text) | SetPromptGuide(text=text):
            targets = (mention.target for mention in text.mentions)
            return tuple(t.key for t in targets if isinstance(t, ModelRef) and t.key)
    return ()


def collection_names(action: Action) -> tuple[str, ...]:
    """The names of the collections that must be on the server before a file is sent."""
    match action:
        case UploadAsset(options=AssetOptions(collections=collections)):
            return collections
    return ()
