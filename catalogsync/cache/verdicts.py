"""Which catalog, in which state, was checked and had no problem.

What a state is made of is for those who check to say; here it is a few bytes. Problems are never
kept: they are found anew every time, with their lines.
"""

import os
import time
from pathlib import Path

from catalogsync.cache.rows import RACY_NS, Row, scope_of
from catalogsync.cache.store import Store
from catalogsync.values import dataclass

_SELECT = "SELECT manifests, files FROM verdicts WHERE scope = ? AND state = ?"
_INSERT = "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many manifests and files were checked, of which none had a problem."""

    manifests: int
    files: int


class Verdicts:
    """The last verdict on the catalog in one folder."""

    def __init__(self, scope: bytes, store: Store, began_ns: int) -> None:
        self.rest_ns = began_ns - RACY_NS
        """What was touched since then may change again without a new time to show for it."""
        self._scope = scope
        self._store = store

    def recall(self, state: bytes) -> Verdict | None:
        """The verdict on the catalog, if it was in this state."""
        rows = self._store.read([(_SELECT, (self._scope, state))])
        return next((Verdict(*row) for row in rows if _is_sound(row)), None)

    def keep(self, state: bytes, verdict: Verdict) -> None:
        """Keep that the catalog in this state had no problem, in the place of what was kept."""
        row = (self._scope, state, verdict.manifests, verdict.files)
        self._store.write([(_INSERT, [row])])


def open_verdicts(path: Path, root: Path, *, now_ns: int | None = None) -> Verdicts:
    """The verdicts on the catalog in a folder; `now_ns` is when this run began."""
    began = time.time_ns() if now_ns is None else now_ns
    return Verdicts(scope_of("verdicts", os.path.realpath(root)), Store(path), began)


def _is_sound(row: Row) -> bool:
    return all(type(value) is int and value >= 0 for value in row)
