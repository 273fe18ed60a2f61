"""Which models are due for training, and what that would cost. Nothing is ever trained."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from enum import StrEnum

from catalogsync.diff import TRAINING, Diff, ModelDiff, Verb, declares_training
from catalogsync.errors import AccessDenied, ApiError, BadResponse
from catalogsync.marks import OWNER_PREFIX
from catalogsync.model import Catalog, ModelSpec, Price, RemoteModel
from catalogsync.ports import TrainingPrices
from catalogsync.training import parameters_of
from catalogsync.values import dataclass


class Why(StrEnum):
    """Why a model is due for training."""

    NEW = "new"
    FAILED = "failed"
    CANCELED = "canceled"
    CHANGES = "changes"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class TrainingDue:
    """A model that is not trained on what its manifest declares; no id: it is not there yet.

    `images` is the size of the training set as declared, `priced_images` of the one that the
    `price` is for; None is no price that was asked for.
    """

    key: str
    name: str
    model_id: str
    why: Why
    images: int
    priced_images: int = 0
    price: Price | None = None

    @property
    def again(self) -> bool:
        """Whether the model is trained already, so that `train` leaves it alone unless told."""
        return self.why in (Why.CHANGES, Why.CHANGED)

    @property
    def units(self) -> float | None:
        """What a training costs in creative units; None where that is not known."""
        return self.price.units if self.price and not self.price.refusal else None


def known_units(due: Iterable[TrainingDue]) -> list[float]:
    """The costs that are known."""
    return [each.units for each in due if each.units is not None]


def trainings_due(diff: Diff, refused: Collection[str]) -> Iterator[TrainingDue]:
    """The models that the server tells to be untrained, and those whose training data changes.

    One that is brought over from another project is as trained as it is there.
    """
    changing = {model.key for model in diff.models if _changes_data(model)}
    sources = {model.key: source for model in diff.models if (source := _source(model))}
    for found in sorted(diff.present, key=lambda found: found.spec.key):
        spec = found.spec
        live = sources.get(spec.key, found.remote)
        why = _why(spec, live, changing=spec.key in changing)
        images = _declared(spec, live)
        if why and images and spec.key not in refused:
            held = live.training_count if live else 0
            model_id = found.remote.id if found.remote else ""
            yield TrainingDue(spec.key, spec.name, model_id, why, images, held or images)


def _source(model: ModelDiff) -> RemoteModel | None:
    """The model of another project that comes over with its weights."""
    return model.promotion.source if model.promotion and model.verb is Verb.CREATE else None


def _changes_data(model: ModelDiff) -> bool:
    if model.promotion and model.verb is Verb.CREATE:
        return model.promotion.retrains
    return any(change.field in TRAINING for change in model.changes)


_UNTRAINED = {"new": Why.NEW, "failed": Why.FAILED, "training-canceled": Why.CANCELED}


def _why(spec: ModelSpec, live: RemoteModel | None, *, changing: bool) -> Why | None:
    """Why a model is due; None for one that is not, is busy, or whose training is not declared."""
    if not declares_training(spec):
        return None
    if live is None:
        return None if spec.weights else Why.NEW
    if live.status in _UNTRAINED:
        return _UNTRAINED[live.status]
    if changing:
        return Why.CHANGES
    marked = live.status == "trained" and _mark(live) in live.tags
    return Why.CHANGED if marked else None


def _declared(spec: ModelSpec, live: RemoteModel | None) -> int:
    if spec.training_images is not None:
        return len(spec.training_images)
    return live.training_count if live else 0


_MARK = f"{OWNER_PREFIX}data-changed-after:"
_MOST_DIGITS = 20


def data_marks(live: RemoteModel) -> frozenset[str]:
    """The tags that say after which training an apply changed what a model is trained on."""
    return frozenset(tag for tag in live.tags if tag.startswith(_MARK))


def mark_edits(found: ModelDiff) -> tuple[frozenset[str], frozenset[str]]:
    """The tags to add and to delete because training data of a trained model changes.

    The mark names the end of the last training, so that the next one makes it void by itself.
    Where the server does not tell that end there is none: it would never become void.
    """
    live = found.remote
    if live is None or live.status != "trained" or not _changes_data(found):
        return frozenset(), frozenset()
    held, wanted = data_marks(live), frozenset(filter(None, [_mark(live)]))
    return wanted - held, held - wanted


def _mark(live: RemoteModel) -> str:
    """The mark for the last training; empty where the server does not tell when that ended."""
    digits = "".join(each for each in live.trained_at or "" if each in "0123456789")
    return f"{_MARK}{digits[:_MOST_DIGITS]}" if digits else ""


def priced(
    prices: TrainingPrices, due: Sequence[TrainingDue], catalog: Catalog, *, jobs: int
) -> tuple[TrainingDue, ...]:
    """Ask what the trainings cost, of models that are there; starts none.

    What cannot be asked stays unknown: no plan and no apply depends on it. Raises `BadResponse`
    where the server seems to have begun a training.
    """
    specs = {spec.key: spec for spec in catalog.models}
    asked = [each for each in due if each.model_id]

    def ask(each: TrainingDue) -> Price:
        parameters = parameters_of(specs[each.key])
        return prices.price_training(each.model_id, each.priced_images, parameters)

    told: dict[str, Price] = {}
    with ThreadPoolExecutor(jobs, thread_name_prefix="prices") as pool:
        try:
            for each, price in zip(asked, pool.map(ask, asked), strict=True):
                told[each.key] = price
        except (AccessDenied, BadResponse):
            raise
        except ApiError:
            told |= {each.key: told.get(each.key, Price()) for each in asked}
        finally:
            pool.shutdown(cancel_futures=True)
    return tuple(replace(each, price=told.get(each.key)) for each in due)
