"""A plan as one page to look at: no script, nothing loaded, every picture inside."""

from catalogsync.review.html.drift import render_drift_html
from catalogsync.review.html.page import render_html
from catalogsync.review.html.shown import shown_assets

__all__ = ["render_drift_html", "render_html", "shown_assets"]
