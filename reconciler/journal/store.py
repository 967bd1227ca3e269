"""The journal's file or database: records in, records out, each durable before `write` returns. Decides nothing."""

import json
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    inspect,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from reconciler.core.record import Record
from reconciler.errors import JournalError

FORMAT = "reconciler/journal"
FORMAT_VERSION = "1.0"

_metadata = MetaData()
_about = Table("about", _metadata, Column("name", String(64), primary_key=True), Column("value", Text, nullable=False))
_records = Table(
    "records",
    _metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("run", String(64), nullable=False),
    Column("address", String(600), index=True),
    Column("body", Text, nullable=False),
    sqlite_autoincrement=True,
)


class Store:
    """An append-only list of records behind a database URL or a path. `where` names it in messages."""

    def __init__(self, where: str, engine: Engine) -> None:
        self.where = where
        self._engine = engine

    @classmethod
    def open(cls, where: str, *, create: bool) -> "Store | None":
        """The journal at `where`: a path, or a database URL. None where there is none yet and `create` is False.

        A new file gets mode 0600 and its folder 0700. Raises `JournalError` when it can't be opened or isn't a
        journal."""
        try:
            if "://" in where:
                store = cls(make_url(where).render_as_string(hide_password=True), create_engine(where))
            else:
                path = Path(where)
                if not path.exists() and not create:
                    return None
                _prepare(path, create)
                store = cls(where, _sqlite(path))
            return store._checked(create)
        except (ArgumentError, ValueError) as error:
            raise JournalError(f"{where.split('://')[0]}://…: not a database address that is understood") from error
        except (SQLAlchemyError, ImportError) as error:
            raise JournalError(f"journal {where.split('@')[-1]}: {_short(error)}") from error

    def write(self, records: Sequence[Record]) -> None:
        """Append `records` in one transaction; they are on disk when this returns. Raises `JournalError`."""
        rows = [{"run": record.run, "address": record.address, "body": _encode(record)} for record in records]
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(_records), rows)
        except SQLAlchemyError as error:
            raise JournalError(f"journal {self.where} cannot be written: {_short(error)}") from error

    def read(self, address: str | None = None) -> Iterator[Record]:
        """Every record, the oldest first; only those of one model where `address` is given. Raises `JournalError`."""
        query = select(_records.c.body).order_by(_records.c.seq)
        if address is not None:
            query = query.where(_records.c.address == address)
        try:
            with self._engine.connect() as connection:
                for (body,) in connection.execute(query):
                    yield _decode(body)
        except SQLAlchemyError as error:
            raise JournalError(f"journal {self.where} cannot be read: {_short(error)}") from error
        except msgspec.MsgspecError as error:
            raise JournalError(f"journal {self.where} holds a record that cannot be read: {error}") from error

    def close(self) -> None:
        """Close the file or connection."""
        self._engine.dispose()

    def _checked(self, create: bool) -> "Store | None":
        there = False
        try:
            there = self._check(create)
        finally:
            if not there:
                self.close()
        return self if there else None

    def _check(self, create: bool) -> bool:
        """Whether there is a journal; with `create` there is. Raises `JournalError` where there is something else."""
        with self._engine.begin() as connection:
            file = connection.dialect.name == "sqlite"
            if create and file:
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # made whole or not at all, and by one process only
            tables = inspect(connection).get_table_names()
            if _about.name not in tables:
                if tables and file:
                    raise JournalError(f"{self.where} is a database, but not a journal of reconciler")
                if not create:
                    return False  # an empty file: nothing was ever written
            about = _read_about(connection) if _about.name in tables else {}
            if create and not about:
                about = _make(connection)
        if (
            about.get("format") != FORMAT
            or about.get("format_version", "").split(".")[0] != FORMAT_VERSION.split(".")[0]
        ):
            raise JournalError(f"{self.where} is not a journal of this version of reconciler")
        return True


def _make(connection: Connection) -> dict[str, str]:
    """A new journal; what it says of itself."""
    _metadata.create_all(connection)
    about = {"format": FORMAT, "format_version": FORMAT_VERSION}
    connection.execute(insert(_about), [{"name": name, "value": value} for name, value in about.items()])
    return about


def _read_about(connection: Connection) -> dict[str, str]:
    return {row.name: row.value for row in connection.execute(select(_about))}


def _prepare(path: Path, create: bool) -> None:
    try:
        if create:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | (os.O_CREAT if create else 0)
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        raise JournalError(f"journal {path}: {error.strerror}") from error
    try:
        if os.fstat(handle).st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise JournalError(f"journal {path} can be written by others: chmod 600 {path}")
        # SQLite takes a short file of anything for an empty database; a power cut may leave zeros of a new one.
        if os.read(handle, 16).strip(b"\0") not in (b"", b"SQLite format 3"):
            raise JournalError(f"{path} is not a journal of reconciler, nor any database")
    finally:
        os.close(handle)


def _sqlite(path: Path) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _durable(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        # One file that can be copied from runner to runner, and a commit that survives a power cut.
        cursor.execute("PRAGMA journal_mode=DELETE")
        cursor.execute("PRAGMA synchronous=EXTRA")
        cursor.close()

    return engine


def _encode(record: Record) -> str:
    fields = {name: value for name, value in msgspec.to_builtins(record).items() if value is not None}
    try:
        return msgspec.json.encode(fields).decode()
    except UnicodeEncodeError:
        # Half a surrogate pair in a platform's words: it must not keep this record, or its group, from the disk.
        return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace").decode()


_decoder = msgspec.json.Decoder(Record)


def _decode(body: str) -> Record:
    return _decoder.decode(body)


def _short(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
