"""Where the API is, and who we are."""

import base64
from dataclasses import field

from catalogsync.values import dataclass
from catalogsync.web import checked_base_url

_SHORTEST_SECRET = 8


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the API is and who we are; an empty `project` means the credentials' own."""

    base_url: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    project: str = ""

    @property
    def address(self) -> str:
        """The base URL as it is used; raises `UsageError` for one that may not be."""
        return checked_base_url(self.base_url)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What an error must never repeat, longest first; a sandbox's short words may stand."""
        pair = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
        words = (pair, self.secret, self.key)
        return tuple(word for word in words if len(word) >= _SHORTEST_SECRET)
