"""Compares manifests with the server; the only place that decides whether two things are equal."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from catalogsync.contents import Contents, known_contents
from catalogsync.identity import (
    OWNER_PREFIX,
    PROTECTED_TAG,
    Match,
    Origin,
    Refusal,
    match,
    owner_tag,
)
from catalogsync.mentions import canonical, normalised, parsed
from catalogsync.model import (
    AssetRef,
    Catalog,
    Concept,
    Mention,
    ModelRef,
    ModelSpec,
    RemoteModel,
    Snapshot,
    State,
    Text,
)

RESERVED_TAGS = (f"{OWNER_PREFIX}*", "sc:*", "deprecated:*")
"""Tags that a manifest never manages: ours, and the vendor's."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An example and its position in the list, from 1."""

    position: int
    asset: AssetRef


Value = str | float | bool | AssetRef | Placed | None


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


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything that differs; `matching` counts the models that do not, `orphans` are left."""

    models: tuple[ModelDiff, ...]
    refusals: tuple[Refusal, ...]
    orphans: tuple[tuple[str, RemoteModel], ...]
    ids: Mapping[str, str]
    contents: Contents
    collections: Mapping[str, str]
    keys: frozenset[str] | None
    managed: int
    unchanged: int

    def covers(self, key: str) -> bool:
        """Whether the model was compared at all."""
        return self.keys is None or key in self.keys


def diff(
    catalog: Catalog,
    snapshot: Snapshot,
    *,
    keys: frozenset[str] | None = None,
    prune: bool = False,
) -> Diff:
    """Compare the catalog with what the server had; with `prune`, orphans are to be deleted."""
    matching = match(catalog, snapshot.models)
    contents = known_contents(catalog.models, snapshot.assets)
    compare = _Comparison(catalog, snapshot, contents, matching.ids())
    matches = [found for found in matching.matches if keys is None or found.spec.key in keys]
    models = [found for found in map(compare.model, matches) if found]
    orphans = matching.orphans if keys is None else ()
    if prune:
        models += [ModelDiff(key, Verb.DELETE, None, remote) for key, remote in orphans]
    present = [found for found in matches if found.spec.state is State.PRESENT]
    return Diff(
        models=tuple(models),
        refusals=tuple(r for r in matching.refusals if keys is None or r.model in keys),
        orphans=() if prune else orphans,
        ids=matching.ids(),
        contents=contents,
        collections=snapshot.collections or {},
        keys=keys,
        managed=sum(1 for found in matching.matches if found.remote) + len(orphans),
        unchanged=len(present) - sum(1 for m in models if m.spec and m.spec.state is State.PRESENT),
    )


_NOTHING = RemoteModel(id="", name="", type="", status="new", updated_at="")

SCALARS = {
    "name": "name",
    "type": "type",
    "shortDescription": "short_description",
    "classSlug": "class_slug",
    "epoch": "epoch",
    "promptEmbedding": "prompt_embedding",
    "negativePromptEmbedding": "negative_prompt_embedding",
}
"""Fields that are one string on both sides: the API's name and ours."""


class _Comparison:
    """Compares one manifest at a time against a snapshot."""

    def __init__(
        self, catalog: Catalog, snapshot: Snapshot, contents: Contents, ids: Mapping[str, str]
    ) -> None:
        self._catalog = catalog
        self._contents = contents
        self._keys = {model_id: key for key, model_id in ids.items()}
        self._collections = {cid: name for name, cid in (snapshot.collections or {}).items()}
        self._ignored = (*RESERVED_TAGS, *catalog.ignore_tags)

    def model(self, found: Match) -> ModelDiff | None:
        """What differs between a manifest and its model, or None where nothing does."""
        spec, remote = found.spec, found.remote
        if spec.state is not State.PRESENT:
            verb = Verb.DELETE if spec.state is State.ABSENT else Verb.FORGET
            return ModelDiff(spec.key, verb, spec, remote) if remote else None
        changes = tuple(self._changes(spec, remote or _NOTHING))
        if remote is None:
            return ModelDiff(spec.key, Verb.CREATE, spec, None, changes)
        verb = Verb.ADOPT if found.origin in (Origin.PINNED, Origin.INTERRUPTED) else Verb.UPDATE
        return ModelDiff(spec.key, verb, spec, remote, changes) if changes else None

    def _changes(self, spec: ModelSpec, live: RemoteModel) -> Iterator[Change]:
        yield from self._ownership(spec, live)
        yield from self._values(spec, live)
        yield from self._tags(spec, live)
        yield from self._collection_names(spec, live)
        yield from self._thumbnail(spec, live)
        yield from self._examples(spec, live)
        yield from self._text(spec.key, "description", spec.description, live.description)
        yield from self._text(spec.key, "promptGuide", spec.prompt_guide, live.prompt_guide)

    def _ownership(self, spec: ModelSpec, live: RemoteModel) -> Iterator[Change]:
        tag = owner_tag(self._catalog.name, spec.key)
        old = owner_tag(self._catalog.name, spec.renamed_from)
        if tag not in live.tags:
            yield Change(spec.key, ("owner",), old if old in live.tags else None, tag)
        elif old in live.tags:
            yield Change(spec.key, ("owner",), old, tag)
        protected = PROTECTED_TAG in live.tags
        if protected != spec.protect:
            yield Change(spec.key, ("protect",), protected, spec.protect)

    def _values(self, spec: ModelSpec, live: RemoteModel) -> Iterator[Change]:
        wanted = {name: getattr(spec, attribute) for name, attribute in SCALARS.items()}
        after: dict[str, object] = {n: value for n, value in wanted.items() if value is not None}
        before: dict[str, object] = {n: getattr(live, SCALARS[n]) or "" for n in after}
        if spec.concepts is not None:
            after["concepts"] = self._concepts(spec.concepts)
            before["concepts"] = self._concepts(live.concepts)
        if before != after:
            for path, old, new in _leaf_differences(before, after):
                yield Change(spec.key, path, old, new)

    def _concepts(self, concepts: Iterable[Concept]) -> dict[str, dict[str, Value]]:
        return {
            self._model_name(concept.model): {"scale": concept.scale, "epoch": concept.epoch}
            for concept in concepts
        }

    def _model_name(self, ref: ModelRef) -> str:
        return ref.key or self._keys.get(ref.id, ref.id)

    def _tags(self, spec: ModelSpec, live: RemoteModel) -> Iterator[Change]:
        if spec.tags is None:
            return
        before, after = self._managed_tags(live.tags), self._managed_tags(spec.tags)
        for tag in sorted(before ^ after):
            old, new = (tag if tag in side else None for side in (before, after))
            yield Change(spec.key, ("tags", tag), old, new)

    def _managed_tags(self, tags: Iterable[str]) -> set[str]:
        return {t for t in tags if not any(fnmatchcase(t, glob) for glob in self._ignored)}

    def _collection_names(self, spec: ModelSpec, live: RemoteModel) -> Iterator[Change]:
        if spec.collections is None:
            return
        known = self._collections
        before = {known[cid] for cid in live.collection_ids if cid in known}
        for name in sorted(before ^ spec.collections):
            old, new = (name if name in side else None for side in (before, spec.collections))
            yield Change(spec.key, ("collections", name), old, new)

    def _thumbnail(self, spec: ModelSpec, live: RemoteModel) -> Iterator[Change]:
        if spec.thumbnail is None:
            return
        if self._contents.token(spec.thumbnail) != self._contents.token_of(live.thumbnail):
            before = self._contents.described(live.thumbnail) if live.thumbnail else None
            after = spec.thumbnail if self._contents.token(spec.thumbnail) else None
            yield Change(spec.key, ("thumbnail",), before, after)

    def _examples(self, spec: ModelSpec, live: RemoteModel) -> Iterator[Change]:
        if spec.examples is None:
            return
        token, described = self._contents.token_of, self._contents.described
        before = [(token(asset_id), described(asset_id)) for asset_id in live.examples]
        after = [(self._contents.token(ref), self._full(ref)) for ref in spec.examples]
        for name, old, new in list_differences(before, after):
            yield Change(spec.key, ("examples", name), old, new)

    def _full(self, ref: AssetRef) -> AssetRef:
        return ref if ref.sha256 else self._contents.described(ref.id)

    def _text(
        self, key: str, field: str, wanted: Text | None, live: str | None
    ) -> Iterator[Change]:
        if wanted is None:
            return
        found = parsed(live or "")
        if self._canonical(found) != self._canonical(wanted):
            before = self._in_words_of(wanted, found)
            yield Change(key, (field,), before, normalised(wanted.written))

    def _canonical(self, text: Text) -> tuple[str | tuple[str, str], ...]:
        return canonical(text, asset=self._contents.token, model=self._model_name)

    def _in_words_of(self, author: Text, text: Text) -> str:
        """The server's text, with references written as the manifest's author writes them."""
        words = {self._canonical(Text((m,))): m.written for m in author.mentions}

        def word(part: str | Mention) -> str:
            if isinstance(part, str):
                return part
            if isinstance(part.target, ModelRef) and part.target.id in self._keys:
                return f"{{model:{self._keys[part.target.id]}}}"
            return normalised(words.get(self._canonical(Text((part,))), part.written))

        return "".join(map(word, text.parts))


def _leaf_differences(
    before: Mapping[str, object], after: Mapping[str, object]
) -> list[tuple[tuple[str, ...], Value, Value]]:
    """The differing leaves of two nested mappings, by path."""
    from deepdiff import DeepDiff  # costs 70 ms to import: only when something differs

    tree = DeepDiff(before, after, view="tree")
    found = []
    for items in tree.values():
        for item in items:
            path = tuple(str(step) for step in item.path(output_format="list"))
            old, new = _leaves(path, item.t1), _leaves(path, item.t2)
            found += [(leaf, old.get(leaf), new.get(leaf)) for leaf in sorted({*old, *new})]
    return sorted(found, key=lambda difference: difference[0])


def _leaves(path: tuple[str, ...], value: object) -> dict[tuple[str, ...], Value]:
    """The leaves below a value; what DeepDiff marks as not present has none."""
    if isinstance(value, dict):
        nested = (_leaves((*path, str(name)), inner) for name, inner in value.items())
        return {leaf: held for leaves in nested for leaf, held in leaves.items() if held != ""}
    return {path: value} if isinstance(value, str | float) else {}


def list_differences(
    before: Sequence[tuple[str, AssetRef]], after: Sequence[tuple[str, AssetRef]]
) -> list[tuple[str, Placed | None, Placed | None]]:
    """The fewest removals, moves and additions that turn one list into the other.

    Items are told apart by their first part; equal ones by how often they have come up before.
    """
    old = {name: Placed(at, ref) for at, (name, ref) in enumerate(_numbered(before), 1)}
    new = {name: Placed(at, ref) for at, (name, ref) in enumerate(_numbered(after), 1)}
    removed = [(name, old[name], None) for name in old if name not in new]
    stayed = _longest_increasing([old[name].position for name in new if name in old])
    return removed + [
        (name, old.get(name), new[name])
        for name in new
        if name not in old or old[name].position not in stayed
    ]


def _numbered(items: Iterable[tuple[str, AssetRef]]) -> Iterator[tuple[str, AssetRef]]:
    seen: Counter[str] = Counter()
    for name, ref in items:
        seen[name] += 1
        yield (name if seen[name] == 1 else f"{name}#{seen[name]}"), ref


def _longest_increasing(numbers: Sequence[int]) -> frozenset[int]:
    """One longest strictly increasing subsequence, as a set (patience sorting, n log n)."""
    tails: list[int] = []
    tops: list[int] = []
    previous: list[int | None] = []
    for at, number in enumerate(numbers):
        pile = bisect_left(tails, number)
        previous.append(tops[pile - 1] if pile else None)
        tails[pile : pile + 1] = [number]
        tops[pile : pile + 1] = [at]
    chosen = []
    walk = tops[-1] if tops else None
    while walk is not None:
        chosen.append(numbers[walk])
        walk = previous[walk]
    return frozenset(chosen)
