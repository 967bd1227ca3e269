"""A journal in PostgreSQL, for runners that are thrown away: how it is reached, and the lock that the database holds.

The lock belongs to one connection, and all writes go over that same connection: a run that lost it, or had it taken
away, can write no further intent, and so starts nothing more. SQLAlchemy is loaded with this module, and so only where
a journal is in PostgreSQL."""

import os
import socket
import zlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    MetaData,
    NullPool,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from reconciler.errors import JournalError, LockHeld
from reconciler.journal.rows import Row
from reconciler.journal.store import ABOUT, Store, not_ours, short

_LOCK: Final = 0x7265636F
"""The first half of the lock's number; the second is drawn from the name of the schema."""

_REACHING: Final = {
    "connect_timeout": "10",
    # A database that is gone without a word is noticed within a minute.
    "keepalives_idle": "20",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}

_SESSION: Final = (
    # The other way round: a runner that vanished keeps its lock no longer than this.
    "SET tcp_keepalives_idle = 20",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
    # A table that somebody else has locked is like one that cannot be written.
    "SET lock_timeout = '10s'",
    "SET statement_timeout = '2min'",
    "SET idle_in_transaction_session_timeout = 0",
    # What is written must be on disk, whatever the server's own default.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
)

_HOLDER: Final = text(
    "SELECT a.pid, a.application_name, a.backend_start FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.classid = :group AND l.objid = :number AND l.objsubid = 2"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)

_metadata = MetaData()
_about = Table("about", _metadata, Column("name", String(64), primary_key=True), Column("value", Text, nullable=False))
_records = Table(
    "records",
    _metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=True),
    Column("run", String(64), nullable=False),
    Column("address", String(600), index=True),
    Column("body", Text, nullable=False),
    Column("checksum", BigInteger, nullable=False),
)

_TOGETHER: Final = text(
    "INSERT INTO records (run, address, body, checksum) SELECT run, address, body, checksum FROM"
    " unnest(CAST(:run AS text[]), CAST(:address AS text[]), CAST(:body AS text[]), CAST(:checksum AS bigint[]))"
    " WITH ORDINALITY AS given (run, address, body, checksum, place) ORDER BY place"
)
"""However many records: one statement, one journey to a database that may be far away."""


class Database:
    """The database at the address `where`; nothing is asked of it yet. Raises `JournalError`, without the password,
    where that is no address of PostgreSQL."""

    def __init__(self, where: str) -> None:
        try:
            url = make_url(where)
        except (ArgumentError, ValueError) as error:
            kind = where.split("://")[0]
            raise JournalError(f"{kind}://…: not a database address that is understood") from error
        if "@" in (url.host or ""):
            raise JournalError("postgresql://…: a user name or password that holds an @ is written with %40 instead")
        if url.get_backend_name() not in ("postgresql", "postgres"):
            kind = url.get_backend_name()
            raise JournalError(f"{kind}://…: a journal is a path, sqlite:///PATH or postgresql://USER@HOST/DATABASE")
        self._url = url

    @property
    def name(self) -> str:
        """What messages call it: its address without user, password and options."""
        port = f":{self._url.port}" if self._url.port else ""
        return f"postgresql://{self._url.host or ''}{port}/{self._url.database or ''}"

    @property
    def command(self) -> str:
        """What a command line calls it; a password is left for PGPASSWORD or ~/.pgpass."""
        url = self._url.set(password=None).difference_update_query(["password"])
        return url.render_as_string(hide_password=True)

    def open(self) -> "PostgresStore":
        """The journal in it, to be looked for. Raises `JournalError`."""
        with self._errors():
            return PostgresStore(self.name, self._engine())

    @contextmanager
    def lock(self, *, run: str) -> Iterator["PostgresStore"]:
        """The journal in it, to be looked for, its lock held until the end. Raises `LockHeld`, naming the holder, and
        `JournalError`."""
        with ExitStack() as stack:
            with self._errors():
                connection = stack.enter_context(self._engine().connect())
                _take_lock(connection, self.name, run=run)
            store = PostgresStore(self.name, connection.engine, held=connection)
            stack.callback(store.close)
            yield store

    def find_holder(self) -> str | None:
        """Who holds the lock now, for people; None if nobody does. Raises `JournalError`."""
        with self._errors(), self._engine().connect() as connection:
            return _find_holder(connection)

    def break_lock(self) -> str | None:
        """End the connection of the run that holds the lock: it can write, and so start, nothing more. Returns who it
        was, None if nobody. Raises `JournalError`, also where the database does not allow it."""
        with self._errors(), self._engine().connect() as connection:
            return _break_lock(connection, self.name)

    def _engine(self) -> Engine:
        """Makes each connection when it is needed and closes it after. Opens none yet."""
        reaching = {name: value for name, value in _REACHING.items() if name not in self._url.query}
        engine = create_engine(
            self._url.set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",  # each write is one statement, whole or not at all, and one journey
            connect_args={**reaching, "application_name": "reconciler"},
        )
        event.listen(engine, "connect", _prepare)
        return engine

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except ImportError as error:
            driver = "pip install 'reconciler[postgresql]'"
            raise JournalError(f"a journal in PostgreSQL needs its driver: {driver}") from error
        except SQLAlchemyError as error:
            raise JournalError(f"journal {self.name}: {short(error)}") from error


class PostgresStore(Store):
    """The journal in a database. With `held`, the one connection that holds the journal's lock, all is written over
    that: once it is lost, nothing can be written any more."""

    _error = SQLAlchemyError

    def __init__(self, where: str, engine: Engine, *, held: Connection | None = None) -> None:
        super().__init__(where)
        self._engine, self._held = engine, held

    def abort(self) -> None:
        """Cut the connection that holds the lock."""
        if self._held is None or self._held.invalidated:
            return
        with suppress(Exception):  # it may be ending by itself at this moment
            handle = self._held.connection.driver_connection.fileno()  # type: ignore[union-attr]
            with socket.socket(fileno=socket.dup(handle)) as link:
                link.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close what connections there are, but not the one that holds the lock."""
        self._engine.dispose()

    def _look(self, *, create: bool) -> Mapping[str, str] | None:
        with self._connection() as connection, _whole(connection, change=create):
            tables = inspect(connection).get_table_names()
            about: dict[str, str] = {}
            if _about.name in tables:
                about = {row.name: row.value for row in connection.execute(select(_about))}
            elif _records.name in tables:  # a database may hold other things as well
                raise not_ours(self.where)
            elif not create:
                return None
            if about or not create:
                return about
            _metadata.create_all(connection)
            connection.execute(insert(_about), [{"name": name, "value": value} for name, value in ABOUT.items()])
        self.new = True
        return ABOUT

    def _append(self, rows: Sequence[Row]) -> None:
        columns = zip(("run", "address", "body", "checksum"), zip(*rows, strict=True), strict=True)
        with self._connection() as connection, connection.begin():
            connection.execute(_TOGETHER, {name: list(values) for name, values in columns})

    def _bodies(self, address: str | None) -> Generator[tuple[bytes, int], None, None]:
        query = select(_records.c.body, _records.c.checksum).order_by(_records.c.seq)
        if address is not None:
            query = query.where(_records.c.address == address)
        with self._engine.connect() as connection:
            for body, checksum in connection.execute(query):
                yield body.encode(), checksum

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        if self._held is None:
            with self._engine.connect() as connection:
                yield connection
        elif self._held.invalidated or self._held.closed:
            raise JournalError(f"journal {self.where}: the connection was lost, and the lock with it")
        else:
            yield self._held


@contextmanager
def _whole(connection: Connection, *, change: bool) -> Iterator[None]:
    """All that is done inside is done together, or not at all; the database is in autocommit otherwise."""
    with connection.begin():
        if change:
            connection.exec_driver_sql("BEGIN")
        try:
            yield
        except BaseException:
            if change:
                connection.exec_driver_sql("ROLLBACK")
            raise
        if change:
            connection.exec_driver_sql("COMMIT")


def _prepare(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        for statement in _SESSION:
            cursor.execute(statement)
    connection.commit()


def _take_lock(connection: Connection, where: str, *, run: str) -> None:
    """Take the lock of the journal that `connection` reaches; it is held until the connection ends."""
    name = f"reconciler run {run}, process {os.getpid()} on {socket.gethostname()}"
    with connection.begin():
        connection.execute(text("SELECT set_config('application_name', :name, false)"), {"name": name[:63]})
        taken = connection.scalar(text("SELECT pg_try_advisory_lock(:group, :number)"), _number(connection))
    if not taken:
        holder = _find_holder(connection) or "a run that is just ending"
        raise LockHeld(
            f"another run holds the lock of {where}: {holder}; try again, or use --lock-timeout 5m;"
            " of a run that is known to be dead: reconciler lock --break, with the same --journal"
        )


def _find_holder(connection: Connection) -> str | None:
    with connection.begin():
        found = connection.execute(_HOLDER, _number(connection)).first()
    return None if found is None else _words(found.application_name, found.backend_start)


def _break_lock(connection: Connection, where: str) -> str | None:
    with connection.begin():
        found = connection.execute(_HOLDER, _number(connection)).first()
        if found is None:
            return None
        # Waits until it has ended, so that the lock is free on return.
        ended = connection.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": found.pid})
    words = _words(found.application_name, found.backend_start)
    if not ended:
        raise JournalError(f"{where}: the connection of {words} did not end")
    return words


def _number(connection: Connection) -> dict[str, int]:
    schema = connection.scalar(text("SELECT current_schema()")) or ""
    return {"group": _LOCK, "number": zlib.crc32(schema.encode()) & 0x7FFFFFFF}


def _words(name: str | None, since: datetime | None) -> str:
    who = (name or "").removeprefix("reconciler ") or "holder unknown"
    return f"{who}, since {since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if since else who
