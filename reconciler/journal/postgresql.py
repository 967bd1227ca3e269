"""A journal in PostgreSQL, for runners that are thrown away: how it is reached, and the lock that the database holds.

The lock belongs to one connection, and all writes go over that same connection: a run that lost it, or had it taken
away, can write no further intent, and so starts nothing more."""

import os
import socket
import zlib
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.engine import URL

from reconciler.errors import JournalError, LockHeld

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


def open_engine(url: URL) -> Engine:
    """The database at `url`, each connection made when it is needed and closed after. Opens none yet."""
    reaching = {name: value for name, value in _REACHING.items() if name not in url.query}
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",  # each write is one statement, whole or not at all, and one journey
        connect_args={**reaching, "application_name": "reconciler"},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            for statement in _SESSION:
                cursor.execute(statement)
        connection.commit()

    return engine


def take_lock(connection: Connection, where: str, *, run: str) -> None:
    """Take the lock of the journal that `connection` reaches; it is held until the connection ends.

    Raises `LockHeld`, naming the holder."""
    name = f"reconciler run {run}, process {os.getpid()} on {socket.gethostname()}"
    with connection.begin():
        connection.execute(text("SELECT set_config('application_name', :name, false)"), {"name": name[:63]})
        taken = connection.scalar(text("SELECT pg_try_advisory_lock(:group, :number)"), _number(connection))
    if not taken:
        holder = find_holder(connection) or "a run that is just ending"
        raise LockHeld(
            f"another run holds the lock of {where}: {holder}; try again, or use --lock-timeout 5m;"
            " of a run that is known to be dead: reconciler lock --break, with the same --journal"
        )


def find_holder(connection: Connection) -> str | None:
    """Who holds the lock now, for people; None if nobody does."""
    with connection.begin():
        found = connection.execute(_HOLDER, _number(connection)).first()
    return None if found is None else _words(found.application_name, found.backend_start)


def break_lock(connection: Connection, where: str) -> str | None:
    """End the connection of the run that holds the lock: it can write, and so start, nothing more. Returns who it was,
    None if nobody. Raises `JournalError` where the database does not allow it."""
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
