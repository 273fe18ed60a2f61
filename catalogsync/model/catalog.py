"""The values of a whole catalog: its manifests, and what holds for all of them."""

from collections.abc import Mapping
from dataclasses import field

from catalogsync.model.assets import LocalFile
from catalogsync.model.manifests import ModelSpec, State
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """A brake on a plan: an absolute number, or a share of the managed models in percent."""

    count: int | None = None
    percent: float | None = None

    def allows(self, number: int, *, of: int) -> bool:
        """Whether `number` out of `of` stays within the limit."""
        if self.count is not None and number > self.count:
            return False
        return self.percent is None or number * 100 <= self.percent * of

    def __str__(self) -> str:
        return f"{self.percent:g}%" if self.count is None else str(self.count)


UNLIMITED = Limit()


@dataclass(frozen=True, slots=True)
class Policy:
    """The brakes of a catalog; `max_upload` is in bytes, None for no limit."""

    max_delete: Limit = Limit(count=3)
    max_update: Limit = UNLIMITED
    max_upload: int | None = None


SCENARIO = "https://api.cloud.scenario.com/v1"
"""The server that has a project unless another one is named."""


@dataclass(frozen=True, slots=True)
class Target:
    """An environment: one project of the API (empty: the credentials' own).

    `server` tells one server from another: an address, or of an embedded one its folder.
    """

    name: str
    project: str = ""
    server: str = SCENARIO


@dataclass(frozen=True, slots=True)
class Catalog:
    """A whole catalog: its models in the order of their keys, and where their files are.

    `files` maps the sha256 of every file that a model refers to, to the file.
    """

    name: str
    models: tuple[ModelSpec, ...] = ()
    files: Mapping[str, LocalFile] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    default_target: str = ""
    policy: Policy = Policy()
    ignore_tags: tuple[str, ...] = ()

    @property
    def wanted(self) -> frozenset[str]:
        """The keys of the models that are to be there."""
        return frozenset(spec.key for spec in self.models if spec.state is State.PRESENT)
