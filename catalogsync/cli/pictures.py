"""The pictures of a plan's page: the catalog's own, and those that only the server has."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from catalogsync.model import AssetKind, AssetRef, LocalFile
from catalogsync.pictures.picture import Picture
from catalogsync.plan import ModelPlan
from catalogsync.ports import ASSETS_PER_READ

if TYPE_CHECKING:
    from catalogsync.cli.planning import Planned
    from catalogsync.cli.session import Session
    from catalogsync.manifest.blobs import GitFile
    from catalogsync.pictures.copies import Source
    from catalogsync.scenario import ScenarioClient

Pictures = Mapping[str, Picture]
"""Small copies, by the digest or the id of the asset that they are of."""

_PATIENCE = 20.0
"""The longest that any picture of the project is waited for, in seconds."""


def pictures_of(
    models: Sequence[ModelPlan],
    files: "Mapping[str, LocalFile | GitFile]",
    *,
    live: "ScenarioClient | None" = None,
    timeout: float = _PATIENCE,
) -> Pictures:
    """Copies of what is shown of these models: of `files`, and of those of a `live` project.

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


def pictures_in(opened: "Session", planned: "Planned", *, live: bool, timeout: float) -> Pictures:
    """Copies of what a plan of a session shows; of what is not here, by the base or by `live`.

    What Git holds of the base may be no more than the pointers of Git LFS.
    """
    models, files = planned.plan.models, planned.catalog.files
    if live:
        return pictures_of(models, files, live=opened.client, timeout=timeout)
    return pictures_of(models, {**planned.base_files, **files}, timeout=timeout)


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
    from catalogsync.pictures.sources import NOT_READ, live_sources
    from catalogsync.scenario import ImageReader

    missing = [ref for ref in assets if ref.id and ref.digest not in local]
    urls: dict[str, str] = {}
    for start in range(0, len(missing), ASSETS_PER_READ):
        batch = missing[start : start + ASSETS_PER_READ]
        urls |= client.get_image_urls([ref.id for ref in batch])
    with closing(ImageReader(seconds=timeout)) as reader:
        sources = {**local, **live_sources(missing, urls, reader.read)}
        keys = (ref.digest if ref.digest in sources else ref.id for ref in assets)
        made = copies({key: sources[key] for key in keys if key in sources})
    images = (ref.id for ref in missing if ref.kind is AssetKind.IMAGE)
    return {**dict.fromkeys((each for each in images if each not in urls), NOT_READ), **made}
