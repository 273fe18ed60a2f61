"""Models that are in sync, and stay so as long as neither side moves.

What is in a model's folder, and what a listing tells of the model, are a digest each. While both
are what they were when nothing differed, nothing does: a file cannot change but in its folder, nor
a text without its model's `updatedAt`, and what an asset holds is the same for ever.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from hashlib import sha256
from operator import attrgetter

from catalogsync.diff import Diff
from catalogsync.model import InSync, ModelRef, ModelSpec, RemoteModel

_told = attrgetter(*(field.name for field in fields(RemoteModel)))


def record_of(model: RemoteModel) -> bytes:
    """What a listing tells of a model, as a digest."""
    told = (sorted(each) if isinstance(each, frozenset) else each for each in _told(model))
    return sha256(repr(list(told)).encode("utf-8", "surrogateescape")).digest()


def found_in_sync(
    found: Diff, listed: Mapping[str, RemoteModel], folders: Mapping[str, bytes]
) -> Iterator[InSync]:
    """The models of which nothing differs, nor is anything else to be said.

    `folders` has what is in the folder of each that counts, `listed` what the listing told.
    """
    said = {model.key for model in found.models} | {refusal.model for refusal in found.refusals}
    for match in found.present:
        key, live = match.spec.key, match.live
        if live and key in folders and key not in said and _stands_alone(match.spec):
            yield InSync(key, live.id, folders[key], record_of(listed[live.id]))


def _stands_alone(spec: ModelSpec) -> bool:
    """Whether all that a manifest says is in its folder, in catalog.yaml and in that record.

    What it says of other models and of assets without a file is not, nor what a day of the
    calendar ends. Whether a model is due for training hangs on what happens to its training data.
    """
    refers = any(isinstance(m.target, ModelRef) for text in spec.texts for m in text.mentions)
    trains = (spec.training_images, spec.training_pairs, spec.training_parameters)
    return not (
        refers
        or spec.ignored
        or spec.weights
        or any(each is not None for each in trains)
        or any(not ref.sha256 for ref in spec.assets)
    )
