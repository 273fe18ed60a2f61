"""Notes of models that are about to become a key's: collections of the project, one for each.

A restored model comes back without tags, a promoted one arrives without ours. So the note is there
before either begins, and goes once the model bears our mark: whatever happens in between, the next
run knows whose model it is.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from catalogsync.values import dataclass


class Way(StrEnum):
    """How a model that no manifest has yet comes to be a key's."""

    RESTORING = "restoring"
    PROMOTING = "promoting"


@dataclass(frozen=True, slots=True)
class Claim:
    """A model that is about to be a key's: `model_id`, empty while nobody knows which it will be.

    Of a promotion, `source` is the model that it is made from, in the other project.
    """

    way: Way
    key: str
    model_id: str
    source: str = ""
    name: str = ""
    collection_id: str = ""


_CLAIM = re.compile(
    r"catalog-sync (?P<way>restoring|promoting)"
    r" (?P<catalog>[a-z0-9.-]+)/(?P<key>[a-z0-9][a-z0-9._-]*)"
    r"(?: from (?P<source>\S+))?(?: as (?P<model>\S+))?"
)


def claim_name(way: Way, catalog: str, key: str, *, model_id: str = "", source: str = "") -> str:
    """The name of the collection that is the note of a claim."""
    origin = f" from {source}" if source else ""
    became = f" as {model_id}" if model_id else ""
    return f"catalog-sync {way} {catalog}/{key}{origin}{became}"


def claims_by_key(catalog: str, collections: Mapping[str, str]) -> dict[str, tuple[Claim, ...]]:
    """The claims of every key that has any; those that know their model come first."""
    found: dict[str, list[Claim]] = {}
    for collection_id, name in sorted(collections.items()):
        parts = _CLAIM.fullmatch(name)
        if parts and parts["catalog"] == catalog:
            claim = Claim(
                way=Way(parts["way"]),
                key=parts["key"],
                model_id=parts["model"] or "",
                source=parts["source"] or "",
                name=name,
                collection_id=collection_id,
            )
            found.setdefault(claim.key, []).append(claim)
    return {key: tuple(sorted(held, key=lambda c: not c.model_id)) for key, held in found.items()}
