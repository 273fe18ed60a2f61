"""A snapshot of the server as one JSON file, for plans without a network."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import UTC, datetime

from catalogsync.codec import as_data, from_data
from catalogsync.errors import UsageError
from catalogsync.identity import owners
from catalogsync.model import (
    NO_ASSET,
    Catalog,
    ModelSpec,
    RemoteModel,
    Snapshot,
    State,
    Target,
    Text,
)
from catalogsync.values import dataclass

FORMAT_VERSION = "1.2"
"""Readers refuse another major number and ignore keys they do not know."""

_HEAD = re.compile(rb'\{"digest": "(sha256:[0-9a-f]{64})",\n')
_DEPTH = 3
_EPOCH = datetime.fromtimestamp(0, UTC)
_AGAIN = "take it again with catalog-sync snapshot"


@dataclass(frozen=True, slots=True)
class Touched:
    """A model that an apply was about to change: its key, and the fields as the API spells them."""

    key: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undo:
    """What an apply was about to do: models to change by their id, and keys of those to create.

    `made` has, by key, the ids of those that it did create, once it has ended.
    """

    touched: Mapping[str, Touched]
    created: tuple[str, ...] = ()
    made: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SavedSnapshot:
    """A snapshot with what it is of; `read_at` is in UTC, to the second.

    One with an `undo` holds only the models that an apply was about to change. `server` is the
    target's, empty where an older version wrote the file.
    """

    catalog: str
    target: str
    project: str
    read_at: str
    snapshot: Snapshot
    undo: Undo | None = None
    server: str = ""

    def age(self, now: datetime) -> float:
        """How old it is, in seconds; none for one from the future."""
        return max(0.0, (now - datetime.fromisoformat(self.read_at)).total_seconds())


def everything(catalog: Catalog) -> Catalog:
    """The catalog as if every manifest managed every field.

    A snapshot for it holds what a later change of the manifests may come to need.
    """
    return replace(catalog, models=tuple(map(_managing_all, catalog.models)))


def _managing_all(spec: ModelSpec) -> ModelSpec:
    return replace(
        spec,
        state=State.PRESENT,
        description=spec.description or Text(),
        prompt_guide=spec.prompt_guide or Text(),
        thumbnail=spec.thumbnail or NO_ASSET,
        examples=spec.examples or (),
        collections=spec.collections or frozenset(),
        prompt_embedding=spec.prompt_embedding or "",
        negative_prompt_embedding=spec.negative_prompt_embedding or "",
        training_images=spec.training_images or (),
        training_pairs=spec.training_pairs or (),
        training_parameters=spec.training_parameters or (),
    )


def saved(snapshot: Snapshot, catalog: Catalog, target: Target, *, now: datetime) -> SavedSnapshot:
    """A snapshot that was read just now, without what only concerns other catalogs."""
    pinned = {spec.id for spec in catalog.models}

    def matters(model: RemoteModel) -> bool:
        named = {owner for owner, _ in owners(model)}
        return not named or catalog.name in named or model.id in pinned

    models = {model.id: model for model in snapshot.models.values() if matters(model)}
    deleted = {model.id: model for model in snapshot.deleted.values() if matters(model)}
    held = replace(snapshot, models=models, deleted=deleted)
    return SavedSnapshot(
        catalog.name, target.name, target.project, in_utc(now), held, server=target.server
    )


def in_utc(now: datetime) -> str:
    """A time in UTC, to the second."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def written(snapshot: SavedSnapshot) -> str:
    """The text of a snapshot's file: the same snapshot, the same bytes; pure ASCII."""
    document = {"format_version": FORMAT_VERSION, **as_data(snapshot)}
    rest = _lines(document, _DEPTH).removeprefix("{\n") + "\n"
    return f'{{"digest": "{_digest(rest.encode())}",\n{rest}'


def digest_of(data: bytes) -> str:
    """The digest of a snapshot's file; raises `UsageError` unless it is as it was written."""
    head = _HEAD.match(data)
    if not head or head[1].decode() != _digest(data[head.end() :]):
        raise UsageError("the snapshot was changed, or is none", hint=_AGAIN)
    return head[1].decode()


def parsed(data: bytes) -> SavedSnapshot:
    """The snapshot that a file holds; raises `UsageError` for one that is no good."""
    digest_of(data)
    try:
        document = json.loads(data)
        version = str(document["format_version"])
        if version.partition(".")[0] == FORMAT_VERSION.partition(".")[0]:
            found = from_data(SavedSnapshot, document)
            found.age(_EPOCH)  # raises ValueError or TypeError for what is no time
            _check_whole(found)
            return found
    except (ValueError, TypeError, KeyError, RecursionError) as misfit:
        raise UsageError(f"the snapshot holds something else: {misfit}", hint=_AGAIN) from None
    raise UsageError(
        f"the snapshot has format {version}, this version reads {FORMAT_VERSION}", hint=_AGAIN
    )


def _check_whole(found: SavedSnapshot) -> None:
    """Raise ValueError where a model has another id than it is kept by, or one is not kept."""
    models = found.snapshot.models
    touched = set(found.undo.touched) if found.undo else set()
    astray = {id for id, model in models.items() if id != model.id} | (touched - models.keys())
    if astray:
        raise ValueError(f"there is no model {min(astray)[:60]}")


def _lines(value: object, depth: int) -> str:
    """JSON with a line for each entry of the outer objects, so that two of them can be compared."""
    if not (depth and value and isinstance(value, dict)):
        return json.dumps(value, sort_keys=True)
    entries = (f"{json.dumps(key)}: {_lines(value[key], depth - 1)}" for key in sorted(value))
    return "{\n" + ",\n".join(entries) + "\n}"


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
