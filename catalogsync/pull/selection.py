"""Which models are pulled: those with a manifest are edited, the others get one."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field
from enum import StrEnum
from fnmatch import fnmatchcase

from catalogsync.errors import UsageError
from catalogsync.identity import Matching, match, owners
from catalogsync.manifest.words import did_you_mean
from catalogsync.model import Catalog, RemoteModel, State
from catalogsync.pull.names import keys_for
from catalogsync.values import dataclass


class Kind(StrEnum):
    """What is said of something that is not pulled."""

    REFUSED = "refused"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """Something that was not pulled, why, and what to do about it.

    `model` is a key, or a name and id; `field` is empty for a whole model.
    """

    model: str
    field: str
    kind: Kind
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options ask for; nothing at all means every model that has a manifest.

    `accept` has keys with the fields to take, none for all of them.
    """

    everything: bool = False
    only: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    accept: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def picks(self) -> bool:
        """Whether it asks for certain models."""
        return bool(self.only or self.tags or self.ids)

    def is_about(self, key: str) -> bool:
        """Whether it asks for a manifest of which nothing but the key is known."""
        return not self.picks or any(fnmatchcase(key, glob) for glob in self.only)

    def names(self, model: RemoteModel, key: str) -> bool:
        """Whether it asks for this model by name, id, key or tag."""
        texts = [text for text in (model.name, model.id, key) if text]
        return (
            model.id in self.ids
            or any(fnmatchcase(text, glob) for glob in self.only for text in texts)
            or not model.tags.isdisjoint(self.tags)
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """The keys whose manifests are edited, and the models that get a manifest, by their keys.

    `without` are the keys that are asked for and have no model, or none any more.
    """

    edited: frozenset[str]
    fresh: Mapping[str, RemoteModel]
    notes: tuple[Note, ...]
    without: frozenset[str] = frozenset()


def choose(
    catalog: Catalog, models: Mapping[str, RemoteModel], wanted: Wanted, taken: Collection[str]
) -> Selection:
    """The models that are asked for; `taken` are names below models/ that are no new keys."""
    matching = match(catalog, models)
    ids = matching.ids()
    managed = set(ids.values()) | {spec.id for spec in catalog.models}
    strangers = {m.id: m for m in models.values() if m.id not in managed}
    keys = _keys(catalog, strangers, taken)
    _check(wanted, [spec.key for spec in catalog.models], models, keys)
    present = [spec.key for spec in catalog.models if spec.state is State.PRESENT]
    modelless = frozenset(key for key in present if key not in ids)
    if wanted.accept:
        named = frozenset(wanted.accept)
        return Selection(named, {}, (), modelless & named)
    edited = frozenset(
        key
        for key in present
        if key in ids
        and (wanted.everything or not wanted.picks or wanted.names(models[ids[key]], key))
    )
    notes: list[Note] = []
    borne = Counter(keys.values())
    twins = frozenset(model_id for model_id, key in keys.items() if borne[key] > 1)
    chosen = {
        keys[model.id]: model
        for model in sorted(strangers.values(), key=lambda model: model.id)
        if _is_chosen(model, keys[model.id], catalog, matching, wanted, notes, twins)
    }
    without = frozenset(key for key in modelless if wanted.is_about(key))
    return Selection(edited, dict(sorted(chosen.items())), tuple(sorted(notes)), without)


def _check(
    wanted: Wanted,
    keys: Collection[str],
    models: Mapping[str, RemoteModel],
    coming: Mapping[str, str],
) -> None:
    """Raise `UsageError` for what names nothing."""
    for model_id in wanted.ids:
        if model_id not in models:
            raise UsageError(
                f"there is no model {model_id} in this project",
                hint="check the id, --target and --project",
            )
    for key in wanted.accept:
        if key not in keys:
            near = did_you_mean(key, keys)
            raise UsageError(f"--accept {key}: there is no such manifest", hint=near)
    for glob in wanted.only:
        texts = (t for m in models.values() for t in (m.name, m.id))
        if not any(fnmatchcase(text, glob) for text in (*keys, *coming.values(), *texts)):
            raise UsageError(
                f"--only {glob} matches no key, name or id",
                hint="give --only once for each glob; --all takes every model",
            )


def _keys(
    catalog: Catalog, strangers: Mapping[str, RemoteModel], taken: Collection[str]
) -> dict[str, str]:
    """A key for every model without a manifest, whether it is asked for or not."""
    own = {
        model.id: marks[0][1]
        for model in strangers.values()
        if (marks := owners(model)) and all(owner == catalog.name for owner, _ in marks)
    }
    nameless = {m.id: m.name for m in strangers.values() if m.id not in own}
    manifests = {name for spec in catalog.models for name in (spec.key, spec.renamed_from) if name}
    return keys_for(nameless, {*taken, *manifests, *own.values()}) | own


def _is_chosen(
    model: RemoteModel,
    key: str,
    catalog: Catalog,
    matching: Matching,
    wanted: Wanted,
    notes: list[Note],
    twins: Collection[str],
) -> bool:
    named = wanted.names(model, key)
    if not (named or wanted.everything):
        return False
    who = f"{model.name} ({model.id})"
    if model.id in twins:
        hint = "take the mark off all but one in the web page"
        notes.append(Note(who, "", Kind.REFUSED, "another model bears the same mark", hint))
        return False
    for message, hint, refused in _objections(model, catalog, matching, named=named):
        kind = Kind.REFUSED if refused else Kind.LEFT_OUT
        notes.append(Note(who, "", kind, message, hint))
        return False
    return True


def _objections(
    model: RemoteModel, catalog: Catalog, matching: Matching, *, named: bool
) -> Iterator[tuple[str, str, bool]]:
    """Why a model gets no manifest, what to do, and whether this is more than to be expected."""
    marks = owners(model)
    others = [f"{owner}/{key}" for owner, key in marks if owner != catalog.name]
    if others:
        yield f"it belongs to {', '.join(others)}", "pull it in that catalog", named
    ours = {key for owner, key in marks if owner == catalog.name}
    if len(ours) > 1 or ours & {spec.key for spec in catalog.models}:
        yield "it bears the mark of another manifest", "take the mark off in the web page", True
    elif ours and not named:
        hint = f"take it back with --id {model.id}, or delete it with apply --prune"
        yield "its manifest was removed from this catalog", hint, False
    if not marks:
        yield from _namesakes(model, catalog, matching)


def _namesakes(
    model: RemoteModel, catalog: Catalog, matching: Matching
) -> Iterable[tuple[str, str, bool]]:
    """A manifest that has no model and this one's name means it, as far as anybody can tell."""
    matched = {found.spec.key for found in matching.matches if found.remote}
    for spec in catalog.models:
        if spec.name == model.name and spec.key not in matched and not spec.id:
            hint = f"write id: {model.id} there, or give one of them another name"
            yield f"{spec.source.path} has its name and no model", hint, True
            return
