"""Writes the review that people look at."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from catalogsync.cli.session import Session
from catalogsync.model import AssetRef
from catalogsync.pictures.picture import Picture
from catalogsync.plan import Plan
from catalogsync.ports import ASSETS_PER_READ


def write_html(path: Path, plan: Plan, opened: Session, *, live: bool, jobs: int) -> None:
    """Write a plan as a page with the catalog's own pictures, and `live` ones of the server."""
    from catalogsync.review.html import render_html, shown_assets

    read_at = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    pictures = _pictures(shown_assets(plan), opened, live=live)
    text = render_html(plan, pictures, read_at=read_at, jobs=jobs)
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _pictures(assets: Sequence[AssetRef], opened: Session, *, live: bool) -> Mapping[str, Picture]:
    from catalogsync.pictures.copies import copies
    from catalogsync.pictures.sources import live_sources, local_sources
    from catalogsync.scenario import ImageReader

    local = local_sources(assets, opened.catalog.files)
    if not live:
        return copies(local)
    missing = [ref for ref in assets if ref.id and ref.digest not in local]
    urls: dict[str, str] = {}
    for start in range(0, len(missing), ASSETS_PER_READ):
        batch = missing[start : start + ASSETS_PER_READ]
        urls |= opened.client.get_image_urls([ref.id for ref in batch])
    with closing(ImageReader()) as reader:
        there = live_sources(missing, urls, reader.read)
        sources = local | there
        keys = (ref.digest if ref.digest in sources else ref.id for ref in assets)
        return copies({key: sources[key] for key in keys if key in sources})
