"""What a comparison says: changes at addresses, per model and in all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from catalogsync.contents import Contents
from catalogsync.identity import Origin, Refusal
from catalogsync.import_notes import Note
from catalogsync.model import AssetRef, ModelSpec, Price, RemoteModel, Weights


@dataclass(frozen=True, slots=True)
class Placed:
    """An example and its position in the list, from 1."""

    position: int
    asset: AssetRef


Value = str | float | bool | AssetRef | Weights | Placed | None


@dataclass(frozen=True, slots=True)
class Change:
    """One difference at one address; `path` begins with the field's name as the API spells it."""

    model: str
    path: tuple[str, ...]
    before: Value
    after: Value

    @property
    def field(self) -> str:
        """The field that the change is in."""
        return self.path[0]


class Verb(StrEnum):
    """What becomes of a model."""

    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    FORGET = "forget"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class ModelDiff:
    """One model that differs; `spec` is None for an orphan, `remote` for a model to create."""

    key: str
    verb: Verb
    spec: ModelSpec | None
    remote: RemoteModel | None
    changes: tuple[Change, ...] = ()
    origin: Origin = Origin.OWNED


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything that differs; `unchanged` counts the models that do not.

    `orphans` are those that stay, `ids` the model id of every key that has one, `notes` the
    imports that were begun, by key, and `prices` what the others cost, by the digest of their
    weights; `twins` are the models of every key that several bear, `managed` is the number of
    models that bear this catalog's mark.
    """

    models: tuple[ModelDiff, ...]
    refusals: tuple[Refusal, ...]
    orphans: tuple[tuple[str, RemoteModel], ...]
    ids: Mapping[str, str]
    contents: Contents
    collections: Mapping[str, str]
    notes: Mapping[str, Note]
    prices: Mapping[str, Price]
    keys: frozenset[str] | None
    twins: Mapping[str, Sequence[str]]
    managed: int
    unchanged: int

    def covers(self, key: str) -> bool:
        """Whether the model was compared at all."""
        return self.keys is None or key in self.keys
