"""Reads files from signed URLs that the server gives: no credentials here, and no surprises."""

import threading
import time
from collections.abc import Callable

import httpx

from catalogsync.web import Deadline, bounded_transport, can_be_asked, tls_context

MAX_IMAGE = 20_000_000
"""The largest image that is read, in bytes."""


class ImageReader:
    """Reads files from any number of threads, each over a connection of its own.

    No image may take longer than `seconds`, and no megabyte of a larger file.
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
        data = bytearray()
        return bytes(data) if self.copy(url, data.extend, most=MAX_IMAGE) else None

    def copy(self, url: str, write: Callable[[bytes], object], *, most: int) -> bool:
        """Hand a file of `most` bytes at most to `write`, piece by piece; whether it is all there.

        What goes wrong is not told: the URL holds a signature.
        """
        try:
            return can_be_asked(url) and self._copy(url, write, most)
        except httpx.HTTPError:
            return False

    def _copy(self, url: str, write: Callable[[bytes], object], most: int) -> bool:
        client = self._client(url)
        start = time.monotonic()
        self._local.deadline.at = start + self._seconds
        done = 0
        with client.stream("GET", url) as answer:
            if answer.status_code != 200:
                return False
            for chunk in answer.iter_raw():
                done += len(chunk)
                if done > most:
                    return False
                write(chunk)
                if most > MAX_IMAGE:
                    self._local.deadline.at = start + self._seconds * (1 + done / 1_000_000)
        return True

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
