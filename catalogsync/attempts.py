"""Creating something through an API that may lose its answers."""

from collections.abc import Callable
from typing import TypeVar

from catalogsync.errors import ApiError, CatalogSyncError
from catalogsync.ports import CatalogWriter

ATTEMPTS = 3
"""How often something is created when the answers get lost, reading back in between."""

T = TypeVar("T")


def create_once(
    create: Callable[[], T], find: Callable[[], T | None], pause: Callable[[float], object]
) -> T:
    """Create something; after an answer that got lost, look for it before trying again.

    Whatever fails from then on leaves it in doubt, the look as well: the error says so.
    """
    lost = False
    try:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return create()
            except ApiError as error:
                if not error.may_have_been_applied:
                    raise
                lost = True
                pause(0.5 * attempt)
                found = find()
                if found is not None:
                    return found
                if attempt == ATTEMPTS:
                    raise
    except CatalogSyncError as error:
        error.in_doubt |= lost
        raise
    raise AssertionError("unreachable")


def create_collection(writer: CatalogWriter, name: str, pause: Callable[[float], object]) -> str:
    """Create a collection and return its id."""

    def found() -> str | None:
        held = writer.list_collections()
        return min((each for each, known in held.items() if known == name), default=None)

    return create_once(lambda: writer.create_collection(name), found, pause)
