"""Which of the named models can be trained, and what that costs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from catalogsync.identity import Match, Refusal
from catalogsync.model import ModelSpec
from catalogsync.ports import TrainingReader
from catalogsync.training.wish import Wish
from catalogsync.values import dataclass

Parameters = Callable[[ModelSpec], Mapping[str, object]]
"""The parameters that a manifest wants its model to be trained with."""

_VOICE = "elevenlabs-voice"
"""The type that is trained on sounds: of those the API tells no number."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What a run would start; `standing` are trained already, and `refusals` cannot be trained."""

    wishes: tuple[Wish, ...]
    standing: tuple[Wish, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def units(self) -> float | None:
        """What all of it costs together, in creative units; None if any of it is unknown."""
        told = [wish.units for wish in self.wishes if wish.units is not None]
        return sum(told) if len(told) == len(self.wishes) else None


def look_at(reader: TrainingReader, found: Iterable[Match]) -> tuple[Wish, ...]:
    """How the training of each model stands."""
    models = ((each.spec, each.remote) for each in found)
    return tuple(
        Wish(spec.key, spec.name, reader.get_training(remote.id))
        for spec, remote in models
        if remote
    )


def choose(
    reader: TrainingReader, found: Iterable[Match], *, again: bool, parameters: Parameters
) -> TrainingPlan:
    """Look at every model and ask what its training costs.

    One that is trained already is left as it is, unless it is to be trained `again`: so a run
    that was cut off can be repeated, and pays for nothing twice.
    """
    wishes: list[Wish] = []
    standing: list[Wish] = []
    refusals: list[Refusal] = []
    for each in found:
        (wish,) = look_at(reader, [each])
        if refusal := _busy(wish):
            refusals.append(refusal)
        elif wish.before.status == "trained" and not again:
            standing.append(wish)
        else:
            priced = _priced(reader, wish, parameters(each.spec))
            if isinstance(priced, Refusal):
                refusals.append(priced)
            else:
                wishes.append(priced)
    return TrainingPlan(tuple(wishes), tuple(standing), tuple(refusals))


def _busy(wish: Wish) -> Refusal | None:
    if wish.before.running:
        return Refusal(wish.key, "training", "it is being trained", _following(wish.key))
    if wish.before.status == "copying":
        return Refusal(wish.key, "copying", "it is being copied", "train it when that is done")
    return None


def _priced(reader: TrainingReader, wish: Wish, parameters: Mapping[str, object]) -> Wish | Refusal:
    """The wish with its price, or why not: a type that is never trained goes before its images."""
    bare = not wish.before.images and wish.before.type != _VOICE
    price = reader.price_training(wish.model_id, 1 if bare else None, parameters)
    if price.refusal:
        said = f"the server would not train it: {price.refusal}"
        return Refusal(wish.key, "not-trainable", said, "correct what it names")
    if bare:
        hint = "list some under `training:` in its manifest and apply it, then train it"
        return Refusal(wish.key, "no-training-images", "it has no training images", hint)
    return replace(wish, units=price.units, parameters=parameters)


def _following(key: str) -> str:
    return f"follow it with `train --follow {key}`, or end it with `train --cancel {key}`"
