"""The tags by which the server tells whose a model is."""

import re
from collections.abc import Iterable

OWNER_PREFIX = "catalog-sync:"
PROTECTED_TAG = "catalog-sync:protected"
UNFINISHED_TAG = "catalog-sync:unfinished"
"""On a model whose note of how it came to be ours is still to be taken away (see `claims`)."""

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def owner_tag(catalog: str, key: str) -> str:
    """The tag that marks a model as the one of `key` in `catalog`."""
    return f"{OWNER_PREFIX}{catalog}/{key}"


def promoting_owner(catalog: str) -> str:
    """Whose a copy is on its way to another project: no catalog can have such a name."""
    return f"promoting:{catalog}"


def marks_in(tags: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The (catalog, key) pairs that tags name as owners, sorted.

    A tag whose key can be no manifest's is nobody's mark.
    """
    found = set()
    for tag in tags:
        if tag.startswith(OWNER_PREFIX):
            catalog, _, key = tag.removeprefix(OWNER_PREFIX).partition("/")
            if _KEY.fullmatch(key):
                found.add((catalog, key))
    return tuple(sorted(found))
