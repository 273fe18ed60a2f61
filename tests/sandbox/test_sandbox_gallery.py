"""The gallery: what people see."""

import re
from collections.abc import Callable

import httpx
import pytest
from scenario_sdk import Scenario

from catalogsync.sandbox.gallery_text import render
from catalogsync.sandbox.server import Running

HOSTILE = "<script>alert(1)</script>\"'&"


def test_models_are_shown_as_cards(
    client: Scenario, server: Running, project: str, asset: Callable[[], str]
) -> None:
    image, example = asset(), asset()
    model = client.models.create(name="Cinematic", short_description="Moody.").model.id
    client.models.update(model, thumbnail=image)
    client.models.update_tags(model, add=["noir"])
    client.models.examples.update(model, asset_ids=[example])
    page = httpx.get(server.gallery, params={"project": project})
    for text in ("Cinematic", "Moody.", "flux.1-lora", "<span>noir</span>", f"/models/{model}"):
        assert text in page.text
    shown = re.findall(r'src="(/files/[^"]+)"', page.text)
    assert [path.split("?")[0] for path in shown] == [f"/files/{image}", f"/files/{example}"]
    path = shown[0].replace("&amp;", "&").lstrip("/")
    assert httpx.get(server.gallery + path).headers["content-type"] == "image/png"


def test_a_model_page_shows_its_texts(
    client: Scenario, server: Running, asset: Callable[[], str]
) -> None:
    model, other = (client.models.create(name=name).model.id for name in ("One", "Two"))
    image = asset()
    text = f"# Use\n\nBy **day**\n\n- a\n- b\n\n{{asset:{image}}} {{model:{other}}} {{asset:gone}}"
    client.models.description.update(model, description=text)
    client.models.prompt_guide.update(model, prompt_guide="1. Be brief")
    page = httpx.get(f"{server.gallery}models/{model}").text
    for part in (
        "<h3>Use</h3>",
        "<strong>day</strong>",
        "<li>b</li>",
        "<li>Be brief</li>",
    ):
        assert part in page
    assert f'src="/files/{image}?' in page
    assert f'href="/models/{other}">Two</a>' in page
    assert "<code>{asset:gone}</code>" in page


def test_hostile_text_stays_text(client: Scenario, server: Running, project: str) -> None:
    model = client.models.create(name=HOSTILE, short_description=HOSTILE).model.id
    client.models.update_tags(model, add=["<b>"])
    text = f"# {HOSTILE}\n- {HOSTILE}\n```\n{HOSTILE}\n```\n[x](javascript:alert(1)) **{HOSTILE}**"
    client.models.description.update(model, description=text)
    for path in ("", f"models/{model}"):
        page = httpx.get(server.gallery + path, params={"project": project})
        assert "<script" not in page.text
        assert "<b>" not in page.text
        assert 'href="javascript' not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]


def test_there_are_pages_and_a_picker_of_projects(
    server: Running, client: Scenario, stranger: Scenario, project: str
) -> None:
    server.control.create_models([{"name": f"m{number}"} for number in range(61)], project)
    stranger.models.create()
    page = httpx.get(server.gallery, params={"project": project}).text
    assert "61 in" in page
    assert "Older" in page
    assert 'aria-label="Projects"' in page
    assert ">m0<" in httpx.get(server.gallery, params={"project": project, "page": "2"}).text
    assert httpx.get(server.gallery, params={"page": "x", "project": "none"}).status_code == 200


def test_an_unknown_page_is_not_found(server: Running) -> None:
    for path in ("models/none", "nothing", "files/x", "../x"):
        assert httpx.get(server.gallery + path).status_code in (403, 404)


@pytest.mark.parametrize(
    "text",
    ["[" * 50_000, "*" * 50_000, "`" * 50_000, "{asset:" * 9_000, "# " * 25_000, "- " * 25_000],
)
def test_any_text_is_rendered_in_no_time(text: str) -> None:
    assert render(text, lambda _kind, _id: "")
