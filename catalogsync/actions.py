"""What can be done to the server: a closed union of plain values, read with `match`.

Models are named by their manifest's key and files by their content: the ids on the server may
not exist yet when a plan is made.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeGuard

from catalogsync.model import AssetRef, Concept, ModelRef, Text, Weights

FieldValue = str | AssetRef | tuple[Concept, ...] | None
"""What a field is set to; None unsets it."""


@dataclass(frozen=True, slots=True)
class UploadAsset:
    """Send a file, once, however many models use it."""

    asset: AssetRef


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
    | ForgetModel
    | DeleteModel
)
Action = UploadAsset | CreateCollection | ModelAction


def file_to_send(action: Action) -> AssetRef | None:
    """The file that an action sends, if it sends one."""
    match action:
        case UploadAsset(asset=asset) if not asset.url:
            return asset
        case ImportModel(weights=weights, upload=""):
            return weights.file
    return None


Replacing = UpdateModel | SetExamples | SetDescription | SetPromptGuide
"""What puts a value in the place of another one."""


def is_compared(action: Action, *, first: bool) -> TypeGuard[Replacing]:
    """Whether what an action replaces is compared right before with what the plan saw.

    The `first` action of a model follows a look at the date of the model's last change, of which
    nobody promises that it moves with a text.
    """
    if first:
        return isinstance(action, SetDescription | SetPromptGuide)
    return isinstance(action, Replacing)


def asset_refs(action: Action) -> tuple[AssetRef, ...]:
    """The assets that must be on the server before the action can be done."""
    match action:
        case SetExamples(examples=examples):
            return examples
        case UpdateModel(fields=fields):
            return tuple(value for _, value in fields if isinstance(value, AssetRef))
        case SetDescription(text=text) | SetPromptGuide(text=text):
            targets = (mention.target for mention in text.mentions)
            return tuple(target for target in targets if isinstance(target, AssetRef))
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
