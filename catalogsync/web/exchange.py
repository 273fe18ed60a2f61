"""What comes back from an HTTP API: an answer, or what kept it from being a good one."""

from collections.abc import Mapping

from catalogsync.errors import ApiError
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came, to the request `where`; headers are asked for in lower case.

    It took so many `seconds` to come.
    """

    where: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed.

    Another attempt may cure a `curable` one, after `wait` seconds where the server asks for them.
    An `undone` one certainly had no effect.
    """

    error: ApiError
    curable: bool = False
    undone: bool = False
    wait: float | None = None
