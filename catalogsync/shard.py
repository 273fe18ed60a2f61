"""Parts of a catalog that are planned by themselves: disjoint, and together the whole."""

from collections.abc import Iterable
from hashlib import sha256

from catalogsync.model import Catalog, ModelSpec
from catalogsync.values import dataclass

_MOST = 9_999


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `number`, from 1, `of` so many, by the hash of the models' keys."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def is_sound(self) -> bool:
        """Whether there is such a part."""
        return 1 <= self.number <= self.of <= _MOST

    def has(self, key: str) -> bool:
        """Whether a key that is bound to no other is in this part."""
        return int.from_bytes(sha256(key.encode()).digest()[:8]) % self.of == self.number - 1

    def keys(self, catalog: Catalog) -> frozenset[str]:
        """The keys of the manifests in this part: models that refer to each other stay together."""
        return frozenset(key for key, first in _groups(catalog.models).items() if self.has(first))

    def share(self, number: int) -> int:
        """What this part has of a number; the shares of all parts add up to it."""
        return number * self.number // self.of - number * (self.number - 1) // self.of


def _groups(specs: Iterable[ModelSpec]) -> dict[str, str]:
    """The smallest key of what each key is bound to by references.

    A reference to a model that is pinned by its id binds nothing: the model is there already.
    """
    specs = tuple(specs)
    above = {spec.key: spec.key for spec in specs}

    def first(key: str) -> str:
        while above[key] != key:
            above[key] = above[above[key]]
            key = above[key]
        return key

    pinned = {spec.key for spec in specs if spec.id}
    for spec in specs:
        for ref in spec.model_refs:
            if ref.key in above and ref.key not in pinned:
                small, large = sorted((first(spec.key), first(ref.key)))
                above[large] = small
    return {key: first(key) for key in above}
