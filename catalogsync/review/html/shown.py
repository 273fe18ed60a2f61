"""Which assets a page shows, the ones that matter most first."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from catalogsync.diff import TRAINING
from catalogsync.model import AssetRef
from catalogsync.plan import ModelPlan
from catalogsync.review.html.sheet import MOST_IMAGES, contacts


def shown_assets(models: Sequence[ModelPlan]) -> tuple[AssetRef, ...]:
    """Every thumbnail, the first example of every model, the second, then training images so."""
    thumbnails = (ref for model in models for ref in _thumbnails(model))
    examples, images = (
        (ref for row in zip_longest(*map(each, models)) for ref in row if ref)
        for each in (_examples, _training)
    )
    return tuple(dict.fromkeys((*thumbnails, *examples, *images)))


def _thumbnails(model: ModelPlan) -> Iterator[AssetRef]:
    for card in (model.after, model.before):
        if card and card.thumbnail:
            yield card.thumbnail


def _training(model: ModelPlan) -> Iterator[AssetRef]:
    """The training images as they stand on the sheet, where any of them changes."""
    changes = [change for change in model.changes if change.field in TRAINING]
    if changes or model.before is None or model.after is None:
        before, after = (card.training if card else () for card in (model.before, model.after))
        yield from (each.image.asset for each in contacts(before, after, changes)[:MOST_IMAGES])


def _examples(model: ModelPlan) -> Iterator[AssetRef]:
    """The wanted examples, then those that go; where nothing changes none are shown."""
    changed = any(change.field == "examples" for change in model.changes)
    if changed or model.before is None or model.after is None:
        for card in (model.after, model.before):
            yield from card.examples if card else ()
