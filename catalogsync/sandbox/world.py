"""What a request handler is given: the server it belongs to, and the call it answers."""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from catalogsync.sandbox.clock import Clock
from catalogsync.sandbox.settings import Settings
from catalogsync.sandbox.signing import Signer
from catalogsync.sandbox.store import Store

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """One server: its options, its state, its clock, its hands, and the web around it.

    `web` has the content of the addresses that are not as `web.content` makes them.
    """

    settings: Settings
    store: Store
    clock: Clock
    signer: Signer
    workers: ThreadPoolExecutor
    requests: Counter[str] = field(default_factory=Counter)
    web: dict[str, bytes | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request: on whose behalf, on what, with what."""

    world: World
    project: str
    author: str
    origin: str
    ids: tuple[str, ...]
    query: Mapping[str, str]
    body: Mapping[str, Any]

    def file_url(self, asset_id: str) -> str:
        """A signed, expiring URL of an asset's bytes; a new one each time."""
        path = f"/files/{asset_id}"
        expires = self.world.clock.now() + self.world.settings.url_ttl_s
        return f"{self.origin}{path}?{self.world.signer.query(path, expires)}"

    def part_url(self, upload_id: str, number: int, expires: float) -> str:
        """A signed URL that accepts the bytes of one part until `expires`."""
        path = f"/parts/{upload_id}/{number}"
        return f"{self.origin}{path}?{self.world.signer.query(path, expires)}"

    def weights_url(self, job_id: str) -> str:
        """A signed, expiring URL of the weights that a download has packed."""
        path = f"/weights/{job_id}"
        expires = self.world.clock.now() + self.world.settings.url_ttl_s
        return f"{self.origin}{path}?{self.world.signer.query(path, expires)}"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer whose status is not 200."""

    status: int
    body: Json
