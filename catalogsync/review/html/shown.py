"""Which assets a page shows, the ones that matter most first."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from catalogsync.model import AssetRef
from catalogsync.plan import ModelPlan


def shown_assets(models: Sequence[ModelPlan]) -> tuple[AssetRef, ...]:
    """Every thumbnail, then the first example of every model, then the second, and so on."""
    thumbnails = (ref for model in models for ref in _thumbnails(model))
    rows = zip_longest(*(_examples(model) for model in models))
    examples = (ref for row in rows for ref in row if ref)
    return tuple(dict.fromkeys((*thumbnails, *examples)))


def _thumbnails(model: ModelPlan) -> Iterator[AssetRef]:
    for card in (model.after, model.before):
        if card and card.thumbnail:
            yield card.thumbnail


def _examples(model: ModelPlan) -> Iterator[AssetRef]:
    """The wanted examples, then those that go; where nothing changes none are shown."""
    changed = any(change.field == "examples" for change in model.changes)
    if changed or model.before is None or model.after is None:
        for card in (model.after, model.before):
            yield from card.examples if card else ()
