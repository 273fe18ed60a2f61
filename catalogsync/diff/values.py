"""What a comparison says: changes at addresses, per model and in all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from enum import StrEnum

from catalogsync.actions import By
from catalogsync.claims import Claim
from catalogsync.contents import Contents
from catalogsync.identity import Match, Origin, Refusal
from catalogsync.import_notes import Note
from catalogsync.model import (
    AssetRef,
    ModelSpec,
    Price,
    RemoteModel,
    TrainingImage,
    TrainingPair,
    Weights,
)
from catalogsync.shard import Shard
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Placed:
    """An example and its position in the list, from 1."""

    position: int
    asset: AssetRef


Value = (
    str
    | float
    | bool
    | AssetRef
    | Weights
    | Placed
    | TrainingImage
    | tuple[TrainingPair, ...]
    | tuple[str, ...]
    | None
)


class Came(StrEnum):
    """Where a difference comes from, as three sides tell: base, desired and live.

    `PENDING` is from this change set: the server has what base says. `DRIFT` is from the server:
    base wants what is wanted now. In a `CONFLICT` both have left base.
    """

    PENDING = "pending"
    DRIFT = "drift"
    CONFLICT = "conflict"
    ACCEPTED = "accepted"

    @property
    def would_undo(self) -> bool:
        """Whether making the change undoes an edit that was made on the server."""
        return self in (Came.DRIFT, Came.CONFLICT)


def worst(parts: Iterable[Came]) -> Came:
    """What is to be said of a whole by what its parts are."""
    order = (Came.ACCEPTED, Came.PENDING, Came.DRIFT, Came.CONFLICT)
    return max(parts, key=order.index)


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines of a text that differ; `line` is where they begin in the wanted text, from 1."""

    came: Came
    line: int
    before: tuple[str, ...]
    after: tuple[str, ...]


def patched(wanted: str, hunks: Iterable[Hunk]) -> str:
    """A wanted text with the lines of some of its hunks as the server has them."""
    lines = wanted.split("\n")
    for hunk in sorted(hunks, key=lambda each: -each.line):
        start = hunk.line - 1
        lines[start : start + len(hunk.after)] = hunk.before
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference at one address; `path` begins with the field's name as the API spells it.

    `came` is None where there is no base to tell it by; what is approved is the change itself.
    The `hunks` are those of a text that was compared with a base.
    """

    model: str
    path: tuple[str, ...]
    before: Value
    after: Value
    came: Came | None = field(default=None, compare=False)
    hunks: tuple[Hunk, ...] = field(default=(), compare=False)

    @property
    def field(self) -> str:
        """The field that the change is in."""
        return self.path[0]


class Verb(StrEnum):
    """What becomes of a model."""

    CREATE = "create"
    RESTORE = "restore"
    ADOPT = "adopt"
    UPDATE = "update"
    FORGET = "forget"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Promotion:
    """Where a model is brought over from, and how; `arrived` under that id, if it is there.

    What it `retrains` has other training data in its manifest than in the source.
    """

    source: RemoteModel
    origin: str
    by: By
    arrived: str = ""
    retrains: bool = False


@dataclass(frozen=True, slots=True)
class ModelDiff:
    """One model that differs; `spec` is None for an orphan, `remote` for a model to create.

    `came` is where the difference as a whole comes from, None without a base. One with a
    `promotion` is first brought over from another project.
    """

    key: str
    verb: Verb
    spec: ModelSpec | None
    remote: RemoteModel | None
    changes: tuple[Change, ...] = ()
    origin: Origin = Origin.OWNED
    came: Came | None = None
    promotion: Promotion | None = None

    @property
    def would_undo(self) -> int:
        """The number of edits on the server that making it so would undo."""
        return undone(self.verb, self.came, self.changes)


def undone(verb: Verb, came: Came | None, changes: Iterable[Change]) -> int:
    """How many edits on the server a difference undoes; a whole model counts as one."""
    if came is None or not came.would_undo:
        return 0
    if verb in (Verb.CREATE, Verb.RESTORE, Verb.DELETE, Verb.FORGET):
        return 1
    return sum(1 for change in changes if change.came and change.came.would_undo)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A difference that a manifest accepts for a while: it is neither planned nor applied."""

    change: Change
    reason: str
    until: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Composition:
    """A model of ours that has others as concepts; whether it `keeps` them is the manifest's."""

    key: str
    model: RemoteModel
    keeps: bool


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything that differs; `unchanged` counts the models that do not.

    `orphans` are those that stay, `ids` the model id of every key that has one, `notes` the
    imports that were begun, by key, and `prices` what the others cost, by the digest of their
    weights; `twins` are the models of every key that several bear, `managed` is the number of
    models that bear this catalog's mark. `accepted` is what manifests let differ for now, `alone`
    the number of edits on the server that are left alone. Of a `shard`, `managed_here` is the
    number of models that it manages itself, and `elsewhere` holds the deletes of the others.
    `lost` are the manifests that are refused because the model that they pin is not there.
    `busy` are the ids of the assets that a model is trained on just now, as far as that was read,
    `claims` the notes of models that are about to become ours, by key, and `deleted` is what can
    be restored, by id. `present` are the manifests that were compared and want their model to be
    there. `composed` are our models that are made of others, compared or not.
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
    accepted: tuple[Accepted, ...] = ()
    alone: int = 0
    shard: Shard | None = None
    managed_here: int = 0
    elsewhere: tuple[ModelDiff, ...] = ()
    lost: tuple[ModelDiff, ...] = ()
    busy: frozenset[str] = frozenset()
    claims: Mapping[str, Sequence[Claim]] = field(default_factory=dict)
    deleted: Mapping[str, RemoteModel] = field(default_factory=dict)
    present: tuple[Match, ...] = ()
    composed: tuple[Composition, ...] = ()

    def covers(self, key: str) -> bool:
        """Whether the model was compared at all."""
        return self.keys is None or key in self.keys
