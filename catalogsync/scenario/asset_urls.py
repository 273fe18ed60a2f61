"""Where the server keeps the files of assets, as it tells of them: signed URLs."""

from collections.abc import Mapping

from catalogsync.scenario.answers import Json
from catalogsync.scenario.fields import id_of


def image_urls(items: list[Json]) -> Mapping[str, str]:
    """Where the images among the assets are, small ones if the server has some, by asset id."""
    found = {id_of(item): _url(item) for item in items if item.get("kind") == "image"}
    return {asset_id: url for asset_id, url in found.items() if url}


def file_urls(items: list[Json]) -> Mapping[str, str]:
    """Where the files themselves are, as they were sent where the server tells, by asset id."""
    names = ("originalFileUrl", "url")
    urls = {id_of(item): [item.get(name) for name in names] for item in items}
    found = {held: next((url for url in each if url), "") for held, each in urls.items()}
    return {asset_id: url for asset_id, url in found.items() if url and isinstance(url, str)}


def _url(item: Json) -> str:
    for holder in (item.get("thumbnail"), item.get("preview"), item):
        url = holder.get("url") if isinstance(holder, dict) else None
        if isinstance(url, str) and url:
            return url
    return ""
