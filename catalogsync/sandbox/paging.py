"""Lists in pages: the size asked for, where the last page ended, what follows."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from catalogsync.sandbox.checks import Choice, Kind, Text
from catalogsync.sandbox.errors import bad_request
from catalogsync.sandbox.world import Call, Json

_TOKEN = Text(longest=4096, form="page-token", pattern="^[A-Za-z0-9_-]*$")
_DIGITS = re.compile(r"[0-9]{1,6}\Z")


@dataclass(frozen=True, slots=True)
class Size:
    """How many items a page has: by default, and at most."""

    default: int
    most: int

    def check(self, value: Any, name: str) -> None:
        if not _DIGITS.match(value) or not 1 <= int(value) <= self.most:
            raise bad_request(f"{name} must be a number from 1 to {self.most}")

    def describe(self) -> Json:
        return {"type": "integer", "minimum": 1, "maximum": self.most, "default": self.default}


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of objects: a table read in the order of one of its columns.

    `select` names what `render` receives, after the ordering column and `seq`.
    """

    name: str
    table: str
    select: str
    size: Size

    def query(self) -> dict[str, Kind]:
        """What may be asked of it."""
        return query(self.size) | {"sortDirection": Choice(("asc", "desc"), "a direction")}


def query(size: Size) -> dict[str, Kind]:
    """What may be asked of anything that comes in pages of such a size."""
    return {"pageSize": size, "paginationToken": _TOKEN}


def page_size(asked: Mapping[str, str], size: Size) -> int:
    """The number of items asked for."""
    return int(asked.get("pageSize", size.default))


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
    down = call.query.get("sortDirection", "desc") == "desc"
    size = page_size(call.query, listing.size)
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
