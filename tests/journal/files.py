"""Journals in files, made without the lock that a run takes first."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from zlib import crc32

from reconciler.journal import sqlite
from reconciler.journal.opening import make_journal
from reconciler.journal.sqlite import SqliteStore


def made(path: Path | str) -> SqliteStore:
    """The journal at `path`, made where it is missing."""
    sqlite.make_folder(Path(path))
    make_journal(Path(path))
    sqlite.prepare(Path(path), create=False)
    store = SqliteStore(Path(path))
    try:
        store.check(create=True)
    except BaseException:
        store.close()
        raise
    return store


def altered(path: Path, statement: str, *values: str) -> None:
    """Change a journal by hand as somebody would who knows how it is made: checksums and all."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)
        connection.create_function("crc32", 1, lambda body: crc32(body if isinstance(body, bytes) else body.encode()))
        with suppress(sqlite3.OperationalError):  # where there are no records (any more)
            connection.execute("UPDATE records SET checksum = crc32(body)")
