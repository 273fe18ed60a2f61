"""What was read of models beyond their listing, and which `updatedAt` each model had then.

The model is listed first and its text read after that. Whoever edits in between leaves a text here
that is newer than the date beside it: the next listing has a later date, and the text is read
again. The other way round, an old text beside a new date, would stay for good. It takes an edit
that is dated before it can be read, or two with one date; so nothing is kept of a model whose last
change was a moment ago by the server's own clock.

That a model was in sync is kept in the same way, and no longer than the texts that it was found
with: whoever reads another one in a later run puts an end to it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from catalogsync.cache.rows import IDS_PER_QUERY, RACY_NS, Row, fits
from catalogsync.cache.store import Store
from catalogsync.events import Recalled, Tell
from catalogsync.model import InSync, ReadBefore, RemoteModel

Clock = Callable[[], datetime | None]
"""What time it was on the server when the models were listed, or None where it does not tell."""

_SETTLED = timedelta(seconds=10)
"""How long ago a model's last change must be; more than replicas of a database lag behind."""

_SELECT = "SELECT id, field, updated_at, read_at, value FROM reads WHERE scope = ? AND id IN "
_INSERT = "INSERT OR REPLACE INTO reads VALUES (?, ?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM reads WHERE scope = ? AND id = ?"

_SELECT_IN_SYNC = "SELECT key, id, folder, record, assets, read_at FROM in_sync WHERE scope = ?"
_INSERT_IN_SYNC = (
    "INSERT OR REPLACE INTO in_sync SELECT ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS"
    " (SELECT 1 FROM reads WHERE scope = ? AND id = ? AND read_at > ?)"
)
"""Keeps what was found with the last texts: another run may have read some since."""
_UPDATE_IN_SYNC = "UPDATE in_sync SET read_at = ? WHERE scope = ? AND id = ?"
_DELETE_IN_SYNC = "DELETE FROM in_sync WHERE scope = ? AND id = ?"
_DELETE_OUTDATED = (
    f"{_DELETE_IN_SYNC} AND NOT EXISTS"
    " (SELECT 1 FROM reads WHERE scope = ? AND id = ? AND field = ? AND value = ?)"
)
"""Deletes what was found with another text than this one."""


class ModelReads:
    """The fields of the models of one project, each as long as its model's date stays the same."""

    def __init__(
        self,
        scope: bytes,
        store: Store | None,
        began_ns: int,
        *,
        recalls: bool,
        clock: Clock,
        tell: Tell,
    ) -> None:
        self.rest_ns = began_ns - RACY_NS
        """What was touched since then may have been so after somebody looked at it."""
        self._scope = scope
        self._store = store
        self._recalls = recalls
        self._clock = clock
        self._tell = tell
        self._read_at = f"{datetime.fromtimestamp(began_ns // 10**9, UTC):%Y-%m-%dT%H:%M:%SZ}"
        self._settled: datetime | None = None
        self._used: dict[str, str] = {}
        self._fresh: dict[tuple[str, str], Row] = {}
        self._in_sync: dict[str, Row] = {}

    @property
    def used(self) -> ReadBefore | None:
        """What this run took as it was read before, if anything."""
        if not self._used:
            return None
        return ReadBefore(len(self._used), min(self._used.values()))

    def recall(self, models: Iterable[RemoteModel]) -> Mapping[tuple[str, str], str]:
        """What is known of models as they are listed now, by id and field."""
        now = self._clock()
        self._settled = now - _SETTLED if now else None
        if self._store is None or not self._recalls:
            return {}
        dates = {model.id: model.updated_at for model in models}
        ids = sorted(model_id for model_id in dates if fits((model_id,)))
        starts = range(0, len(ids), IDS_PER_QUERY)
        rows = self._store.read(
            [self._query(ids[start : start + IDS_PER_QUERY]) for start in starts]
        )
        found = [row for row in rows if _is_sound(row) and row[2] == dates[row[0]]]
        for model_id, _, _, read_at, _ in found:
            self._used[model_id] = min(read_at, self._used.get(model_id, read_at))
        self._tell(Recalled("model", len({row[0] for row in found})))
        return {(row[0], row[1]): row[4] for row in found}

    def _query(self, ids: Sequence[str]) -> tuple[str, Row]:
        return f"{_SELECT}({','.join('?' * len(ids))})", (self._scope, *ids)

    def remember(self, model: RemoteModel, fields: Mapping[str, str]) -> None:
        """Note what was read of a model after it was listed as `model`."""
        if not self._settled or not _is_before(model.updated_at, self._settled):
            return
        for field, value in fields.items():
            row = (self._scope, model.id, field, model.updated_at, self._read_at, value)
            if fits(row):
                self._fresh[model.id, field] = row

    def in_sync(self) -> tuple[InSync, ...]:
        """The models that were found in sync, the last ones last."""
        if self._store is None or not self._recalls:
            return ()
        rows = self._store.read([(_SELECT_IN_SYNC, (self._scope,))])
        found = (InSync(*row) for row in rows if tuple(map(type, row)) == _IN_SYNC)
        return tuple(sorted(found, key=lambda each: each.read_at))

    def take(self, found: Iterable[InSync]) -> None:
        """Count the texts of models that are still in sync among those that were read before."""
        taken = {each.id: each.read_at for each in found}
        self._used |= taken
        if taken:
            self._tell(Recalled("unmoved model", len(taken)))

    def agree(self, model: RemoteModel, found: InSync) -> None:
        """Note that a model that was listed as `model` is in sync."""
        if self._settled and _is_before(model.updated_at, self._settled):
            read_at = self._used.get(model.id, self._read_at)
            told = (found.key, found.files, found.record, found.assets)
            row = (self._scope, found.id, *told, read_at)
            if fits(row):
                self._in_sync[found.id] = row

    def forget(self, model_ids: Iterable[str]) -> None:
        """Know nothing any more of models that are about to be written; kept at once."""
        gone = set(model_ids)
        self._fresh = {key: row for key, row in self._fresh.items() if key[0] not in gone}
        self._in_sync = {key: row for key, row in self._in_sync.items() if key not in gone}
        if self._store and gone:
            rows = [(self._scope, model_id) for model_id in sorted(gone) if fits((model_id,))]
            self._store.write([(_DELETE, rows), (_DELETE_IN_SYNC, rows)])

    def save(self) -> None:
        """Keep what was read since the last time, if that can be done."""
        texts, self._fresh = list(self._fresh.values()), {}
        in_sync, self._in_sync = list(self._in_sync.values()), {}
        if self._store and (texts or in_sync):
            told = [(*row[:2], *row[:3], row[5]) for row in texts]
            anew = [] if self._recalls else [(self._read_at, *row[:2]) for row in texts]
            found = [(*row, *row[:2], self._read_at) for row in in_sync]
            self._store.write(
                [
                    (_DELETE_OUTDATED, told),
                    (_INSERT, texts),
                    (_UPDATE_IN_SYNC, anew),
                    (_INSERT_IN_SYNC, found),
                ]
            )


_IN_SYNC = (str, str, bytes, bytes, bytes, str)


def _is_sound(row: Row) -> bool:
    return all(isinstance(value, str) for value in row)


def _is_before(date: str, moment: datetime) -> bool:
    """Whether a date as the API writes it is before a moment; one that makes no sense is not."""
    try:
        return datetime.fromisoformat(date) < moment
    except (ValueError, TypeError):
        return False
