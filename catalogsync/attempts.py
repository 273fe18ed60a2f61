"""Creating something through an API that may lose its answers."""

from collections.abc import Callable
from typing import TypeVar

from catalogsync.errors import ApiError

ATTEMPTS = 3
"""How often something is created when the answers get lost, reading back in between."""

T = TypeVar("T")


def create_once(
    create: Callable[[], T], find: Callable[[], T | None], pause: Callable[[float], object]
) -> T:
    """Create something; after an answer that got lost, look for it before trying again."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return create()
        except ApiError as error:
            if not error.may_have_been_applied:
                raise
            pause(0.5 * attempt)
            found = find()
            if found is not None:
                return found
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")
