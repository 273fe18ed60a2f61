"""What a sandbox holds, as pages for people: no script, no credentials, nothing unescaped."""

import re
from collections.abc import Mapping
from html import escape
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from catalogsync.sandbox import asset_records, gallery_text, model_records, model_texts
from catalogsync.sandbox.gallery_style import STYLE
from catalogsync.sandbox.world import Call, Json, World

_PER_PAGE = 60
_STRIP = 12
_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def index(world: World, request: Request) -> Response:
    """All models of a project as cards, newest first."""
    projects = [
        str(project)
        for (project,) in world.store.db.execute(
            "SELECT DISTINCT project FROM models WHERE deleted IS NULL ORDER BY project"
        )
    ]
    project = request.query_params.get("project") or (projects[0] if projects else "")
    page = max(_number(request.query_params.get("page", "1")), 1)
    call = _call(world, project)
    where = "FROM models WHERE project = ? AND deleted IS NULL"
    (count,) = world.store.db.execute(f"SELECT count(*) {where}", [project]).fetchone()
    rows = world.store.db.execute(
        f"SELECT {model_records.SELECT} {where} ORDER BY created DESC, seq DESC LIMIT ? OFFSET ?",
        [project, _PER_PAGE, (page - 1) * _PER_PAGE],
    )
    cards = "".join(_card(call, model_records.show(call, row)) for row in rows)
    shown = f'<ul class="grid">{cards}</ul>' if cards else '<p class="empty">No models here.</p>'
    head = (
        f"<div><h1>Models</h1><p class=soft>{count} in {escape(project or 'no project')}</p></div>"
    )
    picker = _picker(projects, project)
    return _page("Models", f"{head}{picker}", f"{shown}{_pages(project, page, count)}")


def model(world: World, request: Request, model_id: str) -> Response:
    """One model with its texts and all of its examples."""
    row = world.store.db.execute(
        f"SELECT {model_records.SELECT}, project, description, guide FROM models"
        " WHERE id = ? AND deleted IS NULL",
        [model_id],
    ).fetchone()
    if row is None:
        return _page("Not found", "<h1>Not found</h1>", '<p class="empty">No such model.</p>', 404)
    call = _call(world, row[2])
    shown = model_records.show(call, row[:2])
    back = f'<nav><a href="/?project={quote(row[2])}">All models</a></nav>'
    name = escape(shown.get("name") or shown["id"])
    sections = [
        _section("Description", _text(call, row[3])),
        _section("Examples", _images(call, shown["exampleAssetIds"], "wall")),
        _section("Prompt guide", _text(call, row[4])),
    ]
    body = f'<div class="sheet">{_facts(shown)}<div class="stack">{"".join(sections)}</div></div>'
    return _page(name, f"<h1>{name}</h1>{back}", body)


def _call(world: World, project: str) -> Call:
    return Call(world, project, author="", origin="", ids=(), query={}, body={})


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,6}", text) else 1


def _picker(projects: list[str], chosen: str) -> str:
    if len(projects) < 2:
        return ""
    links = "".join(
        f'<a href="/?project={quote(each)}"{" aria-current=page" if each == chosen else ""}>'
        f"{escape(each)}</a>"
        for each in projects
    )
    return f'<nav aria-label="Projects">{links}</nav>'


def _pages(project: str, page: int, count: int) -> str:
    last = max((count + _PER_PAGE - 1) // _PER_PAGE, 1)
    near = [("Newer", page - 1), ("Older", page + 1)]
    links = "".join(
        f'<a href="/?project={quote(project)}&amp;page={number}">{label}</a>'
        for label, number in near
        if 1 <= number <= last
    )
    return f'<nav aria-label="Pages">{links}</nav><br>' if links else ""


def _card(call: Call, shown: Json) -> str:
    name = escape(shown.get("name") or shown["id"])
    summary = escape(shown.get("shortDescription", ""))
    strip = _images(call, shown["exampleAssetIds"][:_STRIP], "strip")
    return (
        f'<li><a class="card" href="/models/{quote(shown["id"])}">{_cover(shown)}'
        f'<div class="body"><div><h2>{name}</h2><p class="soft">{_kind(shown)}</p></div>'
        f"{f'<p>{summary}</p>' if summary else ''}{_chips(shown)}{strip}</div></a></li>"
    )


def _facts(shown: Json) -> str:
    summary = escape(shown.get("shortDescription", ""))
    return (
        f'<div class="facts">{_cover(shown)}<p class="soft">{_kind(shown)}</p>'
        f"{f'<p>{summary}</p>' if summary else ''}{_chips(shown)}"
        f'<p class="soft">{escape(shown["id"])}<br>changed {escape(shown["updatedAt"])}</p></div>'
    )


def _kind(shown: Json) -> str:
    return f"{escape(shown['type'])} &middot; {escape(shown['status'])}"


def _cover(shown: Json) -> str:
    if "thumbnail" not in shown:
        return '<div class="cover"></div>'
    return f'<img class="cover" alt="" loading="lazy" src="{escape(shown["thumbnail"]["url"])}">'


def _chips(shown: Json) -> str:
    chips = "".join(f"<span>{escape(tag)}</span>" for tag in shown["tags"])
    return f'<div class="chips">{chips}</div>' if chips else ""


def _images(call: Call, asset_ids: list[str], style: str) -> str:
    images = "".join(
        f'<img alt="" loading="lazy" src="{escape(call.file_url(each))}">' for each in asset_ids
    )
    return f'<div class="{style}">{images}</div>' if images else ""


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>" if content else ""


def _text(call: Call, text: str) -> str:
    if not text:
        return ""
    assets = asset_records.find(call, model_texts.references(text, "asset"))
    models = model_records.exist(call, model_texts.references(text, "model"))
    content = gallery_text.render(text, _Reference(assets, models))
    return f'<div class="text">{content}</div>'


class _Reference:
    """HTML for what a description refers to."""

    def __init__(self, assets: Mapping[str, Json], models: Mapping[str, Json]) -> None:
        self._assets = assets
        self._models = models

    def __call__(self, kind: str, identity: str) -> str:
        if kind == "asset" and identity in self._assets:
            return f'<img alt="" loading="lazy" src="{escape(self._assets[identity]["url"])}">'
        if kind == "model" and identity in self._models:
            name = self._models[identity].get("name") or identity
            return f'<a href="/models/{quote(identity)}">{escape(name)}</a>'
        return ""


def _page(title: str, head: str, body: str, status: int = 200) -> Response:
    """A whole page; `title` is already escaped."""
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title} &middot; sandbox</title><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head><body><header>{head}</header><main>{body}</main>"
        "</body></html>",
        status,
        _HEADERS,
    )
