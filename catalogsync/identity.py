"""Which model on the server belongs to which manifest; the server's tags are the only state."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from catalogsync.claims import Claim, Way
from catalogsync.marks import marks_in, promoting_owner
from catalogsync.model import Catalog, ModelSpec, RemoteModel, State
from catalogsync.values import dataclass


def was_applied(catalog: str, models: Iterable[RemoteModel]) -> bool:
    """Whether any model bears a catalog's mark, which only an apply puts on."""
    return any(name == catalog for model in models for name, _ in owners(model))


def owners(model: RemoteModel) -> tuple[tuple[str, str], ...]:
    """The (catalog, key) pairs that a model's tags name as its owners, sorted."""
    return marks_in(model.tags)


class Origin(StrEnum):
    """How a manifest came by its model."""

    NEW = "new"
    OWNED = "owned"
    PINNED = "pinned"
    RENAMED = "renamed"
    INTERRUPTED = "interrupted"
    CLAIMED = "claimed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Match:
    """A manifest and its model on the server, or None where there is none yet.

    A `DELETED` one is as it would be restored; `lost_tags` are those that would be missing.
    """

    spec: ModelSpec
    remote: RemoteModel | None
    origin: Origin
    lost_tags: frozenset[str] = frozenset()

    @property
    def live(self) -> RemoteModel | None:
        """The model that is there now."""
        return None if self.origin is Origin.DELETED else self.remote


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something we will not do, and what to do about it; an empty `model` means the whole plan."""

    model: str
    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Matching:
    """Every manifest matched or refused; `orphans` are ours by tag, but have no manifest.

    `lost` are the refused manifests whose pinned model is not there.
    """

    matches: tuple[Match, ...]
    refusals: tuple[Refusal, ...]
    orphans: tuple[tuple[str, RemoteModel], ...]
    lost: tuple[ModelSpec, ...] = ()

    def ids(self) -> dict[str, str]:
        """The model id of every key that has one."""
        return {m.spec.key: m.live.id for m in self.matches if m.live}

    def restorable(self) -> dict[str, str]:
        """The model id of every key whose model was deleted and can be restored."""
        found = (m for m in self.matches if m.origin is Origin.DELETED)
        return {m.spec.key: m.remote.id for m in found if m.remote}


def looks_interrupted(model: RemoteModel, spec: ModelSpec) -> bool:
    """Whether a model looks like what our own create left behind before it could be tagged.

    It has what a create sends and nothing else. A description that was not read counts as one,
    so that nothing is taken unseen.
    """
    return (
        (model.name, model.type, model.status) == (spec.name, spec.type, "new")
        and not (model.tags or model.examples or model.thumbnail or model.collection_ids)
        and not model.training_count
        and model.short_description in ("", spec.short_description)
        and model.class_slug in ("", spec.class_slug)
        and model.description == ""
    )


class _Index:
    """The listing, looked up by owner, id and name."""

    def __init__(
        self,
        catalog: Catalog,
        models: Iterable[RemoteModel],
        begun: Container[str],
        claims: Mapping[str, Sequence[Claim]],
        deleted: Mapping[str, RemoteModel],
    ) -> None:
        self.catalog = catalog.name
        self.begun = begun
        self.claims = claims
        self.promoting = False
        self.deleted = deleted
        self.deleted_by_key: dict[str, RemoteModel] = {}
        for model in sorted(deleted.values(), key=lambda model: (model.deleted_at, model.id)):
            for owner in owners(model) if len(owners(model)) == 1 else ():
                if owner[0] == catalog.name:
                    self.deleted_by_key[owner[1]] = model
        self.pinned = {spec.id for spec in catalog.models if spec.id}
        self.by_id: dict[str, RemoteModel] = {}
        self.marks: dict[str, tuple[tuple[str, str], ...]] = {}
        self.by_key: defaultdict[str, list[RemoteModel]] = defaultdict(list)
        self.unowned_by_name: defaultdict[str, list[RemoteModel]] = defaultdict(list)
        for model in sorted(models, key=lambda model: model.id):
            self._add(model)

    def _add(self, model: RemoteModel) -> None:
        self.by_id[model.id] = model
        marks = self.marks[model.id] = owners(model)
        for catalog, key in marks:
            if catalog == self.catalog:
                self.by_key[key].append(model)
        if not marks and model.id not in self.pinned:
            self.unowned_by_name[model.name].append(model)


def match(
    catalog: Catalog,
    models: Mapping[str, RemoteModel],
    *,
    begun: Container[str] = (),
    claims: Mapping[str, Sequence[Claim]] | None = None,
    deleted: Mapping[str, RemoteModel] | None = None,
    promoting: bool = False,
) -> Matching:
    """Find every manifest's model: by its owner tag, its pinned id, its old key, or a claim.

    What the server makes of an import that was `begun`, by key, is ours under whatever name.
    A manifest without any has the one of those `deleted` that bears its mark or that it pins.
    While `promoting`, one whose promotion was begun has none yet, whatever looks like it.
    """
    index = _Index(catalog, models.values(), begun, claims or {}, deleted or {})
    index.promoting = promoting
    results = [_match(spec, index) for spec in catalog.models]
    claimed = {spec.key for spec in catalog.models}
    claimed |= {spec.renamed_from for spec in catalog.models}
    orphans = [
        (marks[0][1], index.by_id[model_id])
        for model_id, marks in index.marks.items()
        if marks
        and model_id not in index.pinned
        and all(owner == catalog.name and key not in claimed for owner, key in marks)
    ]
    return Matching(
        matches=tuple(found for found in results if isinstance(found, Match)),
        refusals=tuple(found for found in results if isinstance(found, Refusal)),
        orphans=tuple(sorted(orphans, key=lambda orphan: (orphan[0], orphan[1].id))),
        lost=tuple(spec for spec in catalog.models if _is_lost(spec, index)),
    )


def _is_lost(spec: ModelSpec, index: _Index) -> bool:
    return spec.state is State.PRESENT and bool(spec.id) and spec.id not in index.by_id


def twins(catalog: str, models: Iterable[RemoteModel]) -> dict[str, list[str]]:
    """The keys that more than one model bears, with the ids of those models."""
    held: defaultdict[str, list[str]] = defaultdict(list)
    for model in models:
        for owner, key in owners(model):
            if owner == catalog:
                held[key].append(model.id)
    return {key: sorted(ids) for key, ids in held.items() if len(ids) > 1}


def undecided(
    catalog: Catalog, models: Mapping[str, RemoteModel], matching: Matching
) -> tuple[RemoteModel, ...]:
    """The models whose description must be read before a `matching` can judge them."""
    matched = {found.spec.key for found in matching.matches if found.remote}
    waiting = {(s.name, s.type, "new") for s in catalog.models if s.key not in matched}
    return tuple(
        model
        for model in models.values()
        if (model.name, model.type, model.status) in waiting and not model.tags
    )


def _match(spec: ModelSpec, index: _Index) -> Match | Refusal:
    held = index.by_key.get(spec.key, [])
    old = index.by_key.get(spec.renamed_from, []) if spec.renamed_from else []
    candidates = {model.id: model for model in (*held, *old)}
    if spec.id:
        return _match_pinned(spec, index, candidates)
    if len(candidates) > 1:
        return _claimed_twice(spec, candidates.values())
    if not candidates:
        return _match_unowned(spec, index)
    (model,) = candidates.values()
    return _strangers(spec, index, model) or Match(
        spec, model, Origin.OWNED if held else Origin.RENAMED
    )


def _match_pinned(
    spec: ModelSpec, index: _Index, candidates: Mapping[str, RemoteModel]
) -> Match | Refusal:
    others = [model for model in candidates.values() if model.id != spec.id]
    model = index.by_id.get(spec.id)
    if others and model:
        return _claimed_twice(spec, [*others, model])
    if model is None:
        if spec.state is not State.PRESENT:
            return _another_bears(spec, others) or Match(spec, None, Origin.NEW)
        if spec.id in index.deleted and not others:
            gone = index.deleted[spec.id]
            return _strangers(spec, index, gone) or _restorable(spec, gone)
        return Refusal(
            spec.key,
            "missing-id",
            f"the pinned model {spec.id} is not in this project",
            "correct `id`, choose the right --target, restore the model on the server if it was "
            "deleted there, or remove `id` to create a new one",
        )
    origin = Origin.OWNED if model in index.by_key.get(spec.key, ()) else Origin.PINNED
    return _strangers(spec, index, model) or Match(spec, model, origin)


def _another_bears(spec: ModelSpec, others: Sequence[RemoteModel]) -> Refusal | None:
    """Refuse to call it done where the pinned model is gone and another has its mark."""
    if not others:
        return None
    ids = ", ".join(model.id for model in others)
    return Refusal(
        spec.key,
        "missing-id",
        f"the pinned model {spec.id} is not in this project, but {ids} bears its mark",
        "remove `id` if that is the one, or take the mark off in the web page",
    )


def _strangers(spec: ModelSpec, index: _Index, model: RemoteModel) -> Refusal | None:
    """Refuse a model that bears another catalog's or another key's mark."""
    allowed = (
        (index.catalog, spec.key),
        (index.catalog, spec.renamed_from),
        (promoting_owner(index.catalog), spec.key),
    )
    marks = index.marks.get(model.id) or owners(model)
    foreign = ["/".join(mark) for mark in marks if mark not in allowed]
    if spec.id != model.id and model.id in index.pinned:
        return Refusal(
            spec.key,
            "pinned-elsewhere",
            f"model {model.id} bears its mark, but another manifest pins it",
            "let one manifest have it: remove this one, or the `id` of the other",
        )
    if not foreign:
        return None
    return Refusal(
        spec.key,
        "foreign",
        f"model {model.id} belongs to {', '.join(foreign)}",
        "a model has one owner: remove it from one of the catalogs, "
        "or say `renamedFrom` if the key changed",
    )


def _claimed_twice(spec: ModelSpec, models: Iterable[RemoteModel]) -> Refusal:
    ids = ", ".join(model.id for model in models)
    return Refusal(
        spec.key,
        "ambiguous",
        f"more than one model on the server claims to be this one: {ids}",
        "remove the owner tag from all but one in the web page, or pin one by `id` after doing so",
    )


def _match_unowned(spec: ModelSpec, index: _Index) -> Match | Refusal:
    """A manifest without a model: new, unless an unowned model bears its name."""
    if spec.state is not State.PRESENT:
        return Match(spec, None, Origin.NEW)
    if claimed := _match_claimed(spec, index):
        return claimed
    namesakes = index.unowned_by_name.get(spec.name, [])
    if spec.key in index.begun:
        return Match(spec, None, Origin.NEW)
    if not namesakes:
        gone = index.deleted_by_key.get(spec.key) or index.deleted_by_key.get(spec.renamed_from)
        return _restorable(spec, gone) if gone else Match(spec, None, Origin.NEW)
    if not spec.weights and all(looks_interrupted(model, spec) for model in namesakes):
        return Match(spec, namesakes.pop(0), Origin.INTERRUPTED)
    return Refusal(spec.key, "same-name", _namesakes_message(namesakes), _pin_hint(namesakes))


def _restorable(spec: ModelSpec, gone: RemoteModel) -> Match:
    """A match with a model as it comes back: tags and collections are not restored."""
    bare = replace(gone, tags=frozenset(), collection_ids=frozenset())
    return Match(spec, bare, Origin.DELETED, lost_tags=gone.tags)


def _match_claimed(spec: ModelSpec, index: _Index) -> Match | Refusal | None:
    """The model that a run which was interrupted was about to make this key's."""
    for claim in index.claims.get(spec.key, ()):
        model = index.by_id.get(claim.model_id)
        if model:
            return _strangers(spec, index, model) or Match(spec, model, Origin.CLAIMED)
        if claim.way is Way.PROMOTING and index.promoting:
            return Match(spec, None, Origin.NEW)
        if claim.way is Way.PROMOTING:
            return Refusal(
                spec.key,
                "promotion-unclear",
                "a promotion of it was begun, and nothing tells what became of it",
                "run that promotion again, which finds out; to give it up, delete the collection "
                f'"{claim.name}"',
            )
    return None


def _namesakes_message(namesakes: Sequence[RemoteModel]) -> str:
    ids = ", ".join(model.id for model in namesakes)
    return f"a model of this name exists that no catalog owns: {ids}"


def _pin_hint(namesakes: Sequence[RemoteModel]) -> str:
    return f"pin it with `id: {namesakes[0].id}` to adopt it, or give this model another name"
