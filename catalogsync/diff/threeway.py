"""Tells where each difference comes from: this change set, the server, or both.

Base is the catalog as it was applied last, as far as anybody knows. At an address where desired
and live differ, live is either what base wants there (the change set made the difference), or
desired is (somebody edited the server), or neither (both did). What base did not manage is the
change set's.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from catalogsync.contents import known_contents
from catalogsync.diff.compare import Comparison
from catalogsync.diff.lines import lines_of
from catalogsync.diff.lists import named
from catalogsync.diff.managed import MANAGED, TEXTS, leaving_alone
from catalogsync.diff.merge import Region, regions
from catalogsync.diff.order import movers
from catalogsync.diff.training import images_by_name
from catalogsync.diff.values import (
    Came,
    Change,
    Hunk,
    ModelDiff,
    Placed,
    Verb,
    worst,
)
from catalogsync.identity import Matching, Origin, was_applied
from catalogsync.mentions import parsed
from catalogsync.model import (
    NO_ASSET,
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
    TrainingImage,
)
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class TextSides:
    """The three sides of a text, by line, and the regions in which live and desired differ."""

    live: list[Text]
    desired: list[Text]
    regions: tuple[Region, ...]


class Sides:
    """Base, desired and live, in words that mean the same on all three."""

    def __init__(
        self, catalog: Catalog, base: Catalog, snapshot: Snapshot, matching: Matching
    ) -> None:
        known = base.models if base.name == catalog.name else ()
        wanted = catalog.models
        self._keys = {model.id: key for key, model in matching.orphans}
        self._keys |= {spec.id: spec.key for spec in matching.lost}
        self._keys |= {model_id: key for key, model_id in matching.ids().items()}
        ids = {key: model_id for model_id, key in self._keys.items()}
        self._contents = known_contents((*wanted, *known), snapshot.assets)
        self._compare = Comparison(catalog, snapshot, self._contents, ids)
        self._was_applied = was_applied(catalog.name, snapshot.models.values())
        self._renamed = {spec.renamed_from: spec.key for spec in wanted if spec.renamed_from}
        self._by_key = {spec.key: spec for spec in known}

    def concepts(self, held: Iterable[Concept]) -> dict[str, Concept]:
        """Concepts by what their models are called at addresses."""
        return {self._compare.model_name(concept.model): concept for concept in held}

    def training_images(self, held: Iterable[TrainingImage] | None) -> dict[str, TrainingImage]:
        """Training images by what they are called at addresses."""
        return images_by_name(held, self._contents)

    def base_of(self, key: str, spec: ModelSpec | None) -> ModelSpec | None:
        """What base says of a model, under whatever key."""
        old = self._by_key.get(spec.renamed_from) if spec else None
        found = old or self._by_key.get(key)
        return found and _renamed(found, self._renamed)

    def attributed(self, found: ModelDiff) -> ModelDiff:
        """One model's differences, each with where it comes from."""
        base = self.base_of(found.key, found.spec)
        whole = self._whole(found, base)
        if whole:
            changes = tuple(replace(change, came=whole) for change in found.changes)
            return replace(found, changes=changes, came=whole)
        assert base
        changes = tuple(self._changes(found, base))
        return replace(found, changes=changes, came=worst(c.came for c in changes if c.came))

    def _whole(self, found: ModelDiff, base: ModelSpec | None) -> Came | None:
        """Where a difference of a whole model comes from; None if that is for its fields to say."""
        if base is None:
            return Came.DRIFT if found.spec is None else Came.PENDING
        if found.verb in (Verb.CREATE, Verb.RESTORE):
            same_pin = found.spec is not None and found.spec.id == base.id
            return Came.DRIFT if base.state is State.PRESENT and same_pin else Came.PENDING
        if found.verb is Verb.DELETE:
            return self._deleted(found, base)
        if found.verb is Verb.FORGET:
            return Came.DRIFT if base.state is State.UNMANAGED else Came.PENDING
        ours = (
            found.origin in (Origin.INTERRUPTED, Origin.CLAIMED) or base.state is not State.PRESENT
        )
        return Came.PENDING if ours else None

    def _deleted(self, found: ModelDiff, base: ModelSpec) -> Came:
        if base.state is not State.PRESENT:
            return Came.DRIFT
        live = found.remote
        edited = live and any(self._compare.changes(_read(base, live), live))
        return Came.CONFLICT if edited else Came.PENDING

    def _changes(self, found: ModelDiff, base: ModelSpec) -> Iterator[Change]:
        spec, live = found.spec, found.remote
        assert spec
        assert live
        plain = leaving_alone(base, ("thumbnail", "examples", *TEXTS.values()))
        moved = {self._address(change): change for change in self._compare.changes(plain, live)}
        examples = self._examples(found.changes, spec, base, live)
        for change in found.changes:
            if change.field in TEXTS:
                yield self._text(change, spec, base, live)
            elif self._was_nobodys(change, base):
                yield replace(change, came=Came.PENDING)
            elif change.field == "thumbnail":
                yield replace(change, came=self._thumbnail(spec, base, live))
            elif change.field == "examples":
                yield replace(change, came=examples[change.path[1]])
            else:
                yield replace(change, came=_at_address(change, moved.get(self._address(change))))

    def _was_nobodys(self, change: Change, base: ModelSpec) -> bool:
        """Whether base did not manage a field; marks only an apply puts on."""
        if change.field == "owner":
            return not self._was_applied
        attribute = MANAGED.get(change.field)
        return attribute is not None and getattr(base, attribute) is None

    def _address(self, change: Change) -> tuple[str, ...]:
        """The path, with models by their keys."""
        return tuple(self._keys.get(part, part) for part in change.path)

    def _thumbnail(self, spec: ModelSpec, base: ModelSpec, live: RemoteModel) -> Came:
        token = self._contents.token
        was, wanted = (token(side.thumbnail or NO_ASSET) for side in (base, spec))
        if was == self._contents.token_of(live.thumbnail):
            return Came.PENDING
        return Came.DRIFT if was == wanted else Came.CONFLICT

    def _examples(
        self, changes: Iterable[Change], spec: ModelSpec, base: ModelSpec, live: RemoteModel
    ) -> dict[str, Came]:
        """Where the change of every example comes from, by its name in the path."""
        mine = [change for change in changes if change.field == "examples"]
        was, held, wanted = map(list, self.examples_by_name(base, live, spec))
        base_order, live_order, order = (
            {name: at for at, name in enumerate(side)} for side in (was, held, wanted)
        )
        found: dict[str, Came] = {}
        moves: dict[str, str] = {}
        for change in mine:
            if isinstance(change.before, Placed) and isinstance(change.after, Placed):
                moves[held[change.before.position - 1]] = change.path[1]
            elif isinstance(change.before, Placed):
                mine_too = held[change.before.position - 1] in base_order
                found[change.path[1]] = Came.PENDING if mine_too else Came.DRIFT
            elif isinstance(change.after, Placed):
                gone = wanted[change.after.position - 1] in base_order
                found[change.path[1]] = Came.DRIFT if gone else Came.PENDING
        came = movers(base_order, live_order, order, moves)
        return found | {moves[name]: kind for name, kind in came.items()}

    def examples_by_name(
        self, base: ModelSpec, live: RemoteModel, spec: ModelSpec
    ) -> tuple[dict[str, AssetRef], dict[str, AssetRef], dict[str, AssetRef]]:
        """The examples of base, live and desired, in order, by names that mean the same."""
        held = tuple(AssetRef(id=asset_id) for asset_id in live.examples)
        was, there, wanted = (
            named((self._contents.token(ref), ref) for ref in side or ())
            for side in (base.examples, held, spec.examples)
        )
        return was, there, wanted

    def _text(self, change: Change, spec: ModelSpec, base: ModelSpec, live: RemoteModel) -> Change:
        sides = self.text(change.field, spec, base, live)
        author = getattr(spec, TEXTS[change.field])
        hunks = tuple(self._hunk(region, sides, author) for region in sides.regions)
        return replace(change, came=worst(hunk.came for hunk in hunks), hunks=hunks)

    def text(self, field: str, spec: ModelSpec, base: ModelSpec, live: RemoteModel) -> TextSides:
        """A text that the manifest manages; what base did not manage stood there as live."""
        attribute = TEXTS[field]
        held = lines_of(parsed(getattr(live, attribute) or ""))
        was = getattr(base, attribute)
        lines = held, held if was is None else lines_of(was), lines_of(getattr(spec, attribute))
        words = [list(map(self._compare.canonical, side)) for side in lines]
        return TextSides(held, lines[2], tuple(regions(words[1], words[0], words[2])))

    def _hunk(self, region: Region, sides: TextSides, author: Text) -> Hunk:
        held = sides.live[slice(*region.live)]
        wanted = sides.desired[slice(*region.desired)]
        before = tuple(self._compare.in_words_of(author, line) for line in held)
        return Hunk(
            region.came,
            region.desired[0] + 1,
            before,
            tuple(line.written for line in wanted),
        )


def _at_address(change: Change, moved: Change | None) -> Came:
    """What base says at the address of a change; `moved` is how live has left it, if it has."""
    if moved is None:
        return Came.PENDING
    return Came.DRIFT if _wants_the_same(moved, change) else Came.CONFLICT


def _wants_the_same(moved: Change, change: Change) -> bool:
    """Whether base wants what is wanted now.

    Of a training image at one address the content is the same: what is left are its presence, or
    its caption where it stays.
    """
    was, wanted = moved.after, change.after
    if not isinstance(was, TrainingImage) or not isinstance(wanted, TrainingImage):
        return was == wanted
    return change.before is None or was.caption == wanted.caption


def _read(base: ModelSpec, live: RemoteModel) -> ModelSpec:
    """A manifest without the fields that were not read of its model."""
    unread = (n for n in MANAGED.values() if getattr(live, _LIVE.get(n, n)) is None)
    return leaving_alone(base, unread)


_LIVE = {"collections": "collection_ids"}
"""The fields that have another name on the server's side."""


def _renamed(spec: ModelSpec, names: Mapping[str, str]) -> ModelSpec:
    """A manifest of base that refers to other models by the keys they have now."""

    def ref(held: ModelRef) -> ModelRef:
        return replace(held, key=names.get(held.key, held.key))

    def text(held: Text | None) -> Text | None:
        return held and Text(tuple(map(part, held.parts)))

    def part(held: str | Mention) -> str | Mention:
        if isinstance(held, Mention) and isinstance(held.target, ModelRef):
            return replace(held, target=ref(held.target))
        return held

    def concept(held: Concept) -> Concept:
        return replace(held, model=ref(held.model))

    return replace(
        spec,
        renamed_from="",
        description=text(spec.description),
        prompt_guide=text(spec.prompt_guide),
        concepts=None if spec.concepts is None else tuple(map(concept, spec.concepts)),
    )
