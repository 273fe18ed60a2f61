"""The contact sheet of a training set: every image with its caption, and what becomes of it."""

from collections.abc import Iterable, Iterator, Sequence

from catalogsync.diff import Change
from catalogsync.model import AssetRef, TrainingImage, TrainingPair
from catalogsync.review.html.elements import Markup, classes, element
from catalogsync.review.html.prose import in_words
from catalogsync.review.html.tiles import Gallery, name_of
from catalogsync.review.phrases import pair_steps
from catalogsync.review.word_diff import word_diff
from catalogsync.values import dataclass

MOST_IMAGES = 300
"""How many images of a training set are shown, those that change first."""

_MOST_PAIRS = 100
_FATES = {"new": "+ new", "removed": "− removed", "caption": "~ caption"}


@dataclass(frozen=True, slots=True)
class Contact:
    """An image on the sheet; `fate` is empty for one that stays as it is."""

    image: TrainingImage
    fate: str = ""
    before: str | None = None


def contacts(
    before: Sequence[TrainingImage], after: Sequence[TrainingImage], changes: Iterable[Change]
) -> list[Contact]:
    """What comes, goes and is described otherwise, then the rest of the set."""
    found = [_contact(change) for change in changes if change.field == "trainingImages"]
    changed = {_content(each.image.asset) for each in found}
    kept = [image for image in (after or before) if _content(image.asset) not in changed]
    return [*found, *map(Contact, kept)]


def contact_sheet(images: Sequence[Contact], gallery: Gallery, label: str) -> Markup:
    """Small pictures side by side, their captions below as text."""
    figures = (_figure(each, gallery) for each in images[:MOST_IMAGES])
    shown = element("ol", *figures, class_="contacts")
    more = _and_more("p", len(images) - MOST_IMAGES)
    return element("div", shown, more, role="group", aria_label=label)


def pair_list(change: Change, gallery: Gallery) -> Markup:
    """The training pairs that come and go."""
    steps = pair_steps(change)
    shown = (_pair(sign, pair, gallery) for sign, pair in steps[:_MOST_PAIRS])
    return element("ul", *shown, _and_more("li", len(steps) - _MOST_PAIRS), class_="pairs")


def _and_more(name: str, rest: int) -> Markup | None:
    return element(name, f"and {rest} more", class_="soft") if rest > 0 else None


def _contact(change: Change) -> Contact:
    old, new = change.before, change.after
    if isinstance(old, TrainingImage) and isinstance(new, TrainingImage):
        return Contact(new, "caption", old.caption or "")
    image, fate = (old, "removed") if new is None else (new, "new")
    assert isinstance(image, TrainingImage)
    return Contact(image, fate)


def _content(ref: AssetRef) -> str:
    return ref.digest or ref.id


def _figure(each: Contact, gallery: Gallery) -> Markup:
    ref = each.image.asset
    mark = element("span", _FATES[each.fate], class_=f"mark {each.fate}") if each.fate else None
    fate = f", {each.fate}" if each.fate in ("new", "removed") else ""
    return element(
        "li",
        gallery.tile(ref, f"training image{fate}"),
        mark,
        element("p", name_of(ref), class_="name"),
        element("p", *_caption(each), class_="caption"),
        class_=classes("contact", each.fate),
    )


def _caption(each: Contact) -> Iterator[Markup | str]:
    said = each.image.caption
    if each.before is not None:
        yield from in_words(word_diff(each.before, said or ""))
    elif said:
        yield said
    else:
        yield element("i", "no caption" if said == "" else "caption left alone")


def _pair(sign: str, pair: TrainingPair, gallery: Gallery) -> Markup:
    fate = "new" if sign == "+" else "removed"
    tiles = (
        gallery.tile(ref, f"training pair, {side}")
        for side, ref in (("source", pair.source), ("target", pair.target))
    )
    source, target = tiles
    return element(
        "li",
        element("b", "+" if sign == "+" else "−", aria_label=fate),
        source,
        element("span", "→", class_="arrow"),
        target,
        element("bdi", pair.instruction) if pair.instruction else None,
        class_=fate,
    )
