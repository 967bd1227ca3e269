"""Where a trial's journal is, and what it holds: the one place that knows files from databases.

With `RECONCILER_TEST_POSTGRES=postgresql://...` all trials keep their journals there, each in a schema of its own."""

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final
from zlib import crc32

from reconciler.core.record import Record
from reconciler.journal.opening import find_holder, lock_journal, open_journal

NOTICED: Final = 1.0
"""Seconds until a database notices that the connection of a killed process is gone; a file's lock is free at once."""


def postgres() -> str | None:
    """The database that journals are kept in, None for files."""
    return os.environ.get("RECONCILER_TEST_POSTGRES")


def journal_at(folder: Path) -> str:
    """The journal of whatever happens in `folder`: the same one for the same folder."""
    database = postgres()
    if database is None:
        return str(folder / ".reconciler" / "journal.db")
    schema = f"kills_{os.getpid()}_{crc32(str(folder).encode()):08x}"
    _run(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    return f"{database}{'&' if '?' in database else '?'}options=-csearch_path%3D{schema}"


def forget(folder: Path) -> None:
    """Take the journal away, as a runner does that is thrown away."""
    if postgres() is None:
        shutil.rmtree(folder / ".reconciler", ignore_errors=True)
    else:
        _run(f'DROP SCHEMA IF EXISTS "{journal_at(folder).rsplit("%3D", 1)[1]}" CASCADE')


def records_in(journal: str) -> tuple[Record, ...]:
    """Everything in the journal; nothing where there is none yet. Raises `JournalError` where it can't be read.

    A file is read in a copy: what a killed process left half done stays there for the next one to deal with."""
    if postgres() is not None:
        return _read(journal)
    with tempfile.TemporaryDirectory() as copies:
        for file in Path(journal).parent.glob("journal.db*"):
            shutil.copy2(file, copies)
        return _read(str(Path(copies) / "journal.db"))


def declare(journal: str, records: tuple[Record, ...]) -> None:
    """Write what was said or done before the trial."""
    with lock_journal(journal, run="r-before") as store:
        store.write(records)


def wait_until_free(journal: str) -> None:
    """Wait until the lock of a killed process is free."""
    ends = time.monotonic() + (0.0 if postgres() is None else NOTICED)
    while (holder := find_holder(journal)) is not None:
        assert time.monotonic() < ends, f"still held after its process was killed: {holder}"
        time.sleep(0.01)


def _read(journal: str) -> tuple[Record, ...]:
    store = open_journal(journal)
    if store is None:
        return ()
    try:
        return tuple(store.read())
    finally:
        store.close()


def _run(statement: str) -> None:
    from sqlalchemy import create_engine, text
    from sqlalchemy.engine import make_url

    url = make_url(postgres() or "").set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()
