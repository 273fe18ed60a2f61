"""A project of its own on a sandbox, and the client that one machine's runs have for it."""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from catalogsync.events import Tell, tell_nobody
from catalogsync.model import AssetRef, RemoteModel
from catalogsync.polling import Patience
from catalogsync.sandbox.server import Running
from catalogsync.scenario import Connection, ScenarioClient, Transport, Uploader
from catalogsync.scenario.exchanges import Bounds
from catalogsync.scenario.parts import PartBounds

WAIT_S = 0.02
DRIP_S = 0.1
# What is late by more than `read` may still be done afterwards, which looks like a duplicate.
READ_S = 1.5
BOUNDS = Bounds(connect=5, read=READ_S, whole=6, attempts=3, longest_wait=0.1, first_wait=0.001)
PART_BOUNDS = PartBounds(idle=1.5, attempts=3, first_wait=0.001)
PATIENCE = Patience(first_poll=0.001, longest_poll=0.01, deadline=0.3)
_projects = count(1)


class _Sent:
    """The uploads that earlier runs on this machine know of."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def recall(self, sha256: str) -> str:
        """The upload of a file, or nothing."""
        return self._known.get(sha256, "")

    def remember(self, sha256: str, upload_id: str) -> None:
        """Keep it."""
        self._known[sha256] = upload_id

    def forget(self, upload_id: str) -> None:
        """Forget it."""
        self._known = {sha: held for sha, held in self._known.items() if held != upload_id}


class Project:
    """A project that nobody else uses; `files` has the contents by their sha256.

    An answer that takes longer than `read_s` is taken for lost.
    """

    def __init__(self, server: Running, files: Path, read_s: float = READ_S) -> None:
        self.control = server.control
        self._bounds = replace(BOUNDS, read=read_s, whole=4 * read_s)
        self.id = f"proj_soak_{next(_projects)}"
        self._url = server.url
        self._files = files
        self._sent = _Sent()

    @contextmanager
    def client(self, tell: Tell = tell_nobody) -> Iterator[ScenarioClient]:
        """The program's own client, with short bounds; `tell` hears of every attempt."""
        connection = Connection(self._url, "key", "secret", self.id)
        transport = Transport(connection, read_only=False, bounds=self._bounds, tell=tell)
        uploader = Uploader(
            transport, jobs=2, bounds=PART_BOUNDS, patience=PATIENCE, sent=self._sent, tell=tell
        )
        with closing(transport), closing(uploader):
            yield ScenarioClient(transport, uploader)

    def wait_until_it_accepts(self) -> None:
        """Wait as long as connections are refused, which a fault may do for a moment."""
        url = urlsplit(self._url)
        while True:
            with suppress(ConnectionRefusedError):
                socket.create_connection((str(url.hostname), url.port or 0)).close()
                return

    def opened(self, asset: AssetRef) -> BinaryIO:
        """A file of the catalog."""
        return (self._files / asset.sha256).open("rb")

    def models(self) -> dict[str, RemoteModel]:
        """Every model that is there, by id."""
        with self.client() as client:
            return {model.id: model for model in client.list_models()}

    def deleted(self) -> dict[str, RemoteModel]:
        """Every model that can be restored, by id."""
        with self.client() as client:
            return {model.id: model for model in client.list_deleted()}

    def collections(self) -> list[str]:
        """The names of all collections."""
        with self.client() as client:
            return sorted(client.list_collections().values())

    def held(self) -> Counter[str]:
        """How often the project has every content, by its digest."""
        with self.client() as client:
            return Counter(asset.digest for page in client.newest_assets() for asset in page)
