"""Writes the review that people look at."""

from datetime import UTC, datetime
from pathlib import Path

from catalogsync.model import Catalog
from catalogsync.plan import Plan


def write_html(path: Path, plan: Plan, catalog: Catalog, *, jobs: int) -> None:
    """Write a plan as a page with the catalog's own pictures."""
    from catalogsync.pictures.local import local_pictures
    from catalogsync.review.html import render_html, shown_assets

    read_at = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    pictures = local_pictures(shown_assets(plan), catalog.files)
    text = render_html(plan, pictures, read_at=read_at, jobs=jobs)
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(text, encoding="utf-8", errors="backslashreplace")
    partial.replace(path)
