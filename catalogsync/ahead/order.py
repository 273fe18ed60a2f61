"""What a second process is asked to read."""

import json
from dataclasses import asdict, field
from typing import Self

from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Order:
    """Read the listing of a project; with `texts`, those that the catalog in `root` manages too.

    `catalog` is its name, `jobs` how many requests may be under way at once, and `timeout` how
    long each may take, in seconds. Where it `yields`, the first process goes first: of the two it
    has more to do.
    """

    base_url: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    project: str
    jobs: int
    timeout: float
    root: str
    catalog: str
    texts: bool
    yields: bool

    def to_json(self) -> bytes:
        """The order as it is told to the process, on one line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_json(cls, told: bytes) -> Self:
        """The order that was told."""
        return cls(**json.loads(told))
