"""A model that is to be trained."""

from collections.abc import Mapping
from dataclasses import field

from catalogsync.jobs import Training
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """A model by its key, how its training stood when it was looked at, and what one costs.

    `units` is None where the server does not say; `parameters` are those of the API.
    """

    key: str
    name: str
    before: Training
    units: float | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)

    @property
    def model_id(self) -> str:
        """The model's id on the server."""
        return self.before.model_id
