"""What changes in a model's plain fields, one row each."""

from collections.abc import Iterable, Iterator, Sequence

from catalogsync.diff import Change, Value
from catalogsync.model import AssetRef, Weights
from catalogsync.review.html.elements import Markup, element, joined
from catalogsync.review.html.prose import in_words
from catalogsync.review.phrases import plain_value, weights_facts
from catalogsync.review.word_diff import word_diff

LABELS = {
    "name": "Name",
    "type": "Type",
    "shortDescription": "Short description",
    "tags": "Tags",
    "collections": "Collections",
    "classSlug": "Class",
    "concepts": "Concept",
    "epoch": "Epoch",
    "promptEmbedding": "Prompt embedding",
    "negativePromptEmbedding": "Negative prompt embedding",
    "thumbnail": "Thumbnail",
    "examples": "Examples",
    "trainingImages": "Training images",
    "trainingImagePairs": "Training pairs",
    "parameters": "Parameter",
    "description": "Description",
    "promptGuide": "Prompt guide",
    "owner": "Owner mark",
    "protect": "Protected",
}
"""Every field that may change in the words of the page, in the order of the card."""


def place(field: str) -> int:
    """Where a field stands among the others; those without a label come last."""
    order = list(LABELS)
    return order.index(field) if field in LABELS else len(order)


_LONG = 30
"""From how many characters on two values are compared by word."""


def row(label: Markup | str, *content: Markup | str) -> Markup:
    """A label and what belongs to it."""
    return element("div", element("dt", label), element("dd", *content), class_="row")


def value_rows(changes: Iterable[Change], *, new: bool) -> Iterator[Markup]:
    """One row for every change of a field that is one value."""
    for change in changes:
        label = " ".join((LABELS.get(change.field, change.field), *change.path[1:]))
        after = _value(change.after)
        if new:
            yield row(label, element("span", after, class_="value"))
        else:
            yield row(label, _became(_value(change.before), after))


def _became(before: str, after: str) -> Markup:
    if min(len(before), len(after)) >= _LONG:
        return element("span", *in_words(word_diff(before, after)), class_="value")
    arrow = element("span", " → ", class_="arrow")
    old = element("del", before, class_="value")
    return joined((old, arrow, element("ins", after, class_="value")))


def _value(value: Value) -> str:
    match value:
        case None | "":
            return "none"
        case bool():
            return "yes" if value else "no"
        case float() | int():
            return plain_value(value)
        case AssetRef():
            return value.name or value.id
        case Weights():
            return ", ".join(weights_facts(value))
        case str():
            return value
        case tuple():
            return ", ".join(each for each in value if isinstance(each, str))
    return value.asset.name or value.asset.id


def chips(before: Sequence[str], after: Sequence[str]) -> Markup:
    """The members of a set: those that stay, come and go, each marked by a sign."""
    shown = (_chip(name, name in before, name in after) for name in sorted({*before, *after}))
    return element("ul", *shown, class_="chips")


def _chip(name: str, was: bool, will_be: bool) -> Markup:
    text = element("bdi", name)
    if was and will_be:
        return element("li", text)
    if will_be:
        return element("li", element("b", "+", aria_label="added"), text, class_="new")
    return element("li", element("b", "−", aria_label="removed"), text, class_="removed")
