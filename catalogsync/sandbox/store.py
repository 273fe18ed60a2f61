"""The state of a sandbox: documents in SQLite, contents on disk.

A model or an asset is one JSON document; the columns beside it exist to be searched and ordered.
Each thread has its own connection, and any number of processes may share a directory: readers
never wait (WAL), and whatever reads in order to write takes the write lock first.

Where a statement looks ids up, it says `+project`: the plus keeps SQLite from walking the index of
the whole project instead.
"""

import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS models (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, project TEXT NOT NULL,
    status TEXT NOT NULL, created TEXT NOT NULL, deleted TEXT,
    description TEXT NOT NULL DEFAULT '', guide TEXT NOT NULL DEFAULT '', doc TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS models_created ON models (project, created, seq);
CREATE TABLE IF NOT EXISTS assets (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, project TEXT NOT NULL,
    type TEXT NOT NULL, parent TEXT, author TEXT NOT NULL,
    created TEXT NOT NULL, updated TEXT NOT NULL, deleted TEXT, doc TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS assets_created ON assets (project, created, seq);
CREATE INDEX IF NOT EXISTS assets_updated ON assets (project, updated, seq);
CREATE TABLE IF NOT EXISTS collections (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, project TEXT NOT NULL,
    name TEXT NOT NULL, thumbnail TEXT, created TEXT NOT NULL, updated TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS members (
    item TEXT NOT NULL, collection TEXT NOT NULL, kind TEXT NOT NULL,
    PRIMARY KEY (item, collection)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS members_of ON members (collection, kind);
CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, project TEXT NOT NULL, doc TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changes (
    model TEXT PRIMARY KEY, due REAL NOT NULL, fields TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS changes_due ON changes (due);
CREATE TABLE IF NOT EXISTS jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, project TEXT NOT NULL,
    type TEXT NOT NULL, created TEXT NOT NULL, doc TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS jobs_created ON jobs (project, created, seq);
"""

_BUSY_S = 30


class Store:
    """The database and the folder of contents under one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._local = threading.local()
        self._guard = threading.Lock()
        self._open: list[sqlite3.Connection] = []
        (directory / "contents").mkdir(parents=True, exist_ok=True)
        (directory / "parts").mkdir(exist_ok=True)
        (directory / "weights").mkdir(exist_ok=True)
        # Wherever in a repository it lies, it is no part of that.
        (directory / ".gitignore").write_text("*\n")
        with self.writing() as db:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute("INSERT OR IGNORE INTO meta VALUES ('secret', ?)", [secrets.token_hex(32)])

    @property
    def db(self) -> sqlite3.Connection:
        """This thread's connection."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._connect()
        return found

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock from its first statement."""
        db = self.db
        if db.in_transaction:  # part of a larger write
            yield db
            return
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")

    def secret(self) -> str:
        """What signed URLs are signed with, shared by all processes on this directory."""
        row = self.db.execute("SELECT value FROM meta WHERE name = 'secret'").fetchone()
        return str(row[0])

    def content(self, asset_id: str) -> Path:
        """Where the bytes of an asset are."""
        # The last characters are random; the first ones are the same for all.
        return self._directory / "contents" / asset_id[-2:] / asset_id

    def parts(self, upload_id: str) -> Path:
        """The folder of what has arrived of an upload."""
        return self._directory / "parts" / upload_id

    def weights(self, name: str) -> Path:
        """Where the weights of a model are."""
        return self._directory / "weights" / name

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._guard:
            for connection in self._open:
                connection.close()
            self._open.clear()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self._directory / "sandbox.sqlite3",
            timeout=_BUSY_S,
            isolation_level=None,
            check_same_thread=False,  # close() is called by another thread
        )
        _use_wal(db)
        # A power cut may lose the last writes of a sandbox, never its consistency.
        db.execute("PRAGMA synchronous = NORMAL")
        with self._guard:
            self._open.append(db)
        return db


def _use_wal(db: sqlite3.Connection) -> None:
    """Switch to WAL, patiently: SQLite does not wait for others when it changes the mode."""
    deadline = time.monotonic() + _BUSY_S
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
