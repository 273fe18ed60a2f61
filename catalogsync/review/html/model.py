"""One model on the page: a card as the catalog shows it, and what changes on it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from catalogsync.actions import ImportModel
from catalogsync.diff import Card, Change, Verb
from catalogsync.model import AssetRef
from catalogsync.plan import ModelPlan
from catalogsync.review.html.elements import Markup, element
from catalogsync.review.html.fields import LABELS, chips, place, row, value_rows
from catalogsync.review.html.prose import changed_text, whole_text
from catalogsync.review.html.sheet import Contact, contact_sheet, contacts, pair_list
from catalogsync.review.html.strips import double_strip, single_strip
from catalogsync.review.html.tiles import Gallery
from catalogsync.review.phrases import LISTS, import_cost, pair_count, training_count
from catalogsync.review.text import SIGNS as TEXT_SIGNS
from catalogsync.review.undoing import SIGN, Undoing, undoings
from catalogsync.review.words import counted
from catalogsync.values import dataclass

SIGNS = {verb: (sign.replace("-", "−"), word) for verb, (sign, word, _) in TEXT_SIGNS.items()}
"""For every verb its sign and word, in the order in which models are shown."""

_COVER = 240
"""The height of a thumbnail, in pixels."""

_ON_THE_SERVER = "What is not shown is only on the server: --html-live-images brings it in."
_TEXTS = ("description", "promptGuide")
_DRAWN = ("tags", "collections", "thumbnail", *LISTS, *_TEXTS)
_ON_THE_CARD = ("name", "type", "shortDescription")


@dataclass(frozen=True, slots=True)
class Desk:
    """What a model is drawn with: pictures, the room of a text, the words for verbs and sides.

    `guessed` is whether nobody says that the base was applied.
    """

    gallery: Gallery
    text_room: int
    signs: Mapping[Verb, tuple[str, str]] = field(default_factory=lambda: SIGNS)
    sides: tuple[str, str] = ("Now", "After")
    guessed: bool = False


def badge(verb: Verb, signs: Mapping[Verb, tuple[str, str]] = SIGNS) -> Markup:
    """What becomes of a model, as sign and word."""
    sign, word = signs[verb]
    return element("span", element("b", sign), f" {word}", class_=f"badge {verb}")


def model_section(model: ModelPlan, anchor: str, desk: Desk) -> Markup:
    """Everything there is to see of one model."""
    is_whole = model.before is None or model.after is None
    draw = _whole if is_whole else _changed
    card = model.after or model.before
    content = [_head(model, card, desk), *(draw(model, card, desk) if card else ())]
    return element("article", *content, id=anchor, class_=f"model {model.verb}")


def changes_in_short(model: ModelPlan) -> str:
    """What changes in a model, in a few words."""
    if model.verb in (Verb.DELETE, Verb.FORGET):
        return ""
    if model.verb is Verb.CREATE:
        card = model.after
        return counted(len(card.examples), "example") if card and card.examples else ""
    fields = sorted({change.field for change in model.changes}, key=place)
    return ", ".join(LABELS.get(name, name).lower() for name in fields)


def _head(model: ModelPlan, card: Card | None, desk: Desk) -> Markup:
    facts = (model.key, card.type if card else "", model.model_id)
    return element(
        "header",
        badge(model.verb, desk.signs),
        element("h3", element("bdi", model.name)),
        element("p", *(element("bdi", fact) for fact in facts if fact), class_="facts"),
        element("p", model.note, class_="note") if model.note else None,
        *(
            element("p", *_undoing(each), class_="undo")
            for each in undoings(model, guessed=desk.guessed)
        ),
        *(element("p", f"Cost: {import_cost(each)}", class_="note") for each in _imports(model)),
    )


def _undoing(each: Undoing) -> Iterator[Markup | str]:
    label = LABELS.get(each.field, each.field)
    words = each.sentence(str)
    yield element("b", SIGN, aria_hidden="true")
    yield f" {label}: {words}" if label else f" {words[0].upper()}{words[1:]}"


def _imports(model: ModelPlan) -> list[ImportModel]:
    return [action for action in model.actions if isinstance(action, ImportModel)]


def _whole(model: ModelPlan, card: Card, desk: Desk) -> Iterator[Markup]:
    """A model that is all new, or that goes: one card."""
    told = [
        element("p", element("bdi", card.short_description), class_="lead")
        if card.short_description
        else None,
        chips(card.tags, card.tags) if card.tags else None,
        _rows(_rows_of_all(model, card)),
    ]
    cover = _cover(card.thumbnail, "thumbnail", desk) if card.thumbnail else None
    if cover or any(told):
        yield _card(cover, *told)
    if card.examples:
        title = counted(len(card.examples), "example")
        yield element("h4", title)
        yield single_strip(card.examples, desk.gallery, f"{title}, in order")
    if card.training:
        title = counted(len(card.training), "training image")
        yield element("h4", title)
        yield contact_sheet(list(map(Contact, card.training)), desk.gallery, title)
    if model.verb is Verb.DELETE and any(map(desk.gallery.lacks, _images(card))):
        yield element("p", _ON_THE_SERVER, class_="note")
    yield from _pairs(model, desk)
    yield from _texts(model, desk)


def _images(card: Card) -> Iterator[AssetRef]:
    """The pictures of a card."""
    yield from (card.thumbnail,) if card.thumbnail else ()
    yield from card.examples
    yield from (image.asset for image in card.training)


def _card(cover: Markup | None, *told: Markup | None) -> Markup:
    left = element("div", cover, class_="cover") if cover else None
    return element("div", left, element("div", *told, class_="told"), class_="card")


def _rows_of_all(model: ModelPlan, card: Card) -> Iterator[Markup]:
    if card.collections:
        yield row(LABELS["collections"], chips(card.collections, card.collections))
    seen = (*_DRAWN, *_ON_THE_CARD, "owner")
    yield from value_rows([c for c in model.changes if c.field not in seen], new=True)


def _changed(model: ModelPlan, card: Card, desk: Desk) -> Iterator[Markup]:
    """A model that stays: what it is, then what changes."""
    before, after = model.before or card, model.after or card
    fields = {change.field for change in model.changes}
    rows = [
        *(_became_rows(model.changes)),
        *(_set_row(name, before, after) for name in ("tags", "collections") if name in fields),
    ]
    yield _card(_thumbnails(before, after, fields, desk), _rows(rows))
    if "examples" in fields:
        yield element("h4", "Examples ", element("small", _examples_in_short(model.changes)))
        yield double_strip(before.examples, after.examples, model.changes, desk.gallery, desk.sides)
    if "trainingImages" in fields:
        changes = [change for change in model.changes if change.field == "trainingImages"]
        yield element("h4", "Training images ", element("small", training_count(changes)))
        images = contacts(before.training, after.training, changes)
        yield contact_sheet(images, desk.gallery, "Training images")
    yield from _pairs(model, desk)
    yield from _texts(model, desk)


def _pairs(model: ModelPlan, desk: Desk) -> Iterator[Markup]:
    for change in model.changes:
        if change.field == "trainingImagePairs":
            yield element("h4", "Training pairs ", element("small", pair_count(change)))
            yield pair_list(change, desk.gallery)


def _thumbnails(before: Card, after: Card, fields: set[str], desk: Desk) -> Markup | None:
    if "thumbnail" not in fields:
        return _cover(after.thumbnail, "thumbnail", desk) if after.thumbnail else None
    figures = (
        element(
            "figure",
            _cover(card.thumbnail, f"thumbnail {word.lower()}", desk)
            if card.thumbnail
            else element("div", "no thumbnail", class_="frame nothing"),
            element("figcaption", word),
        )
        for word, card in zip(desk.sides, (before, after), strict=True)
    )
    return element("div", *figures, class_="pair")


def _cover(ref: AssetRef, what: str, desk: Desk) -> Markup:
    return desk.gallery.tile(ref, what, style=desk.gallery.width_class(ref, _COVER))


def _set_row(name: str, before: Card, after: Card) -> Markup:
    return row(LABELS[name], chips(getattr(before, name), getattr(after, name)))


def _became_rows(changes: Sequence[Change]) -> Iterator[Markup]:
    plain = [change for change in changes if change.field not in _DRAWN]
    yield from value_rows(sorted(plain, key=lambda change: place(change.field)), new=False)


def _rows(rows: Iterator[Markup] | list[Markup]) -> Markup | None:
    found = list(rows)
    return element("dl", *found) if found else None


def _examples_in_short(changes: Sequence[Change]) -> str:
    chosen = [change for change in changes if change.field == "examples"]
    added = sum(1 for change in chosen if change.before is None)
    removed = sum(1 for change in chosen if change.after is None)
    counts = ((len(chosen) - added - removed, "moved"), (added, "new"), (removed, "removed"))
    return ", ".join(f"{number} {word}" for number, word in counts if number)


def _texts(model: ModelPlan, desk: Desk) -> Iterator[Markup]:
    for change in model.changes:
        if change.field in _TEXTS:
            label = LABELS[change.field]
            before, after = str(change.before or ""), str(change.after or "")
            if before:
                yield changed_text(label, before, after, desk.text_room)
            else:
                yield whole_text(label, after, desk.text_room)
