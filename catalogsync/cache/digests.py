"""The facts of files and assets, as they are asked for, learned and kept."""

import os
import struct
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock

from catalogsync.cache.reads import Clock, ModelReads
from catalogsync.cache.rows import IDS_PER_QUERY, RACY_NS, Row, encodable, fits, scope_of
from catalogsync.cache.store import READS, Store
from catalogsync.events import Recalled, Tell, tell_nobody
from catalogsync.model import AssetKind, AssetRef
from catalogsync.values import dataclass

_FACTS = "sha256, kind, media_type, size, width, height"
_SELECT_FILES = f"SELECT path, stamp, {_FACTS} FROM files WHERE scope = ?"
_SELECT_BELOW = f"{_SELECT_FILES} AND path >= ? AND path < ?"
_SELECT_ASSETS = f"SELECT id, name, {_FACTS} FROM assets WHERE scope = ? AND id IN "
_COUNT = "SELECT " + ", ".join(
    f"(SELECT count(*) FROM {table})" for table in ("files", "assets", "verdicts")
)
_INSERT_FILE = "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_ASSET = "INSERT OR REPLACE INTO assets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"

_SELECT_UPLOAD = "SELECT id FROM uploads WHERE scope = ? AND sha256 = ?"
_INSERT_UPLOAD = "INSERT OR REPLACE INTO uploads VALUES (?, ?, ?)"
_DELETE_UPLOAD = "DELETE FROM uploads WHERE scope = ? AND id = ?"

_STAMP = struct.Struct("<5Q")
_U64 = (1 << 64) - 1
_KINDS = {str(kind): kind for kind in AssetKind}
_LENGTHS = (32, 64)

_FEW_FOLDERS = 20
"""After so many everything is read: 80,000 rows take no longer than asking for a few hundred."""

_MOST_HELD = 20_000
"""How many rows wait in memory to be written together."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a cache holds: the entries of each sort, and its size on disk in bytes."""

    files: int = 0
    assets: int = 0
    verdicts: int = 0
    size: int = 0


def open_cache(path: Path | None, *, now_ns: int | None = None) -> "DigestCache":
    """The cache in a file, or one that forgets everything; `now_ns` is when this run began."""
    began = time.time_ns() if now_ns is None else now_ns
    if path is None:
        return DigestCache(None, None, began)
    return DigestCache(Store(path), Store(path.with_name("reads.sqlite"), READS), began)


class DigestCache:
    """What is known at the beginning of a run and what the run learned; kept at its end."""

    def __init__(self, store: Store | None, reads: Store | None, began_ns: int) -> None:
        self._store = store
        self._reads = reads
        self._began_ns = began_ns
        self._parts: list[FileDigests | BlobDigests | AssetDigests] = []
        self._models: list[ModelReads] = []

    def __enter__(self) -> "DigestCache":
        return self

    def __exit__(self, *_: object) -> None:
        self.save()

    @property
    def path(self) -> Path | None:
        """Where it is kept, or None if it is not."""
        return self._store.path if self._store else None

    @property
    def is_empty(self) -> bool:
        """Whether no earlier run learned anything."""
        return self._store is None or not self._store.size()

    def files(self, root: Path) -> "FileDigests":
        """What is known of the files below a folder."""
        scope = scope_of("files", os.path.realpath(root))
        found = FileDigests(scope, self._store, self._began_ns)
        self._parts.append(found)
        return found

    def blobs(self, root: Path) -> "BlobDigests":
        """What is known of the Git blobs that were the files below a folder."""
        found = BlobDigests(scope_of("blobs", os.path.realpath(root)), self._store)
        self._parts.append(found)
        return found

    def assets(self, server: str, project: str, *, tell: Tell = tell_nobody) -> "AssetDigests":
        """What is known of the assets of one project on one server."""
        scope = scope_of("assets", server, project)
        found = AssetDigests(scope, self._store, tell, self._keep)
        self._parts.append(found)
        return found

    def uploads(self, server: str, project: str) -> "UploadIds":
        """What was sent by uploads to one project on one server."""
        return UploadIds(scope_of("uploads", server, project), self._store)

    def models(
        self, server: str, project: str, *, recalls: bool, clock: Clock, tell: Tell = tell_nobody
    ) -> ModelReads:
        """What was read of the models of one project; `clock` is the server's.

        Unless it `recalls`, everything is read anew and only kept for others.
        """
        scope = scope_of("models", server, project)
        found = ModelReads(
            scope, self._reads, self._began_ns, recalls=recalls, clock=clock, tell=tell
        )
        self._models.append(found)
        return found

    def save(self) -> None:
        """Keep what was learned since the last time, if that can be done."""
        for models in self._models:
            models.save()
        self._keep()

    def _keep(self) -> None:
        fresh = [(part.insert, part.learned()) for part in self._parts]
        if self._store and any(rows for _, rows in fresh):
            self._store.write(fresh)

    def holding(self) -> Holding:
        """What the file holds by now."""
        if self._store is None:
            return Holding()
        (found,) = self._store.read([(_COUNT, ())]) or [(0, 0, 0)]
        files, assets, verdicts = found
        return Holding(files, assets, verdicts, self._store.size())


class _Contents:
    """The facts of contents by a path, each as long as its stamp stays what it was."""

    insert = _INSERT_FILE

    def __init__(self, scope: bytes, store: Store | None) -> None:
        self._scope = scope
        self._store = store
        self._fresh: dict[str, Row] = {}
        self._known: dict[str, Row] = {}
        self._folders: set[str] = set()
        self._has_all = False
        self.hits = 0

    def knows(self, path: str) -> bool:
        """Whether there was a content by this path."""
        return self._row(path) is not None

    def _row(self, path: str) -> Row | None:
        """What is kept of a path: read with its folder, or with all once that are many folders."""
        folder = path.rpartition("/")[0]
        if self._store and not self._has_all and folder not in self._folders:
            self._has_all = not folder or len(self._folders) == _FEW_FOLDERS
            self._folders.add(folder)
            rows = self._store.read([self._all() if self._has_all else self._below(folder)])
            self._known |= {row[0]: row for row in rows}
        return self._known.get(path)

    def _all(self) -> tuple[str, Row]:
        return _SELECT_FILES, (self._scope,)

    def _below(self, folder: str) -> tuple[str, Row]:
        # After the slash comes 0: everything below the folder is between the two.
        return _SELECT_BELOW, (self._scope, f"{folder}/", f"{folder}0")

    def _recall(self, path: str, stamp: bytes, name: str) -> AssetRef | None:
        row = self._row(path)
        found = None if row is None or row[1] != stamp else _asset("", name, row[2:])
        self.hits += found is not None
        return found

    def _remember(self, path: str, stamp: bytes, asset: AssetRef) -> None:
        if self._store and encodable(path):
            self._fresh[path] = (self._scope, path, stamp, *_facts(asset))
            if len(self._fresh) >= _MOST_HELD:
                self._store.write([(self.insert, self.learned())])

    def learned(self) -> list[Row]:
        """The rows to keep, each told once."""
        rows, self._fresh = list(self._fresh.values()), {}
        return rows


class FileDigests(_Contents):
    """The facts of the files below one folder, each as long as its status stays what it was."""

    def __init__(self, scope: bytes, store: Store | None, began_ns: int) -> None:
        super().__init__(scope, store)
        self._youngest = began_ns - RACY_NS

    def recall(self, path: str, status: os.stat_result) -> AssetRef | None:
        """The file with this path and status, if it was looked at before."""
        return self._recall(path, _stamp(status), path.rpartition("/")[2])

    def remember(self, path: str, status: os.stat_result, asset: AssetRef) -> None:
        """Note what was found in a file that had this status before it was read."""
        # Even a mended mtime leaves its mark on ctime, so both must be old enough to tell.
        if max(status.st_mtime_ns, status.st_ctime_ns) < self._youngest:
            self._remember(path, _stamp(status), asset)


class BlobDigests(_Contents):
    """The facts of Git blobs, which hold for ever; the extension says what to take one for."""

    def recall(self, oid: str, name: str) -> AssetRef | None:
        """The blob of a file of this name, if it was looked at before."""
        return self._recall(_typed(oid, name), b"", name)

    def remember(self, oid: str, name: str, asset: AssetRef) -> None:
        """Note what was found in the blob of a file of this name."""
        self._remember(_typed(oid, name), b"", asset)


def _typed(oid: str, name: str) -> str:
    return f"{oid}.{name.rpartition('.')[2].lower()}"


class AssetDigests:
    """The facts of the assets of one project, which hold for ever."""

    insert = _INSERT_ASSET

    def __init__(
        self, scope: bytes, store: Store | None, tell: Tell, keep: Callable[[], None]
    ) -> None:
        self._scope = scope
        self._store = store
        self._tell = tell
        self._keep = keep
        self._fresh: dict[str, Row] = {}

    def recall(self, asset_ids: Iterable[str]) -> Mapping[str, AssetRef]:
        """Those of the assets that are known."""
        if self._store is None:
            return {}
        ids = sorted(filter(encodable, asset_ids))
        starts = range(0, len(ids), IDS_PER_QUERY)
        rows = self._store.read(
            [self._query(ids[start : start + IDS_PER_QUERY]) for start in starts]
        )
        found = [_asset(row[0], row[1], row[2:]) for row in rows]
        known = {asset.id: asset for asset in found if asset}
        self._tell(Recalled("asset", len(known)))
        return known

    def _query(self, ids: Sequence[str]) -> tuple[str, Row]:
        return f"{_SELECT_ASSETS}({','.join('?' * len(ids))})", (self._scope, *ids)

    def remember(self, assets: Iterable[AssetRef]) -> None:
        """Note what the server told; an asset whose content it does not tell is not noted."""
        for asset in assets:
            row = (self._scope, asset.id, asset.name, *_facts(asset))
            if self._store and asset.sha256 and fits(row):
                self._fresh[asset.id] = row
                if len(self._fresh) >= _MOST_HELD:
                    self._store.write([(self.insert, self.learned())])

    def keep(self) -> None:
        """Keep all that was learned in this run so far: it has to be done, and now is the time."""
        self._keep()

    def learned(self) -> list[Row]:
        """The rows to keep, each told once."""
        rows, self._fresh = list(self._fresh.values()), {}
        return rows


class UploadIds:
    """The uploads of one project by what they hold, kept as soon as they are told."""

    def __init__(self, scope: bytes, store: Store | None) -> None:
        self._scope = scope
        self._store = store
        self._told: dict[str, str] = {}
        self._turn = Lock()

    def recall(self, sha256: str) -> str:
        """The id of the upload that a file was last sent to, or nothing."""
        if sha256 in self._told:
            return self._told[sha256]
        rows = self._store.read([(_SELECT_UPLOAD, (self._scope, sha256))]) if self._store else []
        return next((row[0] for row in rows if isinstance(row[0], str)), "")

    def remember(self, sha256: str, upload_id: str) -> None:
        """Keep it at once: this process may not live to say it later."""
        self._told[sha256] = upload_id
        self._write(_INSERT_UPLOAD, (self._scope, sha256, upload_id))

    def forget(self, upload_id: str) -> None:
        """Never find an upload again."""
        self._told = {sha: held for sha, held in self._told.items() if held != upload_id}
        self._write(_DELETE_UPLOAD, (self._scope, upload_id))

    def _write(self, sql: str, row: Row) -> None:
        if self._store and fits(row):
            # Threads that take turns here need not wait for the lock of the file.
            with self._turn:
                self._store.write([(sql, [row])])


def _stamp(status: os.stat_result) -> bytes:
    """Everything about a file that changes when its content does."""
    return _STAMP.pack(
        status.st_size & _U64,
        status.st_mtime_ns & _U64,
        status.st_ctime_ns & _U64,
        status.st_ino & _U64,
        status.st_dev & _U64,
    )


def _facts(asset: AssetRef) -> Row:
    kind = str(asset.kind)
    return asset.sha256, kind, asset.media_type, asset.size, asset.width, asset.height


def _asset(asset_id: str, name: str, facts: Row) -> AssetRef | None:
    digest, kind, media_type, size, width, height = facts
    are_texts = type(digest) is type(kind) is type(media_type) is str
    are_numbers = type(size) is type(width) is type(height) is int
    if not (are_texts and are_numbers) or kind not in _KINDS or len(digest) not in _LENGTHS:
        return None
    return AssetRef(digest, asset_id, name, _KINDS[kind], media_type, size, width, height)
