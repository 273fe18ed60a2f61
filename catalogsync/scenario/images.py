"""Reads images from signed URLs that the server gives: no credentials here, and no surprises."""

import threading
import time
from collections.abc import Mapping

import httpx

from catalogsync.scenario.answers import Json
from catalogsync.scenario.fields import id_of
from catalogsync.web import Deadline, bounded_transport, is_private, tls_context

MAX_IMAGE = 20_000_000
"""The largest image that is read, in bytes."""


def image_urls(items: list[Json]) -> Mapping[str, str]:
    """Where the images among the assets are, small ones if the server has some, by asset id."""
    found = {id_of(item): _url(item) for item in items if item.get("kind") == "image"}
    return {asset_id: url for asset_id, url in found.items() if url}


def _url(item: Json) -> str:
    for holder in (item.get("thumbnail"), item.get("preview"), item):
        url = holder.get("url") if isinstance(holder, dict) else None
        if isinstance(url, str) and url:
            return url
    return ""


class ImageReader:
    """Reads images from any number of threads, each over a connection of its own.

    No image may take longer than `seconds`.
    """

    def __init__(self, *, seconds: float = 20.0) -> None:
        self._seconds = seconds
        self._local = threading.local()
        self._clients: list[httpx.Client] = []

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients:
            client.close()

    def read(self, url: str) -> bytes | None:
        """The image, or None where it cannot be had within the size and the time that it may take.

        What goes wrong is not told: the URL holds a signature, and a page does without a picture.
        """
        try:
            address = httpx.URL(url)
            return self._read(url) if is_private(address) and not address.userinfo else None
        except (httpx.HTTPError, httpx.InvalidURL):
            return None

    def _read(self, url: str) -> bytes | None:
        client = self._client(url)
        self._local.deadline.at = time.monotonic() + self._seconds
        data = bytearray()
        with client.stream("GET", url) as answer:
            if answer.status_code != 200:
                return None
            for chunk in answer.iter_raw():
                data += chunk
                if len(data) > MAX_IMAGE:
                    return None
        return bytes(data)

    def _client(self, url: str) -> httpx.Client:
        client: httpx.Client | None = getattr(self._local, "client", None)
        if client is None:
            deadline = self._local.deadline = Deadline()
            client = self._local.client = httpx.Client(
                timeout=httpx.Timeout(self._seconds),
                transport=bounded_transport(tls_context(url), deadline),
                follow_redirects=False,
                trust_env=False,
                headers={"Accept-Encoding": "identity"},
            )
            self._clients.append(client)
        return client
