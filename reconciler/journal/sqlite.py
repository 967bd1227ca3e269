"""A journal in a file: who may open it, and how SQLite keeps it."""

import os
import stat
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, event

from reconciler.errors import JournalError
from reconciler.folders import is_writable


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


def open_engine(path: Path) -> Engine:
    """The database in the file at `path`."""
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": 5})

    @event.listens_for(engine, "connect")
    def _durable(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        # One file that can be copied from runner to runner, and a commit that survives a power cut.
        cursor.execute("PRAGMA journal_mode=DELETE")
        cursor.execute("PRAGMA synchronous=EXTRA")
        cursor.close()

    return engine
