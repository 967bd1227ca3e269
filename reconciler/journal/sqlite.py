"""A journal in a file: who may open it, and how SQLite keeps it."""

import os
import sqlite3
import stat
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from reconciler.errors import JournalError
from reconciler.folders import is_writable
from reconciler.journal.rows import Row
from reconciler.journal.store import ABOUT, AGAIN, Store, not_ours, short

_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS about (name VARCHAR(64) NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name))",
    "CREATE TABLE IF NOT EXISTS records (seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, run VARCHAR(64) NOT NULL,"
    " address VARCHAR(600), body TEXT NOT NULL, checksum BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS ix_records_address ON records (address)",
)

_FOUND: Final = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"

_WHOLE: Final = (
    "SELECT count(*) = ifnull(max(seq), 0) AND ifnull(min(seq), 1) = 1"
    " AND ifnull(max(seq), 0) = ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'records'), 0) FROM records"
)
"""Records are numbered from 1 without a gap, and SQLite remembers the last number that it gave."""


class SqliteStore(Store):
    """The journal in the file at `path`. `fence` is called before each write and raises where none may be made."""

    _error = sqlite3.Error

    def __init__(self, path: Path, *, where: str = "", fence: Callable[[], object] = lambda: None) -> None:
        super().__init__(where or str(path))
        self._path = path.absolute()  # whatever the folder is when a connection is made
        self._fence = fence
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    def abort(self) -> None:
        """Nothing: SQLite answers within seconds by itself."""

    def close(self) -> None:
        """Close the file; whoever is still at it closes it when done."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _look(self, *, create: bool) -> Mapping[str, str] | None:
        with self._connection() as connection:
            if create:
                connection.execute("BEGIN IMMEDIATE")
            tables = connection.execute(_FOUND).fetchall()
            if tables and ("about",) not in tables:
                raise not_ours(self.where)
            about = dict(connection.execute("SELECT about.name, about.value FROM about")) if tables else {}
            if about or not create:
                return about if tables else None
            for statement in _TABLES:
                connection.execute(statement)
            connection.executemany("INSERT INTO about (name, value) VALUES (?, ?)", ABOUT.items())
            connection.commit()
            self.new = True
            return ABOUT

    def _append(self, rows: Sequence[Row]) -> None:
        self._fence()
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO records (run, address, body, checksum) VALUES (?, ?, ?, ?)", rows)
            connection.commit()

    def _bodies(self, address: str | None) -> Generator[tuple[bytes, int], None, None]:
        with self._connection() as connection:
            # SQLite reads a damaged file as far as it can, and may find fewer records without a word.
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise JournalError(f"journal {self.where} is damaged: {short(Exception(str(found)))}")
            (whole,) = connection.execute(_WHOLE).fetchone()
            if not whole:
                raise JournalError(f"journal {self.where} is damaged: records are missing{AGAIN}")
            of_one, which = ("", ()) if address is None else (" WHERE address = ?", (address,))
            # The bytes as they lie there: they are checked and decoded without being made text first.
            query = f"SELECT CAST(body AS BLOB), checksum FROM records{of_one} ORDER BY seq"
            with closing(connection.execute(query, which)) as rows:
                yield from rows

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection that nobody else has meanwhile. What is not committed at the end is undone."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = connect(self._path)
        try:
            yield connection
        finally:
            self._give_back(connection)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        usable = False
        try:
            connection.rollback()
            usable = not self._closed
        finally:
            if usable:
                self._idle.append(connection)
            else:
                connection.close()


def connect(path: Path) -> sqlite3.Connection:
    """The database in the file at `path`, for any thread, but one at a time. Raises `sqlite3.Error`."""
    connection = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
    try:
        # One file that can be copied from runner to runner, and a commit that survives a power cut.
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA synchronous=EXTRA")
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(path: Path, *, create: bool) -> None:
    """Make sure that `path` is ours to use: no symlink, no file of another user or that others can write, none of
    another kind, none that was cut to nothing. With `create` an empty one is made where it is missing, mode 0600.

    Raises `JournalError`."""
    try:
        # Not blocking: a named pipe in its place must not hold the run for ever.
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        raise JournalError(f"journal {path}: {error.strerror}") from error
    try:
        _check(path, handle, create=create)
    finally:
        os.close(handle)


def make_folder(path: Path) -> None:
    """Make the folder of `path`, mode 0700, where it is missing. Raises `JournalError` if it can't be written in:
    SQLite puts a second file beside the first, and that is better heard before anything is asked of a platform."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(f"journal {path}: {error.strerror}") from error
    if not is_writable(path.parent):
        raise JournalError(f"journal {path}: nothing can be written in {path.parent}")


def _check(path: Path, handle: int, *, create: bool) -> None:
    about = os.fstat(handle)
    if not stat.S_ISREG(about.st_mode):
        raise JournalError(f"journal {path}: not a file")
    if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise JournalError(f"journal {path} can be written by others: chmod 600 {path}")
    # Root may use anybody's: in containers it runs over files of the runner's user.
    if os.geteuid() not in (0, about.st_uid) and about.st_uid != 0:
        raise JournalError(f"journal {path} belongs to another user (number {about.st_uid})")
    if about.st_size == 0 and not create:
        raise JournalError(f"journal {path} is empty: it was cut short; put it back, or remove it to begin a new one")
    # SQLite takes a short file of anything for an empty database.
    if os.read(handle, 16).strip(b"\0") not in (b"", b"SQLite format 3"):
        raise JournalError(f"{path} is not a journal of reconciler, nor any database")
