"""Where a journal is decides what keeps it: a path a file of SQLite, `postgresql://` a shared database. Everything
that depends on it is chosen here, and what only a shared database needs is loaded only for one."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from reconciler.core.record import Record
from reconciler.errors import JournalError
from reconciler.journal import lock, sqlite
from reconciler.journal.sqlite import SqliteStore
from reconciler.journal.store import Store

if TYPE_CHECKING:
    from reconciler.journal.postgresql import Database


def open_journal(where: str) -> Store | None:
    """The journal at `where`, a path or a database URL, to read; None where there is none yet. Close it after use.

    Raises `JournalError` when it can't be opened or isn't a journal."""
    if database := _shared(where):
        return _checked(database.open())
    path = _path(where)
    if not path.exists() and not path.is_symlink():
        return None
    sqlite.prepare(path, create=False)
    return _checked(SqliteStore(path))


@contextmanager
def lock_journal(where: str, *, run: str) -> Iterator[Store]:
    """The journal at `where` to read and write, made where it is missing, its lock held until the end.

    Raises `LockHeld`, naming the holder, and `JournalError`."""
    with ExitStack() as stack:
        if database := _shared(where):
            store: Store = stack.enter_context(database.lock(run=run))
        else:
            path = _path(where)
            held = stack.enter_context(lock.Lock(str(path), run=run))
            sqlite.make_folder(path)
            made = make_journal(path)
            sqlite.prepare(path, create=False)
            store = SqliteStore(path, fence=held.check)
            store.new = made
            stack.callback(store.close)
        store.check(create=True)
        yield store


def append_journal(where: str, records: Sequence[Record]) -> None:
    """Append `records` to the journal at `where`, made where it is missing. No lock is taken: what they say must hold
    whatever an apply is doing. Raises `LockHeld`, only where it is to be made, and `JournalError`."""
    if (store := open_journal(where)) is None:
        with lock_journal(where, run=records[0].run) as made:
            made.write(records)
        return
    try:
        store.write(records)
    finally:
        store.close()


def find_holder(where: str) -> str | None:
    """Who holds the lock of the journal at `where`, for people; None if nobody does. Raises `JournalError`."""
    if database := _shared(where):
        return database.find_holder()
    return lock.holder(str(_path(where)))


def break_lock(where: str) -> str | None:
    """Take the lock from whoever holds it; who that was, None if nobody held it.

    Raises `JournalError` where it can't be taken: the lock of a file ends with its process and not before."""
    if database := _shared(where):
        return database.break_lock()
    if (holder := lock.holder(str(_path(where)))) is None:
        return None
    raise JournalError(f"{where}: held by {holder}; the lock of a file ends with its process: end that one")


def journal_name(where: str) -> str:
    """What messages call the journal at `where`: no password is in it. Raises `JournalError`."""
    database = _shared(where)
    return str(_path(where)) if database is None else database.name


def journal_command(where: str) -> str:
    """The journal at `where` as a command line names it: no password is in it. Raises `JournalError`."""
    database = _shared(where)
    return str(_path(where)) if database is None else database.command


_FILE: Final = "sqlite:///"


def _path(where: str) -> Path:
    return Path(where.removeprefix(_FILE))


def _shared(where: str) -> "Database | None":
    """The database at `where`, None where that is a file."""
    if "://" not in where and where.lower().startswith("postgres") and ":" in where:
        raise JournalError("the address of a database begins with postgresql://")  # no file: it may hold a password
    if "://" not in where or where.startswith(_FILE):
        return None
    from reconciler.journal.postgresql import Database

    return Database(where)


def make_journal(path: Path) -> bool:
    """Make the journal at `path` where there is none, whole or not at all: an empty one is then a damaged one."""
    if path.exists() or path.is_symlink():
        return False
    part = path.with_name(f".{path.name}.{token_hex(4)}.part")
    try:
        sqlite.prepare(part, create=True)
        store = SqliteStore(part, where=str(path))
        try:
            store.check(create=True)
        finally:
            store.close()
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise JournalError(f"journal {path}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return True


def _checked(store: Store) -> Store | None:
    there = False
    try:
        there = store.check(create=False)
    finally:
        if not there:
            store.close()
    return store if there else None
