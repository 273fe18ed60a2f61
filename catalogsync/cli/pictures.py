"""The pictures of a plan's page: the catalog's own, and those that only the server has."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from catalogsync.model import AssetRef, LocalFile
from catalogsync.pictures.picture import Picture
from catalogsync.plan import ModelPlan, Plan
from catalogsync.ports import ASSETS_PER_READ

if TYPE_CHECKING:
    from catalogsync.cli.session import Session
    from catalogsync.pictures.copies import Source
    from catalogsync.scenario import ScenarioClient

Pictures = Mapping[str, Picture]
"""Small copies, by the digest or the id of the asset that they are of."""

_PATIENCE = 20.0
"""The longest that any picture of the project is waited for, in seconds."""


def pictures_of(
    models: Sequence[ModelPlan],
    files: Mapping[str, LocalFile],
    *,
    live: "ScenarioClient | None" = None,
    timeout: float = _PATIENCE,
) -> Pictures:
    """Copies of what is shown of these models: the catalog's files, and those of a `live` project.

    A picture of the project that takes longer than `timeout`, in seconds, is left out.
    """
    from catalogsync.pictures.copies import copies
    from catalogsync.pictures.sources import local_sources
    from catalogsync.review.html import shown_assets

    assets = shown_assets(models)
    local = local_sources(assets, files)
    if not live:
        return copies(local)
    return _with_live(assets, local, live, min(timeout, _PATIENCE))


def pictures_in(opened: "Session", plan: Plan, *, live: bool, timeout: float) -> Pictures:
    """Copies of what a plan of a session shows; with `live`, of what only the project has, too."""
    client = opened.client if live else None
    return pictures_of(plan.models, opened.catalog.files, live=client, timeout=timeout)


def pictures_on_server(
    assets: Sequence[AssetRef], client: "ScenarioClient", *, timeout: float = _PATIENCE
) -> Pictures:
    """Copies of assets that only the project has; one that takes longer than `timeout` has none."""
    return _with_live(assets, {}, client, min(timeout, _PATIENCE))


def _with_live(
    assets: Sequence[AssetRef],
    local: Mapping[str, "Source"],
    client: "ScenarioClient",
    timeout: float,
) -> Pictures:
    from catalogsync.pictures.copies import copies
    from catalogsync.pictures.sources import live_sources
    from catalogsync.scenario import ImageReader

    missing = [ref for ref in assets if ref.id and ref.digest not in local]
    urls: dict[str, str] = {}
    for start in range(0, len(missing), ASSETS_PER_READ):
        batch = missing[start : start + ASSETS_PER_READ]
        urls |= client.get_image_urls([ref.id for ref in batch])
    with closing(ImageReader(seconds=timeout)) as reader:
        sources = {**local, **live_sources(missing, urls, reader.read)}
        keys = (ref.digest if ref.digest in sources else ref.id for ref in assets)
        return copies({key: sources[key] for key in keys if key in sources})
