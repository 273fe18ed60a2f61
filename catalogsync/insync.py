"""Models that are in sync, and stay so as long as neither side moves.

What is in a model's folder, or in a manifest that has none and stands alone, and what a listing
tells of the model, are a digest each. While both are what they were when nothing differed, nothing
does: a file that it names cannot change elsewhere, nor a text without its model's `updatedAt`, and
an asset that a model lists is there, and holds the same for ever.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from hashlib import sha256
from operator import attrgetter

from catalogsync.diff import Diff
from catalogsync.mentions import mentioned_assets
from catalogsync.model import AssetRef, InSync, ModelRef, ModelSpec, RemoteModel

_told = attrgetter(*(field.name for field in fields(RemoteModel)))


def record_of(model: RemoteModel) -> bytes:
    """What a listing tells of a model, as a digest."""
    told = (sorted(each) if isinstance(each, frozenset) else each for each in _told(model))
    return sha256(repr(list(told)).encode("utf-8", "surrogateescape")).digest()


def found_in_sync(
    found: Diff, listed: Mapping[str, RemoteModel], files: Mapping[str, bytes]
) -> Iterator[InSync]:
    """The models of which nothing differs, nor is anything else to be said.

    `files` has what is on disk of each that counts, `listed` what the listing told.
    """
    said = {model.key for model in found.models} | {refusal.model for refusal in found.refusals}
    for match in found.present:
        key, live = match.spec.key, match.live
        if not live or key not in files or key in said:
            continue
        if _stands_alone(match.spec) and _shows_its_own(live):
            contents = b"".join(map(_content, match.spec.assets))
            yield InSync(key, live.id, files[key], record_of(listed[live.id]), contents)


def contents_named(found: Diff) -> frozenset[bytes]:
    """The contents that the manifests of differing models name, each by 16 bytes."""
    refs = (ref for model in found.models if model.spec for ref in model.spec.assets)
    return frozenset(_content(ref) for ref in refs if ref.sha256)


def _content(ref: AssetRef) -> bytes:
    return bytes.fromhex(ref.digest)


def _stands_alone(spec: ModelSpec) -> bool:
    """Whether all that a manifest says is in its folder, in catalog.yaml and in that record.

    A model that its texts mention may go, and so may an asset without a file, and no record tells.
    A day of the calendar ends what it accepts. How a file is filed must be said in one way by all.
    Whether a model is due for training hangs on what happens to its training data.
    """
    refers = any(isinstance(each.target, ModelRef) for t in spec.texts for each in t.mentions)
    trains = (spec.training_images, spec.training_pairs, spec.training_parameters)
    return not (
        refers
        or spec.ignored
        or spec.weights
        or any(each is not None for each in trains)
        or any(ref.options or not ref.sha256 for ref in spec.assets)
    )


def _shows_its_own(live: RemoteModel) -> bool:
    """Whether a model lists all assets that its texts show: others may go, and no record tells."""
    texts = (live.description, live.prompt_guide)
    shown = {asset_id for text in texts for asset_id in mentioned_assets(text or "")}
    return shown <= {live.thumbnail, *live.examples}
