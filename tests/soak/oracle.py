"""What must be true of a project, worked out from manifests and listings alone.

Shares nothing with the engine but its values: it knows tags and fields, no diff, plan or match.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from catalogsync.actions import Action, CreateModel, DeleteModel, RestoreModel, UploadAsset
from catalogsync.errors import NotKept, OutcomeUnknown, UploadStuck
from catalogsync.model import (
    AssetRef,
    Catalog,
    Mention,
    ModelSpec,
    RemoteModel,
    State,
    Text,
    TrainingPair,
)
from catalogsync.outcome import Outcome, Status
from catalogsync.ports import CatalogReader

PREFIX = "catalog-sync:"
PROTECTED = f"{PREFIX}protected"
RESERVED = (PREFIX, "sc:", "deprecated:")
Models = Mapping[str, RemoteModel]

_FIELDS = (
    "name", "type", "short_description", "class_slug", "prompt_embedding",
    "negative_prompt_embedding",
)  # fmt: skip
_REFERENCE = re.compile(r"\{(asset|model):([A-Za-z0-9_.-]+)\}")


def mark(catalog: Catalog, key: str) -> str:
    """The tag that makes a model the one of a manifest."""
    return f"{PREFIX}{catalog.name}/{key}"


def marks(model: RemoteModel) -> set[str]:
    """The tags that make a model somebody's."""
    own = {PROTECTED, f"{PREFIX}unfinished"}
    return {tag for tag in model.tags if tag.startswith(PREFIX) and tag not in own}


def by_key(catalog: Catalog, models: Models) -> dict[str, list[str]]:
    """The models that bear the mark of a key, by key."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for model in models.values():
        for tag in marks(model):
            if tag.startswith(mark(catalog, "")):
                found[tag.removeprefix(mark(catalog, ""))].append(model.id)
    return dict(found)


@dataclass(frozen=True)
class Oracle:
    """Says what an apply of a catalog may do to the models that were there before.

    `deleted` are those that could be restored, `noted` the collections that were there, by name.
    """

    catalog: Catalog
    prune: bool
    before: Models
    deleted: Models = field(default_factory=dict)
    noted: Sequence[str] = ()

    def wrongs(self, after: Models) -> list[str]:
        """Everything that was changed, deleted or made although it must not be."""
        found = []
        for model in self.before.values():
            if model.id not in after and not self._may_delete(model):
                found.append(f"{model.name} {model.id} was deleted")
            elif model.id in after and self._differs(model, after[model.id]):
                found.append(f"{model.name} {model.id} was changed")
        return found + list(self._doubled(after)) + list(self._restored_for_nobody(after))

    def _restored_for_nobody(self, after: Models) -> Iterator[str]:
        """Models that came back although no manifest needed them."""
        for model in self.deleted.values():
            if model.id in after and not self._bereft(model):
                yield f"{model.name} {model.id} was restored for nobody"

    def _bereft(self, model: RemoteModel) -> set[str]:
        """The manifests that have no model and had this one."""
        held = by_key(self.catalog, self.before)
        found = set()
        for spec in self.catalog.models:
            ours = {mark(self.catalog, key) for key in self._keys(spec)}
            had = model.id == spec.id if spec.id else bool(marks(model) & ours)
            if spec.state is State.PRESENT and had and not self._keys(spec) & held.keys():
                found.add(spec.key)
        return found

    def _is_noted(self, model: RemoteModel) -> bool:
        """Whether a run that was cut short has said that it restores this one for a manifest."""
        begins = f"catalog-sync restoring {self.catalog.name}/"
        keys = {spec.key for spec in self.catalog.models if spec.state is State.PRESENT}
        return any(
            name.startswith(begins)
            and name.removeprefix(begins).split(" as ") in [[key, model.id] for key in keys]
            for name in self.noted
        )

    def _differs(self, before: RemoteModel, after: RemoteModel) -> bool:
        """Whether a model was changed that must not be.

        A caption belongs to an asset: who sets one may move the date of every model that is
        trained on it.
        """
        if before.training_count:
            before = replace(before, updated_at=after.updated_at)
        return after != before and not self._may_change(before)

    def _doubled(self, after: Models) -> Iterator[str]:
        """New models that nothing is new for; one that nobody owns may be our own, cut short."""
        held = by_key(self.catalog, self.before)
        wanted = Counter(
            spec.name
            for spec in self.catalog.models
            if spec.state is State.PRESENT
            if spec.id not in self.before and not self._keys(spec) & held.keys()
        )
        pinned = {spec.id for spec in self.catalog.models}
        unowned = Counter(
            model.name
            for model in self.before.values()
            if not marks(model) and model.id not in pinned
        )
        known = {*self.before, *self.deleted}
        made = Counter(model.name for model in after.values() if model.id not in known)
        for name, count in made.items():
            if count > max(0, wanted[name] - unowned[name]):
                yield f"{count} new models are called {name}"

    def _keys(self, spec: ModelSpec) -> set[str]:
        return {spec.key, spec.renamed_from} - {""}

    def _claims(self, model: RemoteModel) -> list[ModelSpec]:
        """The manifests that this could be the model of."""
        found = []
        for spec in self.catalog.models:
            ours = {mark(self.catalog, key) for key in self._keys(spec)}
            if model.id == spec.id or (not spec.id and marks(model) & ours):
                found.append(spec)
        return found

    def _foreign(self, model: RemoteModel, spec: ModelSpec) -> bool:
        """Whether a model bears a mark that is not of this manifest."""
        return bool(marks(model) - {mark(self.catalog, key) for key in self._keys(spec)})

    def _rivals(self, spec: ModelSpec) -> set[str]:
        """The models that claim to be the one of a manifest."""
        held = by_key(self.catalog, self.before)
        return {each for key in self._keys(spec) for each in held.get(key, ())} | ({spec.id} - {""})

    def _may_change(self, model: RemoteModel) -> bool:
        for spec in self._claims(model):
            sure = not self._foreign(model, spec) and self._rivals(spec) == {model.id}
            if sure and spec.state is not State.ABSENT:
                return True
        cut_short = any(looks_cut_short(model, spec) for spec in self.catalog.models)
        return cut_short or self._is_noted(model)

    def _may_delete(self, model: RemoteModel) -> bool:
        if PROTECTED in model.tags:
            return False
        claims = self._claims(model)
        for spec in claims:
            gone = spec.state is State.ABSENT and not spec.protect
            if gone and not self._foreign(model, spec) and self._rivals(spec) == {model.id}:
                return True
        orphan = bool(marks(model)) and not claims and self._only_ours(model)
        return self.prune and orphan

    def _only_ours(self, model: RemoteModel) -> bool:
        """Whether every mark is of this catalog, of no manifest's key, and on no other model."""
        claimed = {mark(self.catalog, k) for spec in self.catalog.models for k in self._keys(spec)}
        others = [marks(each) for each in self.before.values() if each.id != model.id]
        return all(
            tag.startswith(mark(self.catalog, ""))
            and tag not in claimed
            and not any(tag in other for other in others)
            for tag in marks(model)
        )


def looks_cut_short(model: RemoteModel, spec: ModelSpec) -> bool:
    """Whether a model is what a create leaves that could not tag it any more."""
    same = (model.name, model.type, model.status) == (spec.name, spec.type, "new")
    return same and not (model.tags or model.examples or model.thumbnail)


def unlike(reader: CatalogReader, catalog: Catalog, models: Models, skipped: set[str]) -> list[str]:
    """What the server has differently from the manifests, but for those that are skipped."""
    held = by_key(catalog, models)
    digests = {asset.id: asset.digest for page in reader.newest_assets() for asset in page}
    pinned = {spec.id: spec.key for spec in catalog.models if spec.id}
    # What a manifest pins is its model for the others, also while its own adoption is refused.
    keys = pinned | {model_id: key for key, ids in held.items() for model_id in ids}
    # What others mean by a key that is refused is the deleted model that it had.
    gone = by_key(catalog, {model.id: model for model in reader.list_deleted()})
    keys = {each: key for key in skipped for each in gone.get(key, ())} | keys
    names = reader.list_collections()
    found = []
    for spec in catalog.models:
        ids = held.get(spec.key, [])
        if spec.key in skipped:
            continue
        if spec.state is not State.PRESENT:
            left = [each for each in ids if pinned.get(each, spec.key) == spec.key]
            found += [f"{spec.key}: {each} still bears its mark" for each in left]
        elif len(ids) != 1:
            found.append(f"{spec.key}: {len(ids)} models")
        else:
            live = _Live(reader, reader.get_model(ids[0]), digests, keys, names)
            found += [f"{spec.key}: {what}" for what in live.unlike(spec)]
    return found


@dataclass(frozen=True)
class _Live:
    """One model, with what its ids stand for."""

    reader: CatalogReader
    model: RemoteModel
    digests: Mapping[str, str]
    keys: Mapping[str, str]
    collections: Mapping[str, str]

    def unlike(self, spec: ModelSpec) -> Iterator[str]:
        """The fields that are not as their manifest says."""
        live, digest = self.model, self.digests.get
        pairs: list[tuple[str, object, object]] = [
            (name, getattr(spec, name), getattr(live, name)) for name in _FIELDS
        ]
        tags = frozenset(tag for tag in live.tags if not tag.startswith(RESERVED))
        thumbnail = None if spec.thumbnail is None else spec.thumbnail.digest
        examples = None if spec.examples is None else [ref.digest for ref in spec.examples]
        concepts = None if spec.concepts is None else {c.model.key: c.scale for c in spec.concepts}
        pairs += [
            ("tags", spec.tags, tags),
            ("protect", spec.protect, PROTECTED in live.tags),
            ("thumbnail", thumbnail, digest(live.thumbnail, "")),
            ("examples", examples, [digest(each, each) for each in live.examples]),
            ("collections", spec.collections, {self.collections[c] for c in live.collection_ids}),
            ("concepts", concepts, {self.keys.get(c.model.id): c.scale for c in live.concepts}),
        ]
        pairs += self._trained(spec)
        if spec.description is not None:
            text = self.reader.get_description(live.id)
            pairs.append(("description", _written(spec.description), self._told(text)))
        if spec.prompt_guide is not None:
            text = self.reader.get_prompt_guide(live.id)
            pairs.append(("prompt guide", _written(spec.prompt_guide), self._told(text)))
        for name, wanted, found in pairs:
            if wanted is not None and wanted != found:
                yield f"{name} is {found!r}, not {wanted!r}"

    def _trained(self, spec: ModelSpec) -> Iterator[tuple[str, object, object]]:
        """The training data that a manifest wants, and what there is."""
        live, digest = self.model, self.digests.get
        if spec.training_images is not None:
            wanted = {each.asset.digest: each.caption for each in spec.training_images}
            told = {digest(i.asset.id, ""): i.caption for i in live.training_images or ()}
            free = {name for name, caption in wanted.items() if caption is None}
            yield "training images", _said(wanted, free), _said(told, free)
        if spec.training_pairs is not None:
            yield (
                "training pairs",
                [(p.source.digest, p.target.digest, _kept(p)) for p in spec.training_pairs],
                [
                    (digest(p.source.id), digest(p.target.id), _kept(p))
                    for p in live.training_pairs or ()
                ],
            )
        named = dict(spec.training_parameters or ())
        held = dict(live.training_parameters or ())
        yield "parameters", named, {name: held.get(name) for name in named}

    def _told(self, text: str) -> str:
        """The server's text with digests and keys in the place of ids."""

        def word(found: re.Match[str]) -> str:
            known = self.digests if found[1] == "asset" else self.keys
            return f"{{{found[1]}:{known.get(found[2], found[2])}}}"

        return _REFERENCE.sub(word, text).rstrip("\n")


def _said(images: Mapping[str, str | None], free: set[str]) -> dict[str, str]:
    """Captions by what they are of; empty for those that nobody manages."""
    return {
        name: "" if name in free else (caption or "").rstrip("\n")
        for name, caption in images.items()
    }


def _kept(pair: TrainingPair) -> str:
    return pair.instruction.rstrip("\n")


def _written(text: Text) -> str:
    """A manifest's text with digests and keys for its mentions."""

    def word(part: str | Mention) -> str:
        if isinstance(part, str):
            return part
        if isinstance(part.target, AssetRef):
            return f"{{asset:{part.target.digest}}}"
        return f"{{model:{part.target.key}}}"

    joined = "".join(map(word, text.parts))
    return joined.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def untrue(
    outcomes: Sequence[Outcome],
    catalog: Catalog,
    before: Models,
    after: Models,
    held: Counter[str],
) -> list[str]:
    """Outcomes that say something else than what is there."""
    ids = by_key(catalog, before)
    now = by_key(catalog, after)

    def there(action: Action) -> bool | None:
        match action:
            case UploadAsset(asset=asset):
                return held[asset.digest] == 1
            case CreateModel(model=key) | RestoreModel(model=key):
                return key in now
            case DeleteModel(model=key):
                return not any(each in after for each in ids.get(key, ()))
            case _:
                return None

    return [
        f"{outcome.status} {outcome.reason}: {outcome.action}"
        for outcome in outcomes
        if (is_so := there(outcome.action)) is not None
        if (outcome.status is Status.DONE) != is_so and not _unsure(outcome)
    ]


_LOOKS = ("GET /uploads/", "POST /assets/get-bulk")


def _unsure(outcome: Outcome) -> bool:
    """Whether an outcome says itself that something may have been done.

    An upload that cannot be looked at any more may become a file all the same.
    """
    error = outcome.error
    told = isinstance(error, NotKept | OutcomeUnknown | UploadStuck)
    told = told or outcome.reason.startswith((*_LOOKS, "the model is back"))
    return told or bool(getattr(error, "may_have_been_applied", False))
