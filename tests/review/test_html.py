"""The page as bytes: its text word for word, and nothing in it that the data could have made."""

from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from catalogsync.diff import Card
from catalogsync.identity import Refusal
from catalogsync.model import AssetKind, AssetRef, Catalog, Concept, ModelRef, State, Text
from catalogsync.pictures.copies import copies
from catalogsync.pictures.picture import Picture
from catalogsync.pictures.sources import local_sources
from catalogsync.plan import ModelPlan, Plan
from catalogsync.review.html import render_html, shown_assets
from catalogsync.review.html.prose import changed_text
from catalogsync.review.text import SIGNS
from tests.engine.catalogs import HOSTILE
from tests.engine.fake import FakeServer
from tests.engine.run import plan
from tests.pictures.test_pictures import encoded, stored
from tests.review.hostile import HOSTILE as HOSTILE_TEXTS
from tests.review.test_text import everything, golden, picture, spec

OURS = """
html head meta title link style body header main section nav article footer h1 h2 h3 h4 p ol ul li
dl dt dd div span b i small code bdi a details summary figure figcaption ins del svg symbol use
path g
"""

STUB = "data:image/webp;base64,UklGRg=="


class Tree(HTMLParser):
    """Every element with its attributes, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def tree(page: str) -> Tree:
    found = Tree()
    found.feed(page)
    found.close()
    return found


def made() -> Plan:
    """The plan for everything."""
    server, catalog = everything()
    return replace(plan(server, catalog), target="staging", project="proj_1")


def stubs(made: Plan) -> dict[str, Picture]:
    """A picture of its own for every second asset; one that cannot be drawn."""
    refs = [ref for ref in shown_assets(made.models) if ref.sha256]
    found = {
        ref.digest: Picture(f"{STUB}{number}", 64 + 16 * number, 64)
        for number, ref in enumerate(refs)
        if number % 2
    }
    return found | {refs[0].digest: Picture(reason="the file cannot be drawn")}


def page_of_everything() -> str:
    return render_html(made(), stubs(made()), read_at="2026-01-02 03:04 UTC")


def test_a_plan_as_a_page() -> None:
    golden("plan.html", page_of_everything())


def test_a_plan_without_changes_is_a_page_too() -> None:
    page = tree(render_html(Plan("acme", "", "", unchanged=12), {}))
    assert "Nothing to do" in page.text
    assert "No changes. 12 models match." in page.text


def test_a_picture_is_in_the_page_once_however_often_it_is_shown() -> None:
    page = page_of_everything()
    uris = {found.uri for found in stubs(made()).values() if found.uri}
    assert len(uris) > 2
    assert all(page.count(f"({uri})") == page.count(uri) == 1 for uri in uris)


def test_every_tile_says_what_it_shows() -> None:
    tiles = [told for _, told in tree(page_of_everything()).elements if told.get("role") == "img"]
    labels = [str(told["aria-label"]) for told in tiles]
    assert "example 1, from 5, 4.webp, 640 × 480, 61.7 kB, on the server" in labels
    assert "example 4, new, 6.webp, 640 × 480, 86.4 kB, to upload" in labels
    assert any(label.startswith("thumbnail now, ") for label in labels)
    assert any(label.endswith("the file cannot be drawn") for label in labels)


def test_the_thumbnails_come_first_among_what_is_shown() -> None:
    refs = shown_assets(made().models)
    assert [ref.name for ref in refs[:2]] == ["5.webp", "0.webp"]
    assert len(set(refs)) == len(refs)


ATTACKS = (
    *HOSTILE,
    "<img src=x onerror=alert(1)>",
    "</style><script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "'-alert(1)-'",
    "-->]]><!--",
    "&lt;b&gt;&#60;",
    "javascript:alert(1)",
    "url(https://example.com/pixel)",
    "a\x00b\x1b[2Jc\x7f",
    "\ud800",
    "x" * 5000,
)


def hostile_plan(attack: str) -> Plan:
    """A plan that shows foreign text wherever there can be any."""
    ref = replace(picture(1), name=attack, id=attack)
    odd = replace(picture(2), name=attack, kind=AssetKind.AUDIO)
    server = FakeServer()
    both = [
        spec(
            "hostile",
            short_description=attack,
            tags=frozenset({attack}),
            collections=frozenset({attack}),
            description=Text((f"{attack}\n\n{attack}",)),
            prompt_guide=Text((attack,)),
            thumbnail=ref,
            examples=(ref, odd),
            class_slug=attack,
            concepts=(Concept(ModelRef(id=attack), 0.5, attack),),
        ),
        spec("gone", state=State.ABSENT),
    ]
    found = plan(server, Catalog(name=attack, models=tuple(both)))
    (model,) = found.models or (None,)
    assert model is not None
    card = Card(name=attack, type=attack, tags=(attack,), thumbnail=ref, examples=(odd, ref))
    changed = replace(model, name=attack, note=attack, before=card, after=card)
    return replace(
        found,
        target=attack,
        project=attack,
        models=(model, changed),
        refusals=(Refusal(attack, attack, attack, attack),),
        unchanged=1,
    )


@pytest.mark.parametrize(
    "attack", [*ATTACKS, *HOSTILE_TEXTS.values()], ids=range(len(ATTACKS) + len(HOSTILE_TEXTS))
)
def test_foreign_text_makes_no_markup(attack: str) -> None:
    known = hostile_plan("plain")
    found, wanted = tree(render_html(hostile_plan(attack), {})), tree(render_html(known, {}))
    names = {name for _, told in wanted.elements for name in told}
    assert {name for name, _ in found.elements} <= set(OURS.split())
    assert {name for _, told in found.elements for name in told} <= names | {"open"}
    assert not list(foreign_references(found))
    assert all(c in "\n\t\xa0\u3000" or c.isprintable() for c in found.text)
    assert not set("\u202e\u2066\u200d\u200b") & set(found.text)


def foreign_references(page: Tree) -> Iterator[Any]:
    """Every attribute that could load or lead somewhere else."""
    for name, told in page.elements:
        for key in ("src", "href", "action", "style", "xlink:href", "srcset", "poster"):
            value = told.get(key)
            if value and not value.startswith("#") and value != "data:,":
                yield name, key, value


def test_an_enormous_plan_is_still_a_page() -> None:
    text = Text(("word \u202e" * 1_500,))
    names = [f"m{number:04}" for number in range(1100)]
    models = tuple(spec(name, description=text, tags=frozenset({"a"})) for name in names)
    page = render_html(plan(FakeServer(), Catalog(name="acme", models=models)), {})
    assert len(page) < 20_000_000
    assert "100 more models, by name" in page
    assert all(name.title() in page for name in names)
    assert "the rest is left out to keep this page small" in page


def test_an_asset_that_is_known_by_id_only_has_a_tile() -> None:
    (model, *_) = made().models
    card = Card(name="x", type="y", thumbnail=AssetRef(id="asset_9"))
    shown = replace(made(), models=(replace(model, before=None, after=card),))
    assert 'aria-label="thumbnail, asset_9, on the server"' in render_html(shown, {})
    page = render_html(shown, {"asset_9": Picture(STUB, 4, 3)})
    assert STUB in page


def test_five_hundred_models_with_pictures_stay_below_twenty_megabytes(tmp_path: Path) -> None:
    noise = Image.effect_noise((1300, 1000), 90)
    corners = [(17 * n % 1180, 11 * n % 910) for n in range(3500)]
    crops = (noise.crop((x, y, x + 112, y + 84)) for x, y in corners)
    refs, files = stored(tmp_path, (encoded(each, "PNG", compress_level=1) for each in crops))
    many = big_plan(refs)
    pictures = copies(local_sources(shown_assets(many.models), files))
    page = render_html(many, pictures)
    assert 10_000_000 < len(page.encode()) < 20_000_000
    assert "left out to keep this page small" in page
    covers = [model.after.thumbnail for model in many.models if model.after]
    assert all(cover and pictures[cover.digest].uri for cover in covers)


def big_plan(refs: list[AssetRef]) -> Plan:
    """500 new models of seven pictures each, and of texts that take as many bytes as they can."""
    long = Text(("漢" * 4000 + "\u202e" * 4000,))
    models = tuple(
        spec(
            f"m{at:03}",
            thumbnail=refs[7 * at],
            examples=tuple(refs[7 * at + 1 : 7 * at + 7]),
            description=long,
            prompt_guide=long,
        )
        for at in range(500)
    )
    return plan(FakeServer(), Catalog(name="acme", models=models))


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        ("one two", "one two three four", "+2 words"),
        ("one two three", "one two", "−1 word"),
        ("one two three", "one two four five", "+2 words, −1 word"),
        ("one two", "one  two", ""),
    ],
)
def test_only_words_that_come_or_go_are_counted(before: str, after: str, count: str) -> None:
    found = tree(changed_text("Description", before, after, 1000))
    summary, _, _ = found.text.partition(after.split()[0])
    assert " ".join(summary.split()) == f"Description {count}".strip()


def due_in_the_head(plan: Plan) -> str:
    """What the head of the page says of training."""
    page = render_html(plan, {})
    head = page[page.index("<header") : page.index("</header>")]
    (line,) = (line for line in head.splitlines() if "Training due" in line)
    return line


def test_what_is_due_for_training_is_named_in_the_head_and_leads_to_its_card() -> None:
    shown = made()
    fresh = 1 + [model.key for model in sorted_as_shown(shown)].index("fresh")
    line = due_in_the_head(shown)
    assert f'<a href="#model-{fresh}"><bdi>Fresh</bdi></a>.' in line
    alone = replace(shown, models=())
    assert '<a href="#training"><bdi>Fresh</bdi></a>.' in due_in_the_head(alone)
    many = tuple(replace(shown.training[0], key=f"k{at}", name=f"N{at}") for at in range(12))
    line = due_in_the_head(replace(alone, training=many))
    assert (line.count("<bdi>"), "<bdi>N9</bdi></a>" in line) == (10, True)
    assert '<a href="#training">2 more models</a>.' in line


def sorted_as_shown(plan: Plan) -> list[ModelPlan]:
    """The models of a plan in the order of the page."""
    return sorted(plan.models, key=lambda model: (list(SIGNS).index(model.verb), model.key))


def test_a_long_text_is_cut_and_says_so_and_one_that_fits_is_whole() -> None:
    def page(text: str) -> str:
        model = spec("long", description=Text((text,)))
        return render_html(plan(FakeServer(), Catalog(name="acme", models=(model,))), {})

    fits, longer = page("x" * 20_000), page("x" * 20_001)
    assert fits.count("x" * 20_000) == longer.count("x" * 20_000) == 1
    assert "the rest is left out" not in fits
    assert "the rest is left out" in longer
