"""Group commit: many actions wait for one write to disk."""

import asyncio

from reconciler.core.record import Record
from reconciler.errors import JournalError
from reconciler.journal.store import Store


class Committer:
    """Writes records in groups: while one write runs, all that come wait for the next, together."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[tuple[Record, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def append(self, record: Record) -> None:
        """Return once `record` is on disk. Raises `JournalError` if it can't be written."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((record, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await asyncio.shield(written)

    async def drain(self) -> None:
        """Wait until all that was handed in is written or has failed."""
        while self._writer is not None and not self._writer.done():
            await asyncio.wait([self._writer])

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(self._store.write, [record for record, _ in group])
            except JournalError as error:
                _tell(group, error)
            except Exception as error:
                _tell(group, JournalError(f"journal {self._store.where} cannot be written: {error}"))
            else:
                _tell(group, None)


def _tell(group: list[tuple[Record, asyncio.Future[None]]], error: JournalError | None) -> None:
    for _, written in group:
        if written.done():
            continue
        if error is None:
            written.set_result(None)
        else:
            written.set_exception(error)
            written.exception()  # seen, even where nobody waits any more
