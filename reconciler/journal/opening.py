"""Where a journal is decides what keeps it: a path a file of SQLite, `postgresql://` a shared database. Everything
that depends on it is chosen here."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Final, TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from reconciler.core.record import Record
from reconciler.errors import JournalError
from reconciler.journal import lock, postgresql, sqlite
from reconciler.journal.store import Store, short

Result = TypeVar("Result")


def open_journal(where: str) -> Store | None:
    """The journal at `where`, a path or a database URL, to read; None where there is none yet. Close it after use.

    Raises `JournalError` when it can't be opened or isn't a journal."""
    if url := _shared(where):
        return _checked(_reached(url, lambda: Store(_shown(url), postgresql.open_engine(url))))
    path = _path(where)
    if not path.exists() and not path.is_symlink():
        return None
    sqlite.prepare(path, create=False)
    return _checked(Store(str(path), sqlite.open_engine(path)))


@contextmanager
def lock_journal(where: str, *, run: str) -> Iterator[Store]:
    """The journal at `where` to read and write, made where it is missing, its lock held until the end.

    Raises `LockHeld`, naming the holder, and `JournalError`."""
    with ExitStack() as stack:
        if url := _shared(where):
            connection = stack.enter_context(_connection(url))
            _reached(url, lambda: postgresql.take_lock(connection, _shown(url), run=run))
            store = Store(_shown(url), connection.engine, held=connection)
        else:
            path = _path(where)
            held = stack.enter_context(lock.Lock(str(path), run=run))
            sqlite.make_folder(path)
            made = make_journal(path)
            sqlite.prepare(path, create=False)
            store = Store(str(path), sqlite.open_engine(path), fence=held.check)
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
    if url := _shared(where):
        with _connection(url) as connection:
            return _reached(url, lambda: postgresql.find_holder(connection))
    return lock.holder(str(_path(where)))


def break_lock(where: str) -> str | None:
    """Take the lock from whoever holds it; who that was, None if nobody held it.

    Raises `JournalError` where it can't be taken: the lock of a file ends with its process and not before."""
    if url := _shared(where):
        with _connection(url) as connection:
            return _reached(url, lambda: postgresql.break_lock(connection, _shown(url)))
    if (holder := lock.holder(str(_path(where)))) is None:
        return None
    raise JournalError(f"{where}: held by {holder}; the lock of a file ends with its process: end that one")


def journal_name(where: str) -> str:
    """What messages call the journal at `where`: no password is in it. Raises `JournalError`."""
    url = _shared(where)
    return str(_path(where)) if url is None else _shown(url)


_FILE: Final = "sqlite:///"


def _path(where: str) -> Path:
    return Path(where.removeprefix(_FILE))


def _shared(where: str) -> URL | None:
    if "://" not in where and where.lower().startswith("postgres") and ":" in where:
        raise JournalError("the address of a database begins with postgresql://")  # no file: it may hold a password
    if "://" not in where or where.startswith(_FILE):
        return None
    try:
        url = make_url(where)
    except (ArgumentError, ValueError) as error:
        raise JournalError(f"{where.split('://')[0]}://…: not a database address that is understood") from error
    if "@" in (url.host or ""):
        raise JournalError("postgresql://…: a user name or password that holds an @ is written with %40 instead")
    if url.get_backend_name() not in ("postgresql", "postgres"):
        kind = url.get_backend_name()
        raise JournalError(f"{kind}://…: a journal is a path, sqlite:///PATH or postgresql://USER@HOST/DATABASE")
    return url


def journal_command(where: str) -> str:
    """The journal at `where` as a command line names it; a password is left for PGPASSWORD or ~/.pgpass."""
    url = _shared(where)
    if url is None:
        return str(_path(where))
    return url.set(password=None).difference_update_query(["password"]).render_as_string(hide_password=True)


def _shown(url: URL) -> str:
    """What messages call a database: its address without user, password and options."""
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{url.host or ''}{port}/{url.database or ''}"


@contextmanager
def _connection(url: URL) -> Iterator[Connection]:
    connection = _reached(url, lambda: postgresql.open_engine(url).connect())
    try:
        yield connection
    finally:
        connection.close()


def _reached(url: URL, work: Callable[[], Result]) -> Result:
    try:
        return work()
    except ImportError as error:
        raise JournalError("a journal in PostgreSQL needs its driver: pip install 'reconciler[postgresql]'") from error
    except SQLAlchemyError as error:
        raise JournalError(f"journal {_shown(url)}: {short(error)}") from error


def make_journal(path: Path) -> bool:
    """Make the journal at `path` where there is none, whole or not at all: an empty one is then a damaged one."""
    if path.exists() or path.is_symlink():
        return False
    part = path.with_name(f".{path.name}.{token_hex(4)}.part")
    try:
        sqlite.prepare(part, create=True)
        store = Store(str(path), sqlite.open_engine(part))
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
