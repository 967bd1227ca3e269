"""Journals in files, made without the lock that a run takes first."""

from pathlib import Path

from reconciler.journal import sqlite
from reconciler.journal.store import Store


def made(path: Path | str) -> Store:
    """The journal at `path`, made where it is missing."""
    sqlite.prepare(Path(path), create=True)
    store = Store(str(path), sqlite.open_engine(Path(path)))
    try:
        store.check(create=True)
    except BaseException:
        store.close()
        raise
    return store
