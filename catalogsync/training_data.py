"""What a plan does about training sets, and what of that it refuses. Nothing is ever trained."""

from collections.abc import Iterator

from catalogsync.actions import (
    AddTrainingImages,
    ModelAction,
    RemoveTrainingImages,
    SetCaptions,
    SetTrainingPairs,
    SetTrainingParameters,
)
from catalogsync.diff import TRAINING, Change, Diff, ModelDiff
from catalogsync.identity import Refusal
from catalogsync.model import AssetRef, ModelSpec, TrainingImage


def training_actions(found: ModelDiff, spec: ModelSpec) -> Iterator[ModelAction]:
    """The steps that bring a training set into line.

    An image has its caption before it is in the set, is in the set before a pair needs it, and
    leaves it last, so that a set is never emptier than before or after.
    """
    key, changes = found.key, [c for c in found.changes if c.field == "trainingImages"]
    added = tuple(image.asset for image in map(_added, changes) if image)
    removed = tuple(image.asset for image in map(_removed, changes) if image)
    captioned = tuple(image for image in map(_captioned, changes) if image)
    if captioned:
        yield SetCaptions(key, captioned)
    if added:
        yield AddTrainingImages(key, added, removed)
    if spec.training_pairs is not None and _differs(found, "trainingImagePairs"):
        yield SetTrainingPairs(key, spec.training_pairs)
    if removed:
        yield RemoveTrainingImages(key, removed)
    names = {change.path[1] for change in found.changes if change.field == "parameters"}
    if names:
        wanted = spec.training_parameters or ()
        yield SetTrainingParameters(key, tuple(each for each in wanted if each[0] in names))


def _differs(found: ModelDiff, field: str) -> bool:
    return any(change.field == field for change in found.changes)


def _added(change: Change) -> TrainingImage | None:
    after = change.after
    return after if change.before is None and isinstance(after, TrainingImage) else None


def _removed(change: Change) -> TrainingImage | None:
    before = change.before
    return before if change.after is None and isinstance(before, TrainingImage) else None


def _captioned(change: Change) -> TrainingImage | None:
    """An image with a caption to set, by the id that the training set knows it by."""
    before, after = change.before, change.after
    if not isinstance(after, TrainingImage) or after.caption is None:
        return None
    known = before if isinstance(before, TrainingImage) else after
    return TrainingImage(known.asset, after.caption)


def judge_training(model: ModelDiff, diff: Diff) -> Iterator[Refusal]:
    """Refuse to touch what is trained on now, and pairs of images that are not in the set."""
    spec, live = model.spec, model.remote
    # What the server still copies is refused as a whole, or waited for.
    if spec is None or (live and live.status == "copying"):
        return
    changes = [change for change in model.changes if change.field in TRAINING]
    if changes and live and live.status == "training":
        yield Refusal(
            model.key,
            "in-training",
            "the model is training, and its training data is not touched meanwhile",
            f"plan again when that has ended, or end it: catalog-sync train --cancel {model.key}",
        )
    elif name := next((name for name in map(_name_of_captioned, changes) if name in diff.busy), ""):
        yield Refusal(
            model.key,
            "in-training",
            f"another model is trained on {name} now, and its caption is not touched meanwhile",
            "plan again when that has ended",
        )
    yield from _judge_pairs(spec, model, diff)


def _name_of_captioned(change: Change) -> str:
    image = _captioned(change) if change.field == "trainingImages" else None
    return image.asset.id if image else ""


def _judge_pairs(spec: ModelSpec, model: ModelDiff, diff: Diff) -> Iterator[Refusal]:
    if not spec.training_pairs or not _differs(model, "trainingImagePairs"):
        return
    token = diff.contents.token
    images = spec.training_images
    if images is None:
        images = (model.remote.training_images if model.remote else None) or ()
    known = {token(image.asset) for image in images}
    paired: list[AssetRef] = [
        ref for pair in spec.training_pairs for ref in (pair.source, pair.target)
    ]
    outside = dict.fromkeys(ref.name or ref.id for ref in paired if token(ref) not in known)
    if outside:
        yield Refusal(
            model.key,
            "pair-outside",
            f"{', '.join(outside)}: in a pair, but no training image of the model",
            "let the training images be managed too, or take the pair out",
        )
