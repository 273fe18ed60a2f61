"""Training sets on the server: looked at right before they are changed, and read back."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from threading import Lock
from typing import assert_never

from catalogsync.actions import (
    AddTrainingImages,
    RemoveTrainingImages,
    SetCaptions,
    SetTrainingPairs,
    SetTrainingParameters,
    TrainingAction,
)
from catalogsync.attempts import create_once
from catalogsync.diff import BUSY
from catalogsync.errors import CeilingReached, Conflict, Interrupted, NotFound, NotKept, Rejected
from catalogsync.ledger import Ledger
from catalogsync.model import (
    AssetRef,
    Parameter,
    Parameters,
    RemoteModel,
    TrainingImage,
    TrainingPair,
)
from catalogsync.polling import LATE
from catalogsync.ports import TRAINING_IMAGES_PER_CALL, CatalogWriter, Look
from catalogsync.texts import as_compared, normalised
from catalogsync.training import as_sent


class TrainingWriter:
    """Changes training sets, for several threads.

    A `pause` that is true says that the user wants to stop: then no other item of a step is begun.
    """

    def __init__(
        self,
        writer: CatalogWriter,
        ledger: Ledger,
        pause: Callable[[float], object],
        clock: Callable[[], float],
    ) -> None:
        self._writer = writer
        self._ledger = ledger
        self._pause = pause
        self._clock = clock
        self._captioned: set[str] = set()
        self._lock = Lock()

    def changed(self, action: TrainingAction, seen: RemoteModel, live: RemoteModel) -> list[str]:
        """What somebody changed of what an action replaces.

        Raises `Conflict` where nothing may be touched.
        """
        if live.status in BUSY:
            raise Conflict(
                f"the model is {live.status} by now: its training data is not touched meanwhile",
                hint="plan again when that has ended",
            )
        match action:
            case SetCaptions(images=images):
                return ["a caption"] if any(self._captions_moved(images, seen, live)) else []
            case SetTrainingPairs(pairs=pairs):
                ours = self._pairs_sent(pairs, _captions(live))
                return ["the training pairs"] if _pairs_moved(seen, live, ours) else []
            case SetTrainingParameters(parameters=parameters):
                moved = _parameters_moved(seen, live, parameters)
                return ["the training parameters"] if moved else []
            case AddTrainingImages() | RemoveTrainingImages():
                return []  # a set: what somebody else added or took out stays so
            case _:
                assert_never(action)

    def _captions_moved(
        self, images: Iterable[TrainingImage], seen: RemoteModel, live: RemoteModel
    ) -> Iterator[bool]:
        was, held = _captions(seen), _captions(live)
        for image in images:
            asset_id = self._ledger.asset_id(image.asset)
            if asset_id in was and asset_id in held:
                now = as_compared(held[asset_id])
                yield now not in (as_compared(was[asset_id]), as_compared(image.caption or ""))

    def explains(self, seen: RemoteModel, live: RemoteModel) -> bool:
        """Whether a model moved only because this run gave images of its set their captions.

        Texts, which a model does not tell by itself, are compared where they are replaced.
        """
        held = _captions(live)
        with self._lock:
            ours = self._captioned & held.keys()
        if not ours:
            return False
        others = [f.name for f in fields(RemoteModel) if f.name not in _MOVED_BY_CAPTIONS]
        pairs = [(getattr(seen, name), getattr(live, name)) for name in others]
        same = all(None in pair or pair[0] == pair[1] for pair in pairs)
        was = _captions(seen) if seen.training_images is not None else held
        left = [{id: text for id, text in side.items() if id not in ours} for side in (was, held)]
        return same and was.keys() == held.keys() and left[0] == left[1]

    def perform(self, action: TrainingAction, look: Look) -> None:
        """Do the action, right after a `look` that is repeated before what comes late.

        Raises `ApiError` if it failed, `NotKept` if it did not stick.
        """
        model_id, again = self._ledger.model_id(action.model), _Again(look, self._clock)
        match action:
            case AddTrainingImages(images=images, instead_of=others):
                self._add(model_id, self._ids(images), self._ids(others))
            case RemoveTrainingImages(images=images):
                self._remove(model_id, self._ids(images))
            case SetCaptions(images=images):
                self._set_captions(model_id, images, look)
            case SetTrainingPairs(pairs=pairs):
                self._set_pairs(model_id, pairs, again)
            case SetTrainingParameters(parameters=parameters):
                self._set_parameters(model_id, parameters, again)
            case _:
                assert_never(action)

    def _ids(self, refs: Iterable[AssetRef]) -> list[str]:
        return list(dict.fromkeys(map(self._ledger.asset_id, refs)))

    def _held(self, model_id: str) -> list[str]:
        """The ids of a model's training images, all of them."""
        images = self._writer.get_model(model_id).training_images
        if images is None:
            raise NotKept("the server does not tell all training images of the model")
        return [image.asset.id for image in images]

    def _add(self, model_id: str, ids: Sequence[str], instead_of: Sequence[str]) -> None:
        try:
            self._add_all(model_id, ids)
        except CeilingReached:
            if not instead_of:
                raise
            # Where there is no room for both, what goes anyway goes first.
            self._remove(model_id, instead_of)
            self._add_all(model_id, ids)

    def _add_all(self, model_id: str, ids: Sequence[str]) -> None:
        left = self._missing(model_id, ids)
        while left:
            self._check_going_on()
            chunk = left[:TRAINING_IMAGES_PER_CALL]
            self._add_few(model_id, chunk)
            left = [each for each in left if each not in chunk]
        if missing := self._missing(model_id, ids):
            what = f"{len(missing)} of {len(ids)} are missing"
            raise NotKept(f"the server did not keep the training images as sent: {what}")

    def _missing(self, model_id: str, ids: Iterable[str]) -> list[str]:
        held = set(self._held(model_id))
        return [each for each in ids if each not in held]

    def _add_few(self, model_id: str, ids: Sequence[str]) -> None:
        """Add images; that one is there already is an error of the API, and none to us."""
        due = list(ids)

        def attempt() -> bool:
            while due:
                try:
                    self._writer.add_training_images(model_id, due)
                    return True
                except Rejected:
                    missing = self._missing(model_id, due)
                    if missing == due:
                        raise
                    due[:] = missing
            return True

        def settled() -> bool | None:
            due[:] = self._missing(model_id, due)
            return None if due else True

        create_once(attempt, settled, self._pause)

    def _remove(self, model_id: str, ids: Iterable[str]) -> None:
        for asset_id in ids:
            self._check_going_on()
            self._writer.remove_training_image(model_id, asset_id)

    def _set_captions(self, model_id: str, images: Sequence[TrainingImage], look: Look) -> None:
        captions = {self._ledger.asset_id(each.asset): each.caption or "" for each in images}
        others = self._ledger.trained_on(captions) - {model_id}

        def look_at_all() -> None:
            look()
            self._check_idle(others)

        again = _Again(look_at_all, self._clock)
        self._check_idle(others)
        for asset_id, caption in captions.items():
            self._check_going_on()
            again.if_late()
            self._caption(asset_id, caption, again)

    def _check_going_on(self) -> None:
        if self._pause(0):
            raise Interrupted("interrupted")

    def _check_idle(self, others: Iterable[str]) -> None:
        """Raise `Conflict` if a model that has the same images is trained or copied by now."""
        for model_id in sorted(others):
            status = self._status(model_id)
            if status in BUSY:
                raise Conflict(
                    f"{model_id} is {status} by now and has one of the images as well: no caption "
                    "of it is touched meanwhile",
                    hint="plan again when that has ended",
                )

    def _status(self, model_id: str) -> str:
        """The status of a model, empty for one that is gone."""
        with suppress(NotFound):
            return self._writer.get_model(model_id).status
        return ""

    def _caption(self, asset_id: str, caption: str, again: Look) -> None:
        with self._lock:
            self._captioned.add(asset_id)
        sent = normalised(caption)
        kept = self._writer.set_caption(asset_id, sent, again=again)
        if kept is not None and as_compared(kept) != as_compared(sent):
            raise NotKept("the server did not keep a caption as sent")

    def _set_pairs(self, model_id: str, pairs: Sequence[TrainingPair], again: "_Again") -> None:
        sent = self._pairs_sent(pairs, self._held(model_id) if pairs else [])
        again.if_late()
        kept = self._writer.set_training_pairs(model_id, sent, again=again)
        if kept is not None and list(map(_meaning, kept)) != list(map(_meaning, sent)):
            raise NotKept("the server did not keep the training pairs as sent")

    def _pairs_sent(
        self, pairs: Iterable[TrainingPair], held: Collection[str]
    ) -> tuple[TrainingPair, ...]:
        """The pairs with the ids that a training set knows their images by."""
        return tuple(
            TrainingPair(
                AssetRef(id=self._ledger.asset_among(pair.source, held)),
                AssetRef(id=self._ledger.asset_among(pair.target, held)),
                normalised(pair.instruction),
            )
            for pair in pairs
        )

    def _set_parameters(self, model_id: str, parameters: Parameters, again: Look) -> None:
        sent = {"parameters": as_sent(parameters)}
        kept = self._writer.update_model(model_id, sent, again=again)
        if kept.training_parameters is not None and _named(kept, parameters) != dict(parameters):
            raise NotKept("the server did not keep the training parameters as sent")


class _Again:
    """Looks at what an action replaces, which was looked at right before the action began."""

    def __init__(self, look: Look, clock: Callable[[], float]) -> None:
        self._look = look
        self._clock = clock
        self._looked = clock()

    def __call__(self) -> None:
        """Look again, whenever the last look was."""
        self._look()
        self._looked = self._clock()

    def if_late(self) -> None:
        """Look again if the last look does not hold any more."""
        if self._clock() - self._looked > LATE:
            self()


_MOVED_BY_CAPTIONS = ("updated_at", "training_images")


def _captions(model: RemoteModel) -> dict[str, str]:
    return {image.asset.id: image.caption or "" for image in model.training_images or ()}


def _meaning(pair: TrainingPair) -> tuple[str, str, str]:
    return pair.source.id, pair.target.id, as_compared(pair.instruction)


def _pairs_moved(seen: RemoteModel, live: RemoteModel, ours: tuple[TrainingPair, ...]) -> bool:
    """Whether somebody changed the pairs; those of images that went may have gone with them."""
    if seen.training_pairs is None:
        return False
    held = _captions(live).keys()
    left = [pair for pair in seen.training_pairs if {pair.source.id, pair.target.id} <= held]
    now = list(map(_meaning, live.training_pairs or ()))
    return now not in [list(map(_meaning, known)) for known in (seen.training_pairs, left, ours)]


def _parameters_moved(seen: RemoteModel, live: RemoteModel, ours: Parameters) -> bool:
    """Whether somebody changed one of the parameters; each is one for itself."""
    if seen.training_parameters is None:
        return False
    was, now = _named(seen, ours), _named(live, ours)
    return any(now.get(name) not in (was.get(name), value) for name, value in ours)


def _named(model: RemoteModel, parameters: Parameters) -> Mapping[str, Parameter]:
    names = {name for name, _ in parameters}
    return {name: value for name, value in model.training_parameters or () if name in names}
