"""What differs in a training set: images that come and go, captions, pairs, parameters."""

from collections.abc import Iterable, Iterator

from catalogsync.contents import Contents
from catalogsync.diff.lists import named
from catalogsync.diff.values import Change
from catalogsync.model import ModelSpec, RemoteModel, TrainingImage, TrainingPair
from catalogsync.texts import as_compared

TRAINING = {
    "trainingImages": "training_images",
    "trainingImagePairs": "training_pairs",
    "parameters": "training_parameters",
}
"""The fields of a model's training data: the API's name and ours."""

BUSY = ("training", "copying")
"""The statuses in which nobody may touch a model's training data."""


def declares_training(spec: ModelSpec) -> bool:
    """Whether a manifest says anything of what its model is trained on."""
    return any(getattr(spec, name) is not None for name in TRAINING.values())


def training_changes(spec: ModelSpec, live: RemoteModel, contents: Contents) -> Iterator[Change]:
    """The differences of a manifest's training data; images are a set, pairs a list."""
    yield from _image_changes(spec, live, contents)
    yield from _pair_changes(spec, live, contents)
    held = dict(live.training_parameters or ())
    for name, value in spec.training_parameters or ():
        if held.get(name) != value:
            yield Change(spec.key, ("parameters", name), held.get(name), value)


def images_by_name(
    images: Iterable[TrainingImage] | None, contents: Contents
) -> dict[str, TrainingImage]:
    """Training images by what they are called at addresses: the same for the same content."""
    return named((contents.token(image.asset), image) for image in images or ())


def _image_changes(spec: ModelSpec, live: RemoteModel, contents: Contents) -> Iterator[Change]:
    if spec.training_images is None:
        return
    held = images_by_name(live.training_images, contents)
    wanted = images_by_name(spec.training_images, contents)
    for name in (*wanted, *(each for each in held if each not in wanted)):
        before, after = held.get(name), wanted.get(name)
        if before and after and not _has_another_caption(before, after):
            continue
        old, new = (image and _shown(image, contents) for image in (before, after))
        yield Change(spec.key, ("trainingImages", name), old, new)


def _has_another_caption(before: TrainingImage, after: TrainingImage) -> bool:
    if after.caption is None:
        return False
    return as_compared(before.caption or "") != as_compared(after.caption)


def _shown(image: TrainingImage, contents: Contents) -> TrainingImage:
    caption = None if image.caption is None else as_compared(image.caption)
    return TrainingImage(contents.in_full(image.asset), caption)


def _pair_changes(spec: ModelSpec, live: RemoteModel, contents: Contents) -> Iterator[Change]:
    if spec.training_pairs is None:
        return
    sides = (live.training_pairs or (), spec.training_pairs)
    meant = [[_meaning(pair, contents) for pair in side] for side in sides]
    if meant[0] != meant[1]:
        before, after = (tuple(_in_full(pair, contents) for pair in side) for side in sides)
        yield Change(spec.key, ("trainingImagePairs",), before, after)


def _meaning(pair: TrainingPair, contents: Contents) -> tuple[str, str, str]:
    token = contents.token
    return token(pair.source), token(pair.target), as_compared(pair.instruction)


def _in_full(pair: TrainingPair, contents: Contents) -> TrainingPair:
    said = as_compared(pair.instruction)
    return TrainingPair(contents.in_full(pair.source), contents.in_full(pair.target), said)
