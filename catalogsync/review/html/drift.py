"""Drift as one page to look at: every edited model as Git says it and as the server shows it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from catalogsync.drift import Drift, Edited
from catalogsync.pictures.picture import Picture
from catalogsync.review.drift_text import (
    SIGNS,
    drift_summary,
    in_order,
    since,
    way_back,
    ways_out,
    who_and_when,
)
from catalogsync.review.html.elements import Markup, element, joined
from catalogsync.review.html.fields import LABELS
from catalogsync.review.html.model import Desk, model_section
from catalogsync.review.html.page import (
    accepted_section,
    document,
    left_out,
    refusal_boxes,
    text_room,
)
from catalogsync.review.html.shown import shown_assets
from catalogsync.review.html.tiles import gallery, icons
from catalogsync.review.undoing import SIGN
from catalogsync.review.words import counted

_MOST_MODELS = 1000
_WORDS = {verb: (sign.replace("-", "−"), word) for verb, (sign, word, _) in SIGNS.items()}


def render_drift_html(drift: Drift, pictures: Mapping[str, Picture], *, read_at: str = "") -> str:
    """The drift as one page; `pictures` by digest, or by the id of an asset that has none."""
    shown, picture_rules = gallery(shown_assets(drift.models), pictures, frozenset())
    models = in_order(drift)
    desk = Desk(shown, text_room(min(len(models), _MOST_MODELS)), _WORDS, ("In Git", "Now"))
    body = (
        icons(),
        _top(drift),
        element(
            "main",
            refusal_boxes(drift.refusals, title="Could not be compared", badge="could not tell"),
            *_sections(models[:_MOST_MODELS], desk),
            _rest(models[_MOST_MODELS:]),
            accepted_section(drift.accepted),
            left_out(pictures),
            _what_to_do(drift),
        ),
        _foot(drift, read_at),
    )
    return document(f"{_verdict(drift)} · {drift.catalog}", joined(body), picture_rules)


def _verdict(drift: Drift) -> str:
    if drift.found:
        return f"{counted(len(drift.edited), 'model')} changed on the server"
    return "Could not tell" if drift.refusals else "No drift"


def _top(drift: Drift) -> Markup:
    trail = (element("bdi", e) for e in (drift.catalog, drift.target, drift.project) if e)
    mood = "stopped" if drift.refusals else "careful" if drift.found else "calm"
    return element(
        "header",
        element("p", *trail, class_="trail"),
        element("h1", _verdict(drift)),
        element("p", drift_summary(drift), class_="sentence"),
        element("p", since(drift), class_="note"),
        class_=f"top {mood}",
    )


def _sections(models: Sequence[Edited], desk: Desk) -> Iterator[Markup]:
    for verb, (_, word) in _WORDS.items():
        chosen = [edited for edited in models if edited.model.verb is verb]
        if chosen:
            title = element("h2", f"{word.capitalize()} ", element("small", str(len(chosen))))
            yield element("section", title, *(_section(edited, desk) for edited in chosen))


def _section(edited: Edited, desk: Desk) -> Markup:
    told = [", ".join(who_and_when(edited))]
    fields = [LABELS.get(field, field) for field in edited.conflicts]
    told += [f"{SIGN} conflict, Git changes too: {', '.join(fields)}"] * bool(fields)
    model = replace(edited.model, note=" · ".join(filter(None, told)))
    return model_section(model, f"drift-{edited.model.key}", desk)


def _rest(models: Sequence[Edited]) -> Markup | None:
    if not models:
        return None
    rows = (element("li", element("bdi", each.model.name), " ", each.model.key) for each in models)
    title = f"{counted(len(models), 'more model')}, by name"
    return element("section", element("h2", title), element("ul", *rows, class_="plain"))


def _what_to_do(drift: Drift) -> Markup | None:
    ways = [element("li", f"{what}: ", element("code", how)) for what, how in ways_out(drift)]
    ways += [element("li", way) for way in way_back(drift)]
    if not ways:
        return None
    return element("section", element("h2", "What to do"), element("ul", *ways, class_="plain"))


def _foot(drift: Drift, read_at: str) -> Markup:
    read = element("p", f"The server was read at {read_at}.") if read_at else None
    mark = element("p", "Fingerprint: ", element("code", drift.fingerprint))
    made = "A review by catalog-sync. The page is complete in itself: no script, nothing loaded."
    return element("footer", mark, read, element("p", made))
