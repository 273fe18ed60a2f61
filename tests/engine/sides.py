"""Base, the server and the manifests as three catalogs, and what a comparison says of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from catalogsync.assumed import as_applied
from catalogsync.diff import Change, Diff, ModelDiff, diff
from catalogsync.model import (
    AssetRef,
    Catalog,
    Concept,
    ModelRef,
    ModelSpec,
    Snapshot,
    Text,
)
from tests.engine.conftest import image

NUMBER = {f"sha256={image(at).digest}": str(at) for at in range(8)}
TODAY = date(2026, 11, 21)
OTHERS = tuple(ModelSpec(key=key, name=key, type="custom") for key in ("base", "other"))

Fields = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One case; `says` maps what differs to where that comes from."""

    field: str
    how: str
    base: Fields
    live: Fields
    desired: Fields
    says: dict[str, str]

    def __str__(self) -> str:
        return f"{self.field}: {self.how}"


def spec(fields: Fields) -> ModelSpec:
    return ModelSpec(**{"key": "ink", "name": "Ink", "type": "flux.1-lora", **fields})


def catalog(*models: ModelSpec) -> Catalog:
    return Catalog(name="acme", models=(*OTHERS, *models))


def server(held: Catalog, wanted: Catalog) -> Snapshot:
    """A project that holds what somebody made of it, and every file."""
    made = as_applied(held, wanted)
    files = (replace(image(at), id=f"git-{image(at).digest}") for at in range(8))
    collections = {f"git.{name}": name for name in ("Comics", "Best", "New")}
    assets = {file.id: replace(file, sha256=file.digest) for file in files}
    return replace(made, assets=assets, collections=collections)


def compared(case: Case, **options: Any) -> Diff:
    """What a comparison on `TODAY` says of a case."""
    base, live, desired = (
        catalog(spec({**case.base, **more})) for more in ({}, case.live, case.desired)
    )
    return diff(desired, server(live, desired), base=base, today=TODAY, **options)


def told(models: tuple[ModelDiff, ...]) -> dict[str, str]:
    """Every difference with where it comes from; texts by their lines."""
    return {where: came for model in models for where, came in _told(model)}


def _told(model: ModelDiff) -> Iterator[tuple[str, str]]:
    if not model.changes or model.verb in ("create", "forget"):
        yield model.verb, str(model.came)
        return
    for change in model.changes:
        if change.hunks:
            yield from ((f"{change.field}:{hunk.line}", hunk.came) for hunk in change.hunks)
        else:
            yield address(change), str(change.came)


def address(change: Change) -> str:
    """The path of a change, with pictures by their numbers."""
    return ".".join(NUMBER.get(part, part) for part in change.path)


def pictures(*numbers: int) -> tuple[AssetRef, ...]:
    return tuple(map(image, numbers))


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def text(*lines: str) -> Text:
    return Text(("\n".join(lines),))


def scaled(**scales: float) -> tuple[Concept, ...]:
    return tuple(Concept(ModelRef(key=key), scale) for key, scale in scales.items())


INK = spec({})


def of(base: Catalog, held: Catalog, wanted: Catalog, **options: Any) -> dict[str, str]:
    return told(diff(wanted, server(held, wanted), base=base, **options).models)


def marked(held: Catalog, wanted: Catalog, **tags: frozenset[str]) -> Snapshot:
    """The project with the marks of some models, by their keys, replaced."""
    made = server(held, wanted)
    models = {
        key: replace(model, tags=tags[name])
        if (name := key.removeprefix("git.")) in tags
        else model
        for key, model in made.models.items()
    }
    return replace(made, models=models)
