"""Lists in pages: the size asked for, where the last page ended, what follows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from catalogsync.sandbox.errors import bad_request
from catalogsync.sandbox.world import Call, Json


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of objects: a table read in the order of one of its columns.

    `select` names what `render` receives, after the ordering column and `seq`.
    """

    name: str
    table: str
    select: str
    default: int
    most: int


def page_size(query: Mapping[str, str], *, default: int, most: int) -> int:
    """The number of items asked for."""
    asked = query.get("pageSize")
    if asked is None:
        return default
    if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked) <= most:
        raise bad_request(f"pageSize must be a number from 1 to {most}")
    return int(asked)


def descending(query: Mapping[str, str]) -> bool:
    """The direction asked for; newest first unless told otherwise."""
    direction = query.get("sortDirection", "desc")
    if direction not in ("asc", "desc"):
        raise bad_request("sortDirection must be asc or desc")
    return direction == "desc"


def read_token(call: Call, kind: list[Any]) -> Any:
    """Where the previous page of the same list ended, or None on the first page."""
    token = call.query.get("paginationToken")
    if token is None:
        return None
    value = call.world.signer.open_token(token)
    # A token of another list, order or project points nowhere in this one.
    if not isinstance(value, list) or len(value) != 2 or value[0] != kind:
        raise bad_request("Invalid paginationToken")
    return value[1]


def answer(call: Call, name: str, items: list[Json], kind: list[Any], after: Any) -> Json:
    """A page of items, with a token if something follows."""
    body: Json = {name: items}
    if after is not None:
        body["nextPaginationToken"] = call.world.signer.token([kind, after])
    elif call.world.settings.fidelity == "real":
        body["nextPaginationToken"] = None
    return body


def read_page(
    call: Call,
    listing: Listing,
    column: str,
    where: list[tuple[str, str]],
    render: Callable[[Any], Json],
) -> Json:
    """One page of a list, ordered by a column; `where` pairs conditions with their values."""
    down = descending(call.query)
    size = page_size(call.query, default=listing.default, most=listing.most)
    kind = [listing.name, call.project, column, down]
    conditions = [condition for condition, _ in where]
    values: list[Any] = [value for condition, value in where if "?" in condition]
    after = read_token(call, kind)
    if after is not None:
        conditions.append(f"({column}, seq) {'<' if down else '>'} (?, ?)")
        values += after
    order = "DESC" if down else "ASC"
    # Only words of this module and its callers reach the statement; what was sent is bound.
    rows = call.world.store.db.execute(
        f"SELECT {column}, seq, {listing.select} FROM {listing.table}"
        f" WHERE {' AND '.join(conditions)} ORDER BY {column} {order}, seq {order} LIMIT ?",
        [*values, size + 1],
    ).fetchall()
    more = rows[size - 1][:2] if len(rows) > size else None
    return answer(call, listing.name, [render(row[2:]) for row in rows[:size]], kind, more)
