"""Listings of the API: page after page, and each model once."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from catalogsync.errors import BadResponse
from catalogsync.scenario.answers import Json
from catalogsync.scenario.fields import id_of
from catalogsync.scenario.request import Request

_MOST_PAGES = 10_000
_LONGEST_TOKEN = 8192


def pages_of(
    read: Callable[[Request], Json], path: str, items: str, params: Mapping[str, str]
) -> Iterator[list[Json]]:
    """Yield the pages of a listing; an endless or broken one raises `BadResponse`."""
    seen: set[str] = set()
    token = ""
    while True:
        further = {"paginationToken": token} if token else {}
        answer = read(Request("GET", path, {**params, **further}))
        page = answer.get(items)
        if not isinstance(page, list) or not all(isinstance(item, dict) for item in page):
            raise BadResponse(f"GET {path}: the answer has no list of {items}")
        yield page
        following = answer.get("nextPaginationToken")
        if following is None or following == "":
            return
        if not isinstance(following, str) or len(following) > _LONGEST_TOKEN:
            raise BadResponse(f"GET {path}: the server names a next page that cannot be asked")
        token = following
        if token in seen or len(seen) == _MOST_PAGES:
            raise BadResponse(
                f"GET {path}: the server repeats a page token, the listing has no end",
                hint="try again; nothing was changed",
            )
        seen.add(token)


def each_model(pages: Iterable[list[Json]]) -> Iterator[Json]:
    """Every model in the pages of a listing once, without the deleted ones."""
    seen: set[str] = set()
    for page in pages:
        for item in page:
            if not _is_deleted(item) and (model_id := id_of(item)) not in seen:
                seen.add(model_id)
                yield item


def _is_deleted(item: Json) -> bool:
    return bool(item.get("deletedAt")) or item.get("status") == "deleted"
