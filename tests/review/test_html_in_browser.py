"""The page in a real browser: quiet, closed, readable by eye, by ear and by keyboard."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from catalogsync.diff import Card, Change, Placed, Verb
from catalogsync.identity import Refusal
from catalogsync.pictures.picture import Picture
from catalogsync.plan import ModelPlan, Plan
from catalogsync.review.html import render_html, shown_assets
from tests.browser import Browser, Page, browser
from tests.review.plans import picture as image
from tests.review.test_html import ATTACKS, hostile_plan, made

SEEN = Picture(
    "data:image/webp;base64,UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAwA0JaQAA3AA/vuUAAA=", 64, 48
)

CONTRAST = """
(() => {
  const paint = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (color) => {
    paint.clearRect(0, 0, 1, 1); paint.fillStyle = color; paint.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
  };
  const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3]));
  const ground = (element) => {
    if (!element) return rgba('canvas');
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, ground(element.parentElement));
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  document.querySelectorAll('details').forEach((each) => { each.open = true; });
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim(), element = walk.currentNode.parentElement;
    if (!text || !element.checkVisibility()) continue;
    let opacity = 1;
    for (let up = element; up; up = up.parentElement) opacity *= getComputedStyle(up).opacity;
    const under = ground(element), ink = rgba(getComputedStyle(element).color);
    ink[3] *= opacity;
    const pair = [light(over(ink, under)), light(under)].sort((a, b) => b - a);
    found.push([(pair[0] + 0.05) / (pair[1] + 0.05), text.slice(0, 40)]);
  }
  return found;
})()
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with everything on it that there can be."""
    whole = Refusal("", "max-delete", "the plan deletes too much", "allow it with --allow-delete 3")
    plan = replace(made(), unchanged=3)
    plan = replace(plan, refusals=(whole, *plan.refusals))
    pictures = {ref.digest: SEEN for ref in shown_assets(plan.models)[::2] if ref.sha256}
    path = tmp_path_factory.mktemp("page") / "plan.html"
    path.write_text(render_html(plan, pictures, read_at="2026-01-02 03:04 UTC"), encoding="utf-8")
    return path


def requests(page: Page) -> list[str]:
    """Where the page went, other than to itself and what is in it."""
    asked = [event["request"]["url"] for event in page.heard("Network.requestWillBeSent")]
    return [url for url in asked if not url.startswith(("data:", "file:"))]


def complaints(page: Page) -> list[Any]:
    """What the browser would say in its console."""
    said = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
    return [event for kind in (*said, "Audits.issueAdded") for event in page.heard(kind)]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_is_quiet_and_asks_for_nothing(
    chromium: Browser, file: Path, width: int, dark: bool
) -> None:
    with chromium.page(file, width=width, dark=dark) as page:
        assert page.run("document.querySelectorAll('script').length") == 0
        assert page.run("document.querySelectorAll('.frame:not(.drawn):not(.nothing)').length") > 3
        assert complaints(page) == []
        assert requests(page) == []


def test_the_browser_would_notice_a_request_and_a_script(chromium: Browser, tmp_path: Path) -> None:
    """The two tests above and below are worth something."""
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<!doctype html><img src='http://example.invalid/pixel'><script>console.warn(1)</script>"
    )
    with chromium.page(bad) as page:
        assert requests(page) == ["http://example.invalid/pixel"]
        assert complaints(page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_can_be_read(chromium: Browser, file: Path, dark: bool) -> None:
    with chromium.page(file, dark=dark) as page:
        texts = page.run(CONTRAST)
    assert len(texts) > 100
    assert [text for text in texts if text[0] < 4.5] == []


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_scrolls_sideways_but_the_strips(chromium: Browser, file: Path, width: int) -> None:
    with chromium.page(file, width=width) as page:
        assert page.run("document.documentElement.scrollWidth") == width
        assert (
            page.run(
                "[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroller, svg')"
                f" && e.getBoundingClientRect().right > {width} + 0.5).map(e => e.outerHTML)"
            )
            == []
        )


def strip_of(number: int, shapes: Sequence[tuple[int, int]], *, moves: bool) -> ModelPlan:
    """A model with so many examples of some widths and heights: all new, or in another order."""
    refs = tuple(
        replace(
            image(f"{at}.webp", at + 1),
            width=shapes[at % len(shapes)][0],
            height=shapes[at % len(shapes)][1],
        )
        for at in range(number)
    )
    card = Card(name="Strip", type="custom", examples=refs)
    key = f"s{number}-{shapes[0][0]}-{moves}"
    if not moves:
        return ModelPlan(key, key, Verb.CREATE, "", (), (), after=card)
    change = Change(key, ("examples", "x"), Placed(1, refs[0]), Placed(number, refs[0]))
    after = replace(card, examples=(*refs[1:], refs[0]))
    return ModelPlan(key, key, Verb.UPDATE, "model_1", (change,), (), before=card, after=after)


SHAPES = (((64, 64),), ((90, 160),), ((160, 90),), ((160, 90), (64, 64), (90, 160)))
OVERFLOWING = (
    "[...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth"
    " && getComputedStyle(e).overflowX === 'auto').map(e => e.closest('article').id)"
)


@pytest.fixture(scope="module")
def strips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with strips of one to six examples of every shape."""
    models = tuple(
        strip_of(number, shapes, moves=moves)
        for number in range(1, 7)
        for shapes in SHAPES
        for moves in (False, True)
    )
    path = tmp_path_factory.mktemp("strips") / "plan.html"
    path.write_text(render_html(Plan("acme", "", "", models=models), {}), encoding="utf-8")
    return path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_strip_of_up_to_six_examples_scrolls(
    chromium: Browser, strips: Path, dark: bool
) -> None:
    with chromium.page(strips, dark=dark) as page:
        assert page.run("document.querySelectorAll('.strip').length") == 3 * 6 * len(SHAPES)
        assert page.run(OVERFLOWING) == []
        assert page.run("document.documentElement.scrollWidth") == 1280
        rows = "new Set([...e.children].map(c => c.getBoundingClientRect().top)).size"
        squares = "e.closest('article').textContent.includes('-64-False')"
        found = f"[...document.querySelectorAll('.strip')].filter(e => {squares})"
        assert page.run(f"{found}.map(e => {rows})") == [1] * 6


@pytest.mark.parametrize("width", [360, 768])
def test_examples_that_do_not_move_never_scroll(
    chromium: Browser, strips: Path, width: int
) -> None:
    with chromium.page(strips, width=width) as page:
        drawn = page.run("document.querySelectorAll('article.create .strip').length")
        assert drawn == 6 * len(SHAPES)
        assert (
            page.run(
                f"[...document.querySelectorAll('article.create *')]"
                f".filter(e => e.getBoundingClientRect().right > {width} - 16).length"
            )
            == 0
        )
        assert page.run("document.documentElement.scrollWidth") == width


def test_every_picture_has_words(chromium: Browser, file: Path) -> None:
    with chromium.page(file) as page:
        assert page.run("document.querySelectorAll('[role=img]').length") > 10
        assert (
            page.run(
                "[...document.querySelectorAll('img, figure, [role=img], [role=group], nav')]"
                ".filter(e => !(e.alt || e.getAttribute('aria-label')"
                " || e.querySelector('figcaption')?.textContent)).map(e => e.outerHTML)"
            )
            == []
        )
        assert (
            page.run(
                "[...document.querySelectorAll('svg')]"
                ".filter(e => !e.closest('[aria-hidden=true]'))"
                ".map(e => e.outerHTML)"
            )
            == []
        )


def test_headings_are_in_order(chromium: Browser, file: Path) -> None:
    with chromium.page(file) as page:
        levels = page.run("[...document.querySelectorAll('h1,h2,h3,h4')].map(e => +e.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_refusals_and_deletes_come_first(chromium: Browser, file: Path) -> None:
    found = "[...document.querySelectorAll('article .badge')].map(e => e.textContent)"
    with chromium.page(file) as page:
        badges = page.run(found)
    order = ["! refused", "− delete", "+ create", "= adopt", "~ update", ". forget"]
    assert list(dict.fromkeys(badges)) == order


def test_the_keyboard_reaches_and_opens_everything(chromium: Browser, file: Path) -> None:
    with chromium.page(file) as page:
        count = page.run("document.querySelectorAll('summary, a, [tabindex]').length")
        opened = page.run("document.querySelectorAll('details').length")
        states = []
        for _ in range(count):
            page.press("Tab")
            assert page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            if page.run("document.activeElement.tagName") == "SUMMARY":
                state = "document.activeElement.parentElement.open"
                before = page.run(state)
                page.press("Enter", "\r")
                states.append((before, page.run(state)))
        assert opened == len(states) > 2
        assert all(before != after for before, after in states)


def test_links_lead_to_what_is_there(chromium: Browser, file: Path) -> None:
    with chromium.page(file) as page:
        hrefs = page.run("[...document.querySelectorAll('a')].map(e => e.getAttribute('href'))")
        assert len(hrefs) > 3
        assert page.run(f"{hrefs}.every(href => document.querySelector(href))")
        ids = page.run("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_foreign_text_is_inert(chromium: Browser, tmp_path: Path, attack: str) -> None:
    path = tmp_path / "hostile.html"
    text = render_html(hostile_plan(attack), {})
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
    with chromium.page(path, width=360) as page:
        assert complaints(page) == []
        assert requests(page) == []
        assert (
            page.run("document.querySelectorAll('script, iframe, img, form, object').length") == 0
        )
        assert page.run("document.querySelectorAll('style').length") == 1
        assert page.run("document.documentElement.scrollWidth") == 360
