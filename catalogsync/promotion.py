"""Which models are to be brought over from another project, and what speaks against it; pure."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace

from catalogsync.actions import By
from catalogsync.claims import Claim, Way
from catalogsync.diff import (
    TRAINING,
    Diff,
    ModelDiff,
    Promotion,
    Verb,
    declares_training,
    diff,
)
from catalogsync.identity import Origin, Refusal, match, owners
from catalogsync.marks import owner_tag, promoting_owner
from catalogsync.model import Catalog, ModelSpec, RemoteModel, Snapshot
from catalogsync.values import dataclass

_BUSY = ("training", "copying")


@dataclass(frozen=True, slots=True)
class SourceProject:
    """The project that models are brought from: what it is called, and what it has.

    `retrained` are the keys whose manifests declare other training data than it has.
    """

    name: str
    models: Mapping[str, RemoteModel]
    by: By
    retrained: frozenset[str] = frozenset()


def is_copy_of(model: RemoteModel, original: RemoteModel) -> bool:
    """Whether a model looks like a copy of another: its name and type, and no tag of its own."""
    same = (model.name, model.type) == (original.name, original.type)
    return same and model.id != original.id and model.tags <= original.tags


def travelling_mark(catalog: str, key: str) -> str:
    """The tag of a copy that is on its way to another project."""
    return owner_tag(promoting_owner(catalog), key)


def training_only(catalog: Catalog, found: Diff) -> Catalog:
    """What the destination lacks and declares training data, with nothing but that."""
    coming = (m.spec for m in found.models if m.verb is Verb.CREATE and m.spec)
    bare = (_training_only(spec) for spec in coming)
    return replace(catalog, models=tuple(spec for spec in bare if declares_training(spec)))


def _training_only(spec: ModelSpec) -> ModelSpec:
    return ModelSpec(
        key=spec.key,
        name=spec.name,
        type=spec.type,
        id=spec.id,
        renamed_from=spec.renamed_from,
        training_images=spec.training_images,
        training_pairs=spec.training_pairs,
        training_parameters=spec.training_parameters,
    )


def retrained(training: Catalog, there: Snapshot) -> frozenset[str]:
    """The keys of those whose training data is another one in the source."""
    found = diff(training, there)
    changes = (change for model in found.models for change in model.changes)
    return frozenset(change.model for change in changes if change.field in TRAINING)


def with_promotions(
    catalog: Catalog, found: Diff, source: SourceProject, destination: Mapping[str, RemoteModel]
) -> Diff:
    """A comparison with the destination in which what it lacks comes from the source project."""
    judge = _Judge(catalog, found, source, destination)
    models: list[ModelDiff] = []
    refusals = [judge.explained(refusal) for refusal in found.refusals]
    for model in (*found.models, *judge.unchanged_with_leftovers()):
        problem = judge.problem(model)
        if problem:
            refusals.append(problem)
        models.append(replace(model, promotion=judge.promotion(model)))
    models.sort(key=lambda model: model.key)
    return replace(found, models=tuple(models), refusals=tuple(refusals))


def needed_with(catalog: Catalog, keys: Iterable[str], there: Container[str]) -> tuple[str, ...]:
    """What models refer to, directly or through others, that the destination does not have."""
    specs = {spec.key: spec for spec in catalog.models}
    asked, due = set(keys), list(keys)
    found: set[str] = set()
    while due:
        refs = {ref.key for ref in specs[due.pop()].model_refs if ref.key in specs}
        new = {key for key in refs - asked - found if key not in there}
        found |= new
        due += new
    return tuple(sorted(found))


class _Judge:
    def __init__(
        self,
        catalog: Catalog,
        found: Diff,
        source: SourceProject,
        destination: Mapping[str, RemoteModel],
    ) -> None:
        self._catalog, self._found, self._source = catalog, found, source
        self._destination = destination
        matching = match(catalog, source.models)
        self._there = {m.spec.key: m.live for m in matching.matches if m.live}
        self._refused = {refusal.model: refusal for refusal in matching.refusals}
        self._creates = [m.key for m in found.models if m.verb is Verb.CREATE]
        self._specs = {spec.key: spec for spec in catalog.models}

    def promotion(self, model: ModelDiff) -> Promotion | None:
        """How a model comes over; None for one that is there and is just changed."""
        original = self._original(model.key)
        came = model.origin is Origin.CLAIMED or self._leftovers(model.key)
        if model.verb is Verb.CREATE:
            return self._coming(model.key, original) if original else None
        if not came or model.remote is None:
            return None
        stand_in = original or self._stand_in(model.key, "")
        return Promotion(stand_in, self._source.name, self._source.by, arrived=model.remote.id)

    def _coming(self, key: str, original: RemoteModel) -> Promotion:
        source = self._source
        retrains = key in source.retrained
        return Promotion(original, source.name, source.by, retrains=retrains)

    def problem(self, model: ModelDiff) -> Refusal | None:
        """What speaks against bringing a model over."""
        if model.verb is not Verb.CREATE or model.spec is None:
            return None
        original = self._original(model.key)
        if original is None:
            return self._not_there(model.spec)
        if self._claim(model.key):
            return None
        return next(self._problems(model.spec, original), None)

    def explained(self, refusal: Refusal) -> Refusal:
        """A refusal of the destination in the words of a promotion."""
        spec = self._specs.get(refusal.model)
        if refusal.code != "missing-id" or not spec or spec.id not in self._source.models:
            return refusal
        return replace(
            refusal,
            message=f"its manifest pins {spec.id}, which is its model in {self._source.name}",
            hint="remove `id` from the manifest: the model is known by its mark",
        )

    def unchanged_with_leftovers(self) -> Iterator[ModelDiff]:
        """Models that need nothing, but whose copy an earlier promotion has left behind."""
        differing = {model.key for model in self._found.models}
        for key in sorted(self._found.keys or ()):
            held = self._found.ids.get(key)
            if held and key not in differing and self._leftovers(key):
                spec, remote = self._specs[key], self._destination[held]
                yield ModelDiff(key, Verb.UPDATE, spec, remote)

    def _original(self, key: str) -> RemoteModel | None:
        claim = self._claim(key)
        if claim is None:
            return self._there.get(key)
        return self._source.models.get(claim.source) or self._stand_in(key, claim.source)

    def _stand_in(self, key: str, model_id: str) -> RemoteModel:
        """A model that is not in the source any more, as far as it matters."""
        spec = self._specs[key]
        return RemoteModel(id=model_id, name=spec.name, type=spec.type, status="", updated_at="")

    def _claim(self, key: str) -> Claim | None:
        claims = self._found.claims.get(key, ())
        return next((claim for claim in claims if claim.way is Way.PROMOTING), None)

    def _leftovers(self, key: str) -> list[str]:
        mark = travelling_mark(self._catalog.name, key)
        return [model.id for model in self._source.models.values() if mark in model.tags]

    def _not_there(self, spec: ModelSpec) -> Refusal:
        refusal = self._refused.get(spec.key)
        what = f": {refusal.message}" if refusal else ""
        hint = refusal.hint if refusal else ""
        name = self._source.name
        return Refusal(
            spec.key,
            "not-in-source",
            f"{name} has no model of it to bring over{what}",
            hint or f"apply it there first: catalog-sync apply --target {name}",
        )

    def _problems(self, spec: ModelSpec, original: RemoteModel) -> Iterator[Refusal]:
        name, what = self._source.name, original.id
        if original.status in _BUSY:
            yield Refusal(
                spec.key,
                "busy",
                f"{what} in {name} is {original.status}",
                "promote it when that is done",
            )
        if original.type != spec.type:
            yield Refusal(
                spec.key,
                "type-fixed",
                f"{what} in {name} is of type {original.type}, not {spec.type}",
                "correct `type` in the manifest: a model that is brought over keeps its own",
            )
        others = (self._there[key] for key in self._creates if key in self._there)
        if sum((m.name, m.type) == (original.name, original.type) for m in others) > 1:
            yield Refusal(
                spec.key,
                "look-alike",
                f"another one of these is called {original.name} in {name} too",
                "promote them one after another, so that neither is taken for the other",
            )
        copies = [m for m in self._source.models.values() if is_copy_of(m, original)]
        if copies and self._source.by is By.COPY:
            yield Refusal(
                spec.key,
                "look-alike",
                f"{_ids(copies)} in {name} could be taken for a copy of {what}",
                "give it another name or a tag of its own, or delete it",
            )
        namesakes = (m for m in self._destination.values() if m.name == original.name)
        if strangers := [m for m in namesakes if not owners(m)]:
            yield Refusal(
                spec.key,
                "same-name",
                f"a model of this name exists that no catalog owns: {_ids(strangers)}",
                f"pin it with `id: {strangers[0].id}` if it is the one, or give it another name",
            )


def _ids(models: Iterable[RemoteModel]) -> str:
    return ", ".join(sorted(model.id for model in models))
