"""Whether a model is still what the plan saw of it, right before it is written."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import assert_never

from catalogsync.actions import (
    DeleteModel,
    FieldValue,
    ModelAction,
    Replacing,
    SetDescription,
    SetExamples,
    SetPromptGuide,
    TrainingAction,
    UpdateModel,
)
from catalogsync.diff import MANAGED, SCALARS
from catalogsync.errors import Conflict, NotFound
from catalogsync.identity import owners
from catalogsync.ledger import Ledger
from catalogsync.marks import PROTECTED_TAG
from catalogsync.model import ModelRef, RemoteModel
from catalogsync.ports import CatalogReader
from catalogsync.texts import as_compared
from catalogsync.training_writer import TrainingWriter
from catalogsync.values import dataclass

_ReplacingField = UpdateModel | SetExamples | SetDescription | SetPromptGuide
_PLAN_AGAIN = "plan again and look at what changed"


class Lookout:
    """Looks at models with a reader, and knows from a ledger what the plan saw."""

    def __init__(self, reader: CatalogReader, ledger: Ledger, training: TrainingWriter) -> None:
        self._reader = reader
        self._ledger = ledger
        self._training = training

    def model_id(self, key: str) -> str:
        """The id of a model of this catalog."""
        return self._ledger.model_id(key)

    def parts(self, key: str) -> frozenset[str]:
        """The ids of the models that the plan saw as concepts of a model."""
        return self._ledger.parts(key)

    def check_unchanged(self, action: ModelAction) -> None:
        """Raise `Conflict` if somebody changed or deleted the model since the plan saw it."""
        seen = self._ledger.observed(action.model)
        if seen is None:
            return
        ends = isinstance(action, DeleteModel)
        try:
            # The model comes last: it tells most, and what is written after a look is not seen.
            texts = [*self._texts(seen)] if ends else []
            live = self._reader.get_model(seen.id)
        except NotFound:
            if ends:
                return
            raise _deleted(seen) from None
        if live.updated_at != seen.updated_at and not self._training.explains(seen, live):
            raise Conflict(
                f"somebody changed the model at {live.updated_at}, after this plan read it",
                hint=_PLAN_AGAIN,
            )
        if owners(live) != owners(seen):
            # A date that does not move with tags must not give a model a second owner.
            raise Conflict(
                f"somebody made it {_whose(live)} after this plan read it", hint=_PLAN_AGAIN
            )
        if ends:
            self._check_known(seen, live, texts)

    def _check_known(self, seen: RemoteModel, live: RemoteModel, texts: Sequence[str]) -> None:
        """Raise `Conflict` if a model that is to be deleted has what the plan did not see.

        Nobody promises that the date of its last change moves with everything.
        """
        if PROTECTED_TAG in live.tags - seen.tags:
            raise Conflict("somebody protected the model after this plan read it", hint=_PLAN_AGAIN)
        if changed := [*_differing(seen, live), *texts]:
            raise Conflict(
                f"somebody changed {', '.join(changed)} after this plan read it",
                hint=_PLAN_AGAIN,
            )

    def _texts(self, seen: RemoteModel) -> Iterator[str]:
        """The texts that are not what the plan saw, as far as it read them."""
        reads = (
            ("the description", seen.description, self._reader.get_description),
            ("the prompt guide", seen.prompt_guide, self._reader.get_prompt_guide),
        )
        for name, before, read in reads:
            if before is not None and as_compared(read(seen.id)) != as_compared(before):
                yield name

    def check_replaced(self, action: Replacing) -> None:
        """Raise `Conflict` if what the action replaces is neither what the plan saw nor done."""
        seen = self._ledger.observed(action.model)
        if seen is None:
            return
        try:
            changed = list(self._changed(action, seen))
        except NotFound:
            raise _deleted(seen) from None
        if changed:
            raise Conflict(
                f"somebody changed {' and '.join(changed)} after this plan read it",
                hint=_PLAN_AGAIN,
            )

    def _changed(self, action: Replacing, seen: RemoteModel) -> Iterator[str]:
        """The fields that an action replaces and somebody changed, as far as they were read."""
        if isinstance(action, TrainingAction):
            yield from self._training.changed(action, seen, self._reader.get_model(seen.id))
            return
        for each in self._fields(action, seen):
            if each.before is not None and each.found not in (each.before, each.ours):
                yield each.name

    def _fields(self, action: _ReplacingField, seen: RemoteModel) -> Iterator["_Field"]:
        """The fields that an action replaces, as they are by now."""
        reader, sent = self._reader, self._ledger.text
        match action:
            case SetDescription(text=text):
                now = reader.get_description(seen.id)
                yield _text("the description", seen.description, now, sent(text))
            case SetPromptGuide(text=text):
                now = reader.get_prompt_guide(seen.id)
                yield _text("the prompt guide", seen.prompt_guide, now, sent(text))
            case SetExamples(examples=examples):
                ours = tuple(map(self._ledger.asset_id, examples))
                live = reader.get_model(seen.id)
                yield _Field("the examples", seen.examples, live.examples, ours)
            case UpdateModel(fields=fields):
                live = reader.get_model(seen.id)
                for name, value in fields:
                    attribute = SCALARS.get(name, name)
                    before, found = (getattr(model, attribute) for model in (seen, live))
                    yield _Field(name, before, found, self._kept(value))
            case _:
                assert_never(action)

    def _kept(self, value: FieldValue) -> object:
        """What the server has of a field once the value is set."""
        if not isinstance(value, tuple):
            return self._ledger.sent(value) or ""
        models = (held["modelId"] for held in self._ledger.concepts(value))
        parts = zip(models, value, strict=True)
        return tuple(replace(part, model=ModelRef(id=str(held))) for held, part in parts)


@dataclass(frozen=True, slots=True)
class _Field:
    """A field in words: as the plan saw it, as it is, and as the action leaves it."""

    name: str
    before: object
    found: object
    ours: object


def _differing(seen: RemoteModel, live: RemoteModel) -> Iterator[str]:
    """What both tell of a model and is not the same; a caption is the asset's, and stays."""
    for name in (field.name for field in fields(RemoteModel)):
        before, now = (getattr(model, name) for model in (seen, live))
        if name == "training_images" and None not in (before, now):
            before, now = ({image.asset.id for image in held} for held in (before, now))
        if name not in _BY_ITSELF and None not in (before, now) and before != now:
            yield _NAMES.get(name, name)


_BY_ITSELF = frozenset({"updated_at", "description", "prompt_guide", "trained_at"})
"""What no answer about a model tells, or what its own test is for."""

_NAMES = {attribute: name for name, attribute in (SCALARS | MANAGED).items()} | {
    "collection_ids": "collections",
    "training_count": "the number of training images",
    "author_id": "the author",
}


def _text(name: str, before: str | None, found: str, ours: str) -> _Field:
    was = None if before is None else as_compared(before)
    return _Field(name, was, as_compared(found), as_compared(ours))


def _whose(model: RemoteModel) -> str:
    marks = ", ".join(f"{catalog}/{key}" for catalog, key in owners(model))
    return f"a model of {marks}" if marks else "nobody's model"


def _deleted(seen: RemoteModel) -> Conflict:
    return Conflict(
        f"somebody deleted the model {seen.id} after this plan read it",
        hint="plan again: it would be created anew",
    )
