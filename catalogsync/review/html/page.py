"""The whole page: the verdict on top, refusals and deletes first, then every model."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files

from catalogsync.diff import Accepted, Verb
from catalogsync.identity import Refusal
from catalogsync.model import ReadBefore
from catalogsync.pictures.picture import Picture
from catalogsync.plan import LIVE, ModelPlan, Plan
from catalogsync.review.html.elements import Content, Markup, element, joined
from catalogsync.review.html.fields import LABELS
from catalogsync.review.html.model import SIGNS, Desk, badge, changes_in_short, model_section
from catalogsync.review.html.shown import shown_assets
from catalogsync.review.html.strips import HEIGHTS
from catalogsync.review.html.tiles import NARROWEST, UNIT, WIDEST, Gallery, gallery, icons
from catalogsync.review.phrases import read_before_words, total_cost
from catalogsync.review.text import summary, work_estimate
from catalogsync.review.training_due import MOST_NAMED, due_command, due_sentence, due_words
from catalogsync.review.undoing import (
    SIGN,
    Acceptance,
    acceptances,
    alone_sentence,
    base_sentence,
    undoing_sentence,
    would_undo,
)
from catalogsync.review.words import counted, file_size
from catalogsync.training_due import TrainingDue

_TRAINING = "training"
"""Where the page says what is due for training."""

_MOST_MODELS = 1000
_MOST_FILES = 300
_ALL_TEXTS = 2_400_000
_LONGEST_TEXT = 20_000
_TEXTS_OF_A_MODEL = 2


def render_html(
    plan: Plan,
    pictures: Mapping[str, Picture],
    *,
    read_at: str = "",
    before: ReadBefore | None = None,
    jobs: int = 8,
) -> str:
    """The plan as one page; `pictures` by digest, or by the id of an asset that has none.

    `read_at` says when the server was read, and `before` what of it was read earlier; `jobs` only
    matters for the estimate of time.
    """
    uploads = frozenset(upload.asset.digest for upload in plan.uploads)
    shown, picture_rules = gallery(shown_assets(plan.models), pictures, uploads)
    models = _ordered(plan)
    drawn, listed = models[:_MOST_MODELS], models[_MOST_MODELS:]
    desk = Desk(shown, text_room(len(drawn)), guessed=plan.is_guessed)
    body = (
        icons(),
        _top(plan, jobs),
        element(
            "main",
            refusal_boxes(plan.refusals),
            _index(drawn, shown),
            *_sections(drawn, desk),
            _rest(listed),
            _orphans(plan),
            accepted_section(plan.accepted),
            _training_due(plan),
            _uploads(plan),
            left_out(pictures),
        ),
        _foot(plan, read_at, before),
    )
    return document(f"{_verdict(plan)} · {plan.catalog}", joined(body), picture_rules)


def text_room(models: int) -> int:
    """How many characters of a text are shown where a page draws so many models."""
    return min(_LONGEST_TEXT, _ALL_TEXTS // max(_TEXTS_OF_A_MODEL * models, 1))


def document(title: str, body: Markup, picture_rules: Markup) -> str:
    """A page that is complete in itself; nothing but its own style and pictures is allowed."""
    style = Markup(f"{_STYLE}{picture_rules}")
    trusted = b64encode(sha256(style.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{trusted}'; "
        "base-uri 'none'; form-action 'none'"
    )
    head = (
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("link", rel="icon", href="data:,"),
        element("style", style),
    )
    page = element("html", element("head", *head), element("body", body), lang="en")
    return f"<!doctype html>\n{page}\n"


_WIDTHS = "".join(f".w{n}{{width:{n * UNIT}px}}\n" for n in range(NARROWEST, WIDEST + 1))
_HEIGHTS = "".join(f".strip.h{n} .frame{{height:{n}px}}\n" for n in HEIGHTS)
_STYLE = files(__package__).joinpath("style.css").read_text(encoding="utf-8") + _WIDTHS + _HEIGHTS


def _ordered(plan: Plan) -> list[ModelPlan]:
    order = list(SIGNS)
    return sorted(plan.models, key=lambda model: (order.index(model.verb), model.key))


def _verdict(plan: Plan) -> str:
    deletes = plan.count(Verb.DELETE)
    if plan.blocked:
        return "Stopped: the plan breaks a limit"
    if plan.refusals:
        refused = len({refusal.model for refusal in plan.refusals})
        return f"{counted(refused, 'model')} refused" + ("" if plan.models else ", nothing to do")
    if deletes:
        return f"Ready, and it deletes {counted(deletes, 'model')}"
    if plan.would_undo:
        undoes = "may undo" if plan.is_guessed else "undoes"
        return f"Ready, and it {undoes} {counted(plan.would_undo, 'edit')} on the server"
    return "Ready to apply" if plan.models else "Nothing to do"


def _top(plan: Plan, jobs: int) -> Markup:
    where = filter(None, (plan.catalog, plan.target, plan.project))
    trail = (element("bdi", each) for each in where)
    cost, due = total_cost(plan), due_sentence(plan)
    careful = plan.count(Verb.DELETE) or plan.would_undo
    mood = "stopped" if plan.refusals else "careful" if careful else "calm"
    return element(
        "header",
        element("p", *trail, class_="trail"),
        element("h1", _verdict(plan)),
        element("p", summary(plan), class_="sentence"),
        _against(plan),
        *_base(plan),
        element("ul", *_tiles(plan), class_="counts"),
        element("p", work_estimate(plan, jobs), class_="soft") if plan.models else None,
        element("p", f"Cost of imports: {cost}.", class_="soft") if cost else None,
        element("p", f"{due} See ", *_named(plan), ".", class_="soft") if due else None,
        class_=f"top {mood}",
    )


def _named(plan: Plan) -> Iterator[Markup | str]:
    """The models that are due for training, each with the way to its card or its line."""
    cards = {model.key: at for at, model in enumerate(_ordered(plan)[:_MOST_MODELS], 1)}
    rest = len(plan.training) - MOST_NAMED
    for number, due in enumerate(plan.training[:MOST_NAMED]):
        yield ", " if number else ""
        place = _anchor(cards[due.key]) if due.key in cards else _TRAINING
        yield element("a", element("bdi", due.name or due.key), href=f"#{place}")
    if rest > 0:
        yield " and "
        yield element("a", counted(rest, "more model"), href=f"#{_TRAINING}")


def _against(plan: Plan) -> Markup | None:
    if plan.against == LIVE:
        return None
    return element("p", f"Against {plan.against}, not the live project.", class_="note")


def _base(plan: Plan) -> Iterator[Markup]:
    if undoing := undoing_sentence(plan):
        yield element("p", element("b", SIGN, aria_hidden="true"), f" {undoing}", class_="undo")
    if told := " ".join(filter(None, (alone_sentence(plan), base_sentence(plan, str)))):
        yield element("p", told, class_="note")


def _tiles(plan: Plan) -> Iterator[Markup]:
    refused = len(plan.refusals)
    if refused:
        yield _tile(str(refused), "!", "refused", "refused")
    for verb, (sign, word) in SIGNS.items():
        number = plan.count(verb)
        if number:
            yield _tile(str(number), sign, f"to {word}", verb.value)
    if plan.would_undo:
        would = would_undo(guessed=plan.is_guessed)
        yield _tile(str(plan.would_undo), SIGN, f"{would} edits on the server", "undo")
    if plan.uploads:
        size = file_size(plan.upload_bytes)
        yield _tile(str(len(plan.uploads)), "↑", f"{_files(plan)} to upload, {size}", "upload")
    if plan.unchanged:
        yield _tile(str(plan.unchanged), "", "unchanged", "same")


def _files(plan: Plan) -> str:
    return "file" if len(plan.uploads) == 1 else "files"


def _tile(number: str, sign: str, words: str, style: str) -> Markup:
    mark = element("i", sign, aria_hidden="true") if sign else None
    return element("li", element("b", mark, number), " ", element("span", words), class_=style)


def refusal_boxes(
    refusals: Sequence[Refusal], *, title: str = "Refused, and left alone", badge: str = "refused"
) -> Markup | None:
    """What is refused, why, and what to do about it."""
    if not refusals:
        return None
    boxes = (
        element(
            "article",
            element("span", element("b", "!"), f" {badge}", class_="badge refused"),
            element("h3", element("bdi", refusal.model or "The whole plan")),
            element("p", refusal.message, " ", element("code", refusal.code)),
            element("p", element("b", "What to do: "), refusal.hint) if refusal.hint else None,
            class_="refusal",
        )
        for refusal in refusals
    )
    return element("section", element("h2", title), *boxes)


def _anchor(number: int) -> str:
    return f"model-{number}"


def _index(models: Sequence[ModelPlan], shown: Gallery) -> Markup | None:
    """All models at a glance; a page with few needs none."""
    if len(models) < 3:
        return None
    links = (_index_entry(model, at, shown) for at, model in enumerate(models, 1))
    title = element("h2", "At a glance")
    return element("nav", title, element("ol", *links), class_="index", aria_label="At a glance")


def _index_entry(model: ModelPlan, number: int, shown: Gallery) -> Markup:
    card = model.after or model.before
    picture = shown.thumbnail(card.thumbnail) if card and card.thumbnail else None
    text = (
        element("b", element("bdi", model.name)),
        element("small", changes_in_short(model)),
    )
    link = element(
        "a",
        picture or element("span", class_="thumb"),
        element("span", badge(model.verb), *text, class_="words"),
        href=f"#{_anchor(number)}",
    )
    return element("li", link)


def _sections(models: Sequence[ModelPlan], desk: Desk) -> Iterator[Markup]:
    numbered = list(enumerate(models, 1))
    for verb, (_, word) in SIGNS.items():
        chosen = [(at, model) for at, model in numbered if model.verb is verb]
        if chosen:
            heading = element("h2", f"To {word} ", element("small", str(len(chosen))))
            shown = (model_section(model, _anchor(at), desk) for at, model in chosen)
            yield element("section", heading, *shown)


def _rest(models: Sequence[ModelPlan]) -> Markup | None:
    if not models:
        return None
    title = f"{counted(len(models), 'more model')}, by name"
    rows = (
        element("li", badge(model.verb), " ", element("bdi", model.name), " ", _key(model.key))
        for model in models
    )
    return element("section", element("h2", title), element("ul", *rows, class_="plain"))


def _key(key: str) -> Markup:
    return element("code", key)


def _orphans(plan: Plan) -> Markup | None:
    if not plan.orphans:
        return None
    rows = (
        element("li", element("bdi", orphan.name), " ", _key(orphan.key), " ", orphan.model_id)
        for orphan in plan.orphans
    )
    told = "They bear this catalog's mark and have no manifest. They stay unless --prune is given."
    return element(
        "section",
        element("h2", "Without a manifest ", element("small", str(len(plan.orphans)))),
        element("p", told),
        element("ul", *rows, class_="plain"),
    )


def accepted_section(accepted: Sequence[Accepted]) -> Markup | None:
    """What may differ for now, by model."""
    if not accepted:
        return None
    return element(
        "section",
        element("h2", "Accepted for now"),
        element("p", "This differs on the server and is left as it is there."),
        element("ul", *map(_acceptance, acceptances(accepted)), class_="plain"),
    )


def _acceptance(each: Acceptance) -> Markup:
    fields = ", ".join(LABELS.get(field, field) for field in each.fields)
    owner = (", ", element("bdi", each.owner)) if each.owner else ()
    why = element("bdi", each.reason)
    return element("li", _key(each.model), f" {fields} until {each.until}", *owner, ": ", why)


def _training_due(plan: Plan) -> Markup | None:
    if not plan.training:
        return None
    rest = len(plan.training) - _MOST_MODELS
    rows = [*map(_due, plan.training[:_MOST_MODELS])]
    rows += [element("li", f"and {counted(rest, 'more model')}")] if rest > 0 else []
    return element(
        "section",
        element("h2", "Due for training ", element("small", str(len(plan.training)))),
        element("ul", *rows, class_="plain"),
        id=_TRAINING,
    )


def _due(due: TrainingDue) -> Markup:
    told = element("bdi", due_words(due))
    name = element("bdi", due.name)
    return element("li", name, " ", _key(due.key), ": ", told, " ", _key(due_command([due])))


def _uploads(plan: Plan) -> Markup | None:
    if not plan.uploads:
        return None
    title = f"{counted(len(plan.uploads), 'file')} to upload"
    rest = len(plan.uploads) - _MOST_FILES
    rows: list[Content] = [
        element("li", element("bdi", asset.name), " ", element("small", file_size(asset.size)))
        for asset in (upload.asset for upload in plan.uploads[:_MOST_FILES])
    ]
    if rest > 0:
        rows.append(element("li", f"and {counted(rest, 'more file')}"))
    return element(
        "section",
        element("h2", "Files"),
        element(
            "details",
            element(
                "summary",
                element("span", title),
                " ",
                element("small", file_size(plan.upload_bytes)),
            ),
            element("ul", *rows, class_="plain columns"),
            class_="sheet",
        ),
    )


def left_out(pictures: Mapping[str, Picture]) -> Markup | None:
    """Says how many pictures the page had and does not show, and why."""
    reasons = [picture.reason for picture in pictures.values() if picture.reason]
    if not reasons:
        return None
    told = (
        f"{counted(reasons.count(reason), 'picture')}: {reason}."
        for reason in dict.fromkeys(sorted(reasons))
    )
    return element("section", element("h2", "Not shown"), *(element("p", each) for each in told))


def _foot(plan: Plan, read_at: str, before: ReadBefore | None) -> Markup:
    earlier = f", {read_before_words(before, str)}" if before else ""
    read = element("p", f"The server was read at {read_at}{earlier}.") if read_at else None
    digest = element("p", "Digest of this plan: ", element("code", plan.digest))
    made = "A review by catalog-sync. The page is complete in itself: no script, nothing loaded."
    return element("footer", digest, read, element("p", made))
