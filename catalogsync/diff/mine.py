"""A catalog that wants of the server what this change set changes, and leaves its edits alone."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from catalogsync.diff.compare import SCALARS
from catalogsync.diff.lines import joined
from catalogsync.diff.lists import woven
from catalogsync.diff.managed import TEXTS
from catalogsync.diff.threeway import Sides
from catalogsync.diff.training import TRAINING
from catalogsync.diff.values import Came, Change, ModelDiff, Placed, Verb
from catalogsync.identity import Refusal
from catalogsync.marks import PROTECTED_TAG
from catalogsync.model import (
    AssetRef,
    Catalog,
    ModelSpec,
    Parameters,
    TrainingImage,
    TrainingPair,
)
from catalogsync.values import dataclass

_HINT = (
    "take the server's side with pull --accept, or plan without --only-mine and have it approved"
)


@dataclass(frozen=True, slots=True)
class Mine:
    """What is left of a catalog: `alone` are the models whose difference is not ours to make."""

    catalog: Catalog
    refusals: tuple[Refusal, ...]
    alone: frozenset[str]
    edits: int


def mine(catalog: Catalog, models: Iterable[ModelDiff], sides: Sides) -> Mine:
    """Take what was edited on the server for wanted, where that can be told apart."""
    found = {model.key: model for model in models}
    kept = {key: _Kept(model, sides) for key, model in found.items() if _has_fields(model)}
    whole = {key: model for key, model in found.items() if key not in kept}
    refusals = [_refusal(key, [_WHOLE]) for key, m in whole.items() if m.came is Came.CONFLICT]
    refusals += [_refusal(key, model.conflicts) for key, model in kept.items() if model.conflicts]
    alone = {key for key, model in whole.items() if model.came is Came.DRIFT}
    alone |= {key for key, model in kept.items() if not model.anything_is_mine}
    specs = (kept[spec.key].spec(spec) if spec.key in kept else spec for spec in catalog.models)
    return Mine(
        replace(catalog, models=tuple(specs)),
        tuple(refusals),
        frozenset(alone),
        sum(model.would_undo for model in found.values()),
    )


def still_undoing(models: Iterable[ModelDiff], refusals: Iterable[Refusal]) -> Iterator[Refusal]:
    """The refusal of every model that would still undo an edit, as where equal examples hide it."""
    refused = {refusal.model for refusal in refusals}
    for model in models:
        if model.would_undo and model.key not in refused:
            yield _refusal(model.key, [_TANGLED])


_TANGLED = "what was edited on the server cannot be told apart from what the manifest changes"
_WHOLE = "the model was edited on the server and would be deleted"


def _has_fields(model: ModelDiff) -> bool:
    return model.verb in (Verb.UPDATE, Verb.ADOPT)


def _refusal(key: str, conflicts: Iterable[str]) -> Refusal:
    return Refusal(key, "conflict", "; ".join(conflicts), _HINT)


@dataclass(frozen=True, slots=True)
class _Move:
    before: Placed
    came: Came | None


class _Kept:
    """One model that both sides may have changed."""

    def __init__(self, found: ModelDiff, sides: Sides) -> None:
        assert found.spec
        assert found.remote
        self._found, self._spec, self._live = found, found.spec, found.remote
        self._base = sides.base_of(found.key, found.spec)
        self._sides = sides

    @property
    def anything_is_mine(self) -> bool:
        """Whether this change set has changed anything of it."""
        return any(
            change.came is Came.PENDING or any(h.came is Came.PENDING for h in change.hunks)
            for change in self._found.changes
        )

    @property
    def conflicts(self) -> list[str]:
        """What cannot be told apart, in words."""
        found = [
            f"{' '.join(change.path[:1])} was changed in the manifest and on the server"
            for change in self._found.changes
            if change.came is Came.CONFLICT
        ]
        if {Came.PENDING, Came.DRIFT} <= {change.came for change in self._moves}:
            found.append("the order of examples was changed in the manifest and on the server")
        if self.anything_is_mine and any(c.field == "owner" for c in self._drift):
            found.append("its mark was taken off on the server")
        return list(dict.fromkeys(found))

    @property
    def _drift(self) -> list[Change]:
        return [change for change in self._found.changes if change.came is Came.DRIFT]

    @property
    def _moves(self) -> list[_Move]:
        return [
            _Move(change.before, change.came)
            for change in self._found.changes
            if isinstance(change.before, Placed) and isinstance(change.after, Placed)
        ]

    def spec(self, spec: ModelSpec) -> ModelSpec:
        """The manifest, wanting what the server has where that is what was edited."""
        if self.conflicts:
            return spec
        edits: dict[str, Any] = {}
        for field in {change.field for change in self._drift}:
            edits |= self._field(field, spec)
        return replace(spec, **edits)

    def _field(self, field: str, spec: ModelSpec) -> dict[str, Any]:
        live = self._live
        if field in SCALARS:
            return {SCALARS[field]: getattr(live, SCALARS[field]) or ""}
        if field in TEXTS:
            return {TEXTS[field]: self._text(field)}
        if field in ("tags", "collections"):
            return {field: self._members(field, getattr(spec, field) or frozenset())}
        if field == "thumbnail":
            return {field: AssetRef(id=live.thumbnail)}
        if field == "concepts":
            return {field: self._concepts(spec)}
        if field == "examples":
            return {field: self._examples()}
        if field in TRAINING:
            return {TRAINING[field]: _TRAINED[field](self, spec)}
        return {"protect": PROTECTED_TAG in live.tags} if field == "protect" else {}

    def _training_images(self, spec: ModelSpec) -> tuple[TrainingImage, ...]:
        """The wanted images, with what came, went or was described otherwise by hand."""
        kept = self._sides.training_images(spec.training_images)
        for change in self._drift:
            if change.field == "trainingImages":
                name, live = change.path[1], change.before
                if isinstance(live, TrainingImage):
                    kept[name] = live
                else:
                    del kept[name]
        return tuple(kept.values())

    def _training_pairs(self, spec: ModelSpec) -> tuple[TrainingPair, ...]:
        return self._live.training_pairs or ()

    def _training_parameters(self, spec: ModelSpec) -> Parameters:
        """The wanted parameters; those that were changed by hand are left alone."""
        edited = {change.path[1] for change in self._drift if change.field == "parameters"}
        wanted = spec.training_parameters or ()
        return tuple((name, value) for name, value in wanted if name not in edited)

    def _members(self, field: str, wanted: frozenset[str]) -> frozenset[str]:
        edits = [change for change in self._drift if change.field == field]
        added = {str(change.before) for change in edits if change.after is None}
        removed = {str(change.after) for change in edits if change.after is not None}
        return (wanted | added) - removed

    def _text(self, field: str) -> Any:
        assert self._base
        sides = self._sides.text(field, self._spec, self._base, self._live)
        lines, at = [], 0
        for region in sides.regions:
            lines += sides.live[at : region.live[0]]
            mine = region.came is Came.PENDING
            lines += (
                sides.desired[slice(*region.desired)] if mine else sides.live[slice(*region.live)]
            )
            at = region.live[1]
        return joined([*lines, *sides.live[at:]])

    def _concepts(self, spec: ModelSpec) -> Any:
        wanted = self._sides.concepts(spec.concepts or ())
        held = self._sides.concepts(self._live.concepts)
        for change in self._drift:
            if change.field != "concepts":
                continue
            _, name, part = change.path
            if name not in held:
                wanted.pop(name, None)
            elif name not in wanted:
                wanted[name] = held[name]
            else:
                edit: dict[str, Any] = {part: getattr(held[name], part)}
                wanted[name] = replace(wanted[name], **edit)
        return tuple(wanted.values())

    def _examples(self) -> tuple[AssetRef, ...]:
        """The wanted ones in their order, with what was added, removed or moved by hand."""
        assert self._base
        _, there, due = self._sides.examples_by_name(self._base, self._live, self._spec)
        refs, held, wanted = there | due, list(there), list(due)
        gone = {held[at - 1] for at in self._places("before", "after", Came.PENDING)}
        gone |= {wanted[at - 1] for at in self._places("after", "before", Came.DRIFT)}
        by_hand = any(change.came is Came.DRIFT for change in self._moves)
        moved = {held[change.before.position - 1] for change in self._moves}
        order, other = (held, wanted) if by_hand else (wanted, held)
        return tuple(refs[name] for name in woven(order, other, moved) if name not in gone)

    def _places(self, there: str, not_there: str, came: Came) -> Iterator[int]:
        """The places of the examples that one side has, the other has not, because of somebody."""
        for change in self._found.changes:
            placed = getattr(change, there)
            alone = isinstance(placed, Placed) and getattr(change, not_there) is None
            if alone and change.came is came:
                yield placed.position


_TRAINED: dict[str, Callable[[_Kept, ModelSpec], object]] = {
    "trainingImages": _Kept._training_images,
    "trainingImagePairs": _Kept._training_pairs,
    "parameters": _Kept._training_parameters,
}
