"""The journal's records: in, and out again, each durable before `write` returns. Decides nothing."""

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from zlib import crc32

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from reconciler.core.record import NEEDS, Record
from reconciler.errors import JournalError

FORMAT = "reconciler/journal"
FORMAT_VERSION = "2.1"

_metadata = MetaData()
_about = Table("about", _metadata, Column("name", String(64), primary_key=True), Column("value", Text, nullable=False))
_records = Table(
    "records",
    _metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("run", String(64), nullable=False),
    Column("address", String(600), index=True),
    Column("body", Text, nullable=False),
    Column("checksum", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

_TOGETHER = text(
    "INSERT INTO records (run, address, body, checksum) SELECT run, address, body, checksum FROM"
    " unnest(CAST(:run AS text[]), CAST(:address AS text[]), CAST(:body AS text[]), CAST(:checksum AS bigint[]))"
    " WITH ORDINALITY AS given (run, address, body, checksum, place) ORDER BY place"
)
"""However many records: one statement, one journey to a database that may be far away."""


_GARBLED = (TypeError, AttributeError, UnicodeError)
"""What a damaged file may lead to when it is read: text that is none."""


class Store:
    """An append-only list of records in a database. `where` names it in messages. With `held`, the one connection
    that holds the journal's lock, all is written over that: once it is lost, nothing can be written any more. `fence`
    is called before each write and raises where none may be made."""

    def __init__(
        self, where: str, engine: Engine, held: Connection | None = None, fence: Callable[[], object] = lambda: None
    ) -> None:
        self.where = where
        self._engine, self._held, self._fence = engine, held, fence
        self.new = False
        """Whether `check` has made it: nothing is remembered of earlier runs."""

    def check(self, *, create: bool) -> bool:
        """Whether there is a journal; with `create` it is made where there is none.

        Raises `JournalError` where there is something else."""
        try:
            with self._connection() as connection, _whole(connection, change=create):
                return self._check(connection, create)
        except (SQLAlchemyError, *_GARBLED) as error:
            raise JournalError(f"journal {self.where}: {short(error)}") from error

    def write(self, records: Sequence[Record]) -> None:
        """Append `records`, all or none; they are on disk when this returns. Raises `JournalError`."""
        rows = [_row(record) for record in records]
        self._fence()
        try:
            with self._connection() as connection, connection.begin():
                connection.execute(*_appending(connection, rows))
        except SQLAlchemyError as error:
            raise JournalError(f"journal {self.where} cannot be written: {short(error)}") from error

    def read(self, address: str | None = None) -> Iterator[Record]:
        """Every record, the oldest first; only those of one model where `address` is given. Raises `JournalError`."""
        query = select(_records.c.body, _records.c.checksum).order_by(_records.c.seq)
        if address is not None:
            query = query.where(_records.c.address == address)
        try:
            with self._engine.connect() as connection:
                self._look_over(connection)
                for body, checksum in connection.execute(query):
                    if _checksum(body) != checksum:
                        raise JournalError(f"journal {self.where} is damaged: a record is not what was written")
                    yield _decode(body)
        except SQLAlchemyError as error:
            raise JournalError(f"journal {self.where} cannot be read: {short(error)}") from error
        except (msgspec.MsgspecError, *_GARBLED) as error:
            raise JournalError(f"journal {self.where} holds a record that cannot be read: {error}") from error

    def abort(self) -> None:
        """Make a write that another thread waits for fail now, where that is possible: its answer is waited for no
        longer."""
        if self._held is None or self._held.invalidated:
            return
        with suppress(Exception):  # it may be ending by itself at this moment
            handle = self._held.connection.driver_connection.fileno()  # type: ignore[union-attr]
            with socket.socket(fileno=socket.dup(handle)) as link:
                link.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the file or connection."""
        self._engine.dispose()

    def _look_over(self, connection: Connection) -> None:
        """SQLite reads a damaged file as far as it can, and may find fewer records without a word."""
        if connection.dialect.name == "sqlite":
            found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
            if found != "ok":
                raise JournalError(f"journal {self.where} is damaged: {short(Exception(str(found)))}")

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        if self._held is None:
            with self._engine.connect() as connection:
                yield connection
        elif self._held.invalidated or self._held.closed:
            raise JournalError(f"journal {self.where}: the connection was lost, and the lock with it")
        else:
            yield self._held

    def _check(self, connection: Connection, create: bool) -> bool:
        tables = inspect(connection).get_table_names()
        if _about.name not in tables:
            # A file of SQLite's is a journal's own; a larger database may hold other things as well.
            if tables if connection.dialect.name == "sqlite" else _records.name in tables:
                raise JournalError(f"{self.where} is a database, but not a journal of reconciler")
            if not create:
                return False  # nothing was ever written
        about = _read_about(connection) if _about.name in tables else {}
        if create and not about:
            about, self.new = _make(connection), True
        if (
            about.get("format") != FORMAT
            or about.get("format_version", "").split(".")[0] != FORMAT_VERSION.split(".")[0]
        ):
            raise JournalError(f"{self.where} is not a journal of this version of reconciler")
        return True


@contextmanager
def _whole(connection: Connection, *, change: bool) -> Iterator[None]:
    """All that is done inside is done together, and by one process only, or not at all."""
    with connection.begin():
        if change:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "BEGIN")
        try:
            yield
        except BaseException:
            if change:
                connection.exec_driver_sql("ROLLBACK")
            raise
        if change:
            connection.exec_driver_sql("COMMIT")


def _row(record: Record) -> dict[str, Any]:
    body = _encode(record)
    return {"run": record.run, "address": record.address, "body": body, "checksum": _checksum(body)}


def _checksum(body: str) -> int:
    return crc32(body.encode())


def _appending(connection: Connection, rows: list[dict[str, Any]]) -> tuple[Any, Any]:
    if connection.dialect.name != "postgresql":
        return insert(_records), rows
    return _TOGETHER, {name: [row[name] for row in rows] for name in rows[0]}


def _make(connection: Connection) -> dict[str, str]:
    """A new journal; what it says of itself."""
    _metadata.create_all(connection)
    about = {"format": FORMAT, "format_version": FORMAT_VERSION}
    connection.execute(insert(_about), [{"name": name, "value": value} for name, value in about.items()])
    return about


def _read_about(connection: Connection) -> dict[str, str]:
    return {row.name: row.value for row in connection.execute(select(_about))}


def _encode(record: Record) -> str:
    fields = {name: value for name, value in msgspec.to_builtins(record).items() if value is not None}
    try:
        return msgspec.json.encode(fields).decode()
    except UnicodeEncodeError:
        # Half a surrogate pair in a platform's words: it must not keep this record, or its group, from the disk.
        return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace").decode()


_decoder = msgspec.json.Decoder(Record)


def _decode(body: str) -> Record:
    try:
        record = _decoder.decode(body)
    except RecursionError as error:
        raise msgspec.ValidationError("it is nested too deeply") from error
    if missing := [name for name in NEEDS.get(record.kind, ()) if getattr(record, name) is None]:
        raise msgspec.ValidationError(f"{record.kind} without {' and '.join(missing)}")
    return record


def short(error: Exception) -> str:
    """What a database says went wrong, in one line."""
    said = (str(getattr(error, "orig", None) or error).strip() or type(error).__name__).splitlines()[0]
    damaged = "; put back a copy, or move it away: then nothing is remembered" if "malformed" in said else ""
    return " ".join(said.split()) + damaged
