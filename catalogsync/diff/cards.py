"""A model as the catalog shows it, before and after: for readings that show more than changes."""

from collections.abc import Iterable, Mapping

from catalogsync.contents import Contents
from catalogsync.diff.training import images_by_name
from catalogsync.diff.values import Change, ModelDiff, Verb
from catalogsync.marks import OWNER_PREFIX
from catalogsync.model import NO_ASSET, AssetRef, ModelSpec, RemoteModel, TrainingImage
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One model as people see it; tags and collections are sorted, our own marks left out.

    The `training` images are those that were read, or are wanted.
    """

    name: str
    type: str
    short_description: str = ""
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    thumbnail: AssetRef | None = None
    examples: tuple[AssetRef, ...] = ()
    training: tuple[TrainingImage, ...] = ()


_NEW = Card(name="", type="")
"""What a model is before it is made."""


def cards(
    found: ModelDiff, contents: Contents, collections: Mapping[str, str]
) -> tuple[Card | None, Card | None]:
    """The live and the wanted side of a difference; None where there is no model."""
    before = live_card(found.remote, contents, collections) if found.remote else None
    if found.verb is Verb.DELETE:
        return before, None
    if found.verb is Verb.FORGET or found.spec is None:
        return before, before
    return before, _wanted_card(found.spec, before, found.changes, contents)


def live_card(model: RemoteModel, contents: Contents, collections: Mapping[str, str]) -> Card:
    """A model as the server has it, as far as it was read."""
    held = (collections[each] for each in model.collection_ids if each in collections)
    return Card(
        name=model.name,
        type=model.type,
        short_description=model.short_description,
        tags=tuple(sorted(tag for tag in model.tags if not tag.startswith(OWNER_PREFIX))),
        collections=tuple(sorted(held)),
        thumbnail=contents.described(model.thumbnail) if model.thumbnail else None,
        examples=tuple(map(contents.described, model.examples)),
        training=tuple(
            TrainingImage(contents.described(image.asset.id), image.caption)
            for image in model.training_images or ()
        ),
    )


def _wanted_card(
    spec: ModelSpec, before: Card | None, changes: Iterable[Change], contents: Contents
) -> Card:
    """What a manifest does not manage stays as it is."""
    live = before or _NEW
    changed = [change for change in changes if change.field in ("tags", "collections")]
    thumbnail = live.thumbnail if spec.thumbnail is None else contents.in_full(spec.thumbnail)
    examples = spec.examples
    return Card(
        name=spec.name,
        type=spec.type,
        short_description=_else(spec.short_description, live.short_description),
        tags=_edited(live.tags, changed, "tags"),
        collections=_edited(live.collections, changed, "collections"),
        thumbnail=None if thumbnail == NO_ASSET else thumbnail,
        examples=live.examples if examples is None else tuple(map(contents.in_full, examples)),
        training=_wanted_training(spec, live, contents),
    )


def _wanted_training(spec: ModelSpec, live: Card, contents: Contents) -> tuple[TrainingImage, ...]:
    """The wanted images; a caption that is not managed is the one that there is."""
    if spec.training_images is None:
        return live.training
    held = images_by_name(live.training, contents)
    return tuple(
        TrainingImage(
            contents.in_full(image.asset),
            held[name].caption if image.caption is None and name in held else image.caption,
        )
        for name, image in images_by_name(spec.training_images, contents).items()
    )


def _else(wanted: str | None, live: str) -> str:
    return live if wanted is None else wanted


def _edited(live: tuple[str, ...], changes: Iterable[Change], field: str) -> tuple[str, ...]:
    chosen = [change for change in changes if change.field == field]
    added = {str(change.after) for change in chosen if change.after is not None}
    removed = {str(change.before) for change in chosen if change.after is None}
    return tuple(sorted((set(live) | added) - removed))
