"""What a log can tell of a run: one small value per event, nothing secret in any."""

from collections.abc import Callable

from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Requested:
    """A request that was sent, without its query; `status` is None where no answer came.

    `failure` says why it is no success, `trace_id` is what the API calls it.
    """

    method: str
    path: str
    attempt: int
    ms: int
    status: int | None = None
    failure: str = ""
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class Repeating:
    """A request that is sent again after a wait."""

    method: str
    path: str
    attempt: int
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class CoolingDown:
    """A request that waits for as long as the server asks."""

    method: str
    path: str
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class SlowedDown:
    """All requests together keep to a new rate, in requests per second."""

    rate: float


@dataclass(frozen=True, slots=True)
class Recalled:
    """What was known from an earlier run and is not read again."""

    what: str
    count: int


Event = Requested | Repeating | CoolingDown | SlowedDown | Recalled

Tell = Callable[[Event], None]
"""Called for every event, from any thread."""


def tell_nobody(event: Event) -> None:
    """Let an event pass."""
