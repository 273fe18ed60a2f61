"""The file that a cache is kept in: SQLite, shared by several processes, never a reason to fail."""

import fcntl
import os
import sqlite3
import stat
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from catalogsync import __version__
from catalogsync.cache.rows import Row

_FORMAT = 4
# The version counts too: one that checks files more strictly must look at them again.
_VERSION = zlib.crc32(f"{_FORMAT} {__version__}".encode()) & 0x7FFF_FFFF

_LARGEST = 256 << 20
_BUSY_SECONDS = 5.0
_LOOK_SECONDS = 0.01

DIGESTS = (
    "DROP TABLE IF EXISTS files",
    "DROP TABLE IF EXISTS assets",
    "DROP TABLE IF EXISTS uploads",
    "DROP TABLE IF EXISTS verdicts",
    "CREATE TABLE files (scope BLOB, path TEXT, stamp BLOB, sha256 TEXT, kind TEXT,"
    " media_type TEXT, size INTEGER, width INTEGER, height INTEGER,"
    " PRIMARY KEY (scope, path)) WITHOUT ROWID",
    "CREATE TABLE assets (scope BLOB, id TEXT, name TEXT, sha256 TEXT, kind TEXT,"
    " media_type TEXT, size INTEGER, width INTEGER, height INTEGER,"
    " PRIMARY KEY (scope, id)) WITHOUT ROWID",
    "CREATE TABLE uploads (scope BLOB, sha256 TEXT, id TEXT, PRIMARY KEY (scope, sha256))"
    " WITHOUT ROWID",
    "CREATE TABLE verdicts (scope BLOB PRIMARY KEY, state BLOB, manifests INTEGER, files INTEGER)"
    " WITHOUT ROWID",
)
"""The tables of what is known of contents."""

READS = (
    "DROP TABLE IF EXISTS reads",
    "DROP TABLE IF EXISTS in_sync",
    "CREATE TABLE reads (scope BLOB, id TEXT, field TEXT, updated_at TEXT, read_at TEXT,"
    " value TEXT, PRIMARY KEY (scope, id, field)) WITHOUT ROWID",
    "CREATE TABLE in_sync (scope BLOB, id TEXT, key TEXT, folder BLOB, record BLOB, assets BLOB,"
    " read_at TEXT, PRIMARY KEY (scope, id)) WITHOUT ROWID",
)
"""The tables of what was read of models. Texts are long: in a file of their own they cannot make
the one of the digests too large."""

# What SQLite says of a file that starting anew mends; SQL that fails means that the tables differ.
_SPOILT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})


class Store:
    """The SQLite file; what cannot be read is empty, what cannot be written is dropped."""

    def __init__(self, path: Path, tables: Sequence[str] = DIGESTS) -> None:
        self.path = path
        self._tables = tables
        self._spoilt: tuple[int, ...] = ()
        self._patience = _BUSY_SECONDS

    def read(self, queries: Iterable[tuple[str, Row]]) -> list[Row]:
        """The rows of all queries, as of one moment."""
        with suppress(OSError, ValueError, sqlite3.Error):
            if _is_private(self.path.parent):
                with self._locked(fcntl.LOCK_SH):
                    return self._select(queries)
        return []

    def write(self, batches: Iterable[tuple[str, Sequence[Row]]]) -> None:
        """Insert rows in one transaction, into a new file if there is none that is any good."""
        with suppress(OSError, ValueError, sqlite3.Error):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _is_private(self.path.parent):
                with self._locked(fcntl.LOCK_EX):
                    self._insert_somehow(batches)

    def size(self) -> int:
        """How large the file is, in bytes."""
        with suppress(OSError):
            return self.path.stat().st_size
        return 0

    def _select(self, queries: Iterable[tuple[str, Row]]) -> list[Row]:
        state = self._state()
        try:
            with closing(self._connect("rw")) as database:
                database.execute("BEGIN")
                if _version(database) != _VERSION:
                    return []
                return [row for sql, values in queries for row in database.execute(sql, values)]
        except sqlite3.Error as error:
            if _is_spoilt(error):
                self._spoilt = state
            raise

    def _insert_somehow(self, batches: Iterable[tuple[str, Sequence[Row]]]) -> None:
        # In another state than we read it in, somebody else has mended it.
        if self.size() > _LARGEST or (self._spoilt and self._spoilt == self._state()):
            self._remove()
        try:
            self._insert(batches)
        except sqlite3.Error as error:
            if not _is_spoilt(error):
                raise
            self._remove()
            self._insert(batches)

    def _state(self) -> tuple[int, ...]:
        with suppress(OSError):
            found = self.path.stat()
            return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
        return ()

    def _insert(self, batches: Iterable[tuple[str, Sequence[Row]]]) -> None:
        with closing(self._connect("rwc")) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute("BEGIN IMMEDIATE")
            if _version(database) != _VERSION:
                for sql in (*self._tables, f"PRAGMA user_version = {_VERSION}"):
                    database.execute(sql)
            for sql, rows in batches:
                database.executemany(sql, rows)
            database.execute("COMMIT")

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        """Keeps others from a file that is removed, or given its form, by one process only.

        SQLite's own locks are in the file, and what is done to the file itself they do not guard.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.path.with_suffix(".lock"), flags, 0o600)
        try:
            until = time.monotonic() + self._patience
            while not _has_lock(descriptor, how):
                if time.monotonic() > until:
                    # A run waits for that once: whoever holds on so long may never let go.
                    self._patience = 0.0
                    raise TimeoutError("another process does not let go of the cache")
                time.sleep(_LOOK_SECONDS)
            yield
        finally:
            os.close(descriptor)

    def _connect(self, mode: str) -> sqlite3.Connection:
        address = f"{self.path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(address, self._patience, isolation_level=None, uri=True)

    def _remove(self) -> None:
        # The database goes last: without it, its log would be taken for that of the next one.
        for suffix in ("-wal", "-shm", ""):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


def _has_lock(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _version(database: sqlite3.Connection) -> int:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return int(version)


def _is_spoilt(error: sqlite3.Error) -> bool:
    # What Python itself cannot make sense of, as text that is not UTF-8, has no code.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _SPOILT


def _is_private(folder: Path) -> bool:
    """Whether nobody else can put a cache there for us to believe."""
    found = folder.stat()
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
