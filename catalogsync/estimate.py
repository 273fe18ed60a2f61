"""How many requests a plan takes, if nothing is to be repeated."""

from collections.abc import Iterable

from catalogsync.actions import (
    Action,
    AddTrainingImages,
    CreateModel,
    EditCollections,
    EndNote,
    ImportModel,
    ModelAction,
    PromoteModel,
    RemoveTrainingImages,
    RestoreModel,
    SetCaptions,
    SetTrainingPairs,
    UploadAsset,
    is_compared,
)
from catalogsync.ports import TRAINING_IMAGES_PER_CALL
from catalogsync.sending import requests_to_send


def looks(actions: Iterable[ModelAction]) -> int:
    """The requests that look at a model before it is written to."""
    return 1 + sum(is_compared(action, first=at == 0) for at, action in enumerate(actions))


_TO_BEGIN = 2  # begin, poll
_TO_NOTE_AND_TAG = 7  # collection: make, look for twins, rename, delete; model: tag, look at
_TO_PROMOTE = 14  # note: make, rename; copy, mark, look, transfer, look; delete, list, look
_TO_RESTORE = 8  # look, restore; collection: make, delete; model: tag and look at, twice
_TO_TAKE_UP = 5  # look, poll; model: tag, look at; collection: delete


def requests_of(action: Action) -> int:
    """The requests that an action takes, its looks aside."""
    match action:
        case UploadAsset(asset=asset):
            return requests_to_send(asset)
        case CreateModel():
            return 2
        case PromoteModel():
            return _TO_PROMOTE
        case EndNote():
            return 2
        case RestoreModel():
            return _TO_RESTORE
        case ImportModel(upload=upload) if upload:
            return _TO_TAKE_UP
        case ImportModel(weights=weights):
            sending = requests_to_send(weights.file) if weights.file else _TO_BEGIN
            return sending + _TO_NOTE_AND_TAG
        case EditCollections():
            return 0  # counted by the batch
        case SetCaptions(images=captioned):
            return len(captioned)
        case AddTrainingImages(images=added):
            return 2 + -(-len(added) // TRAINING_IMAGES_PER_CALL)
        case RemoveTrainingImages(images=removed):
            return len(removed)
        case SetTrainingPairs():
            return 2
    return 1
