"""Group commit: many actions wait for one write to disk."""

import asyncio
from typing import Final

from reconciler.core.record import Record
from reconciler.errors import JournalError
from reconciler.journal.store import Store

PATIENCE: Final = 30.0
"""Seconds that one write may take."""

HURRY: Final = 0.5
"""The same, once the run is to end."""


class Committer:
    """Writes records in groups: while one write runs, all that come wait for the next, together.

    A record of what has happened already is *owed*: where it can't be written, it goes with the next group that can."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[tuple[Record, bool, asyncio.Future[None]]] = []
        self._owed: list[Record] = []
        self._writer: asyncio.Task[None] | None = None
        self._patience = PATIENCE
        self.failed: JournalError | None = None
        """Why a write failed, None where none has."""

    async def append(self, record: Record, *, owed: bool = False) -> None:
        """Return once `record` is on disk. Raises `JournalError` if it can't be written."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((record, owed, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        await asyncio.shield(written)

    def hurry(self) -> None:
        """The run is to end: a database that does not answer is waited for no longer."""
        self._patience = HURRY

    async def close(self) -> None:
        """Wait until all that was handed in is written or has failed, and try once more what is owed."""
        while self._writer is not None and not self._writer.done():
            await asyncio.wait([self._writer])
        if self._owed:
            owed, self._owed = self._owed, []
            await self._write(owed)

    async def _write_all(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            owed, self._owed = self._owed, []
            error = await self._write([*owed, *(record for record, _, _ in group)])
            if error is not None:
                self.failed = error
                self._owed = [*owed, *(record for record, is_owed, _ in group if is_owed)]
            for _, _, written in group:
                _tell(written, error)

    async def _write(self, records: list[Record]) -> JournalError | None:
        writing = asyncio.create_task(asyncio.to_thread(self._store.write, records))
        spent = 0.0
        while not writing.done():
            await asyncio.wait([writing], timeout=0.1)
            spent += 0.1
            if not writing.done() and spent >= self._patience:
                self._store.abort()
        try:
            writing.result()
        except JournalError as error:
            return error
        except Exception as error:
            return JournalError(f"journal {self._store.where} cannot be written: {error}")
        return None


def _tell(written: asyncio.Future[None], error: JournalError | None) -> None:
    if written.done():
        return
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(error)
        written.exception()  # seen, even where nobody waits any more
