"""Processes that append to a journal: real ones, so that they can be killed."""

import itertools
import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Final, Self

from reconciler.core.record import RecordKind

from .files import made
from .records import record

_PROCESSES: Final = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["sqlite3", "msgspec"])  # most of the time that a start takes


class Writer:
    """A process that appends `RUN:0`, `RUN:1` ... to a journal, which it opens when it is told to go. It tells each
    text once its record is acknowledged."""

    def __init__(self, journal: str, run: str, *, count: int | None = None, pause: float = 0.0) -> None:
        self._here, there = _PROCESSES.Pipe()
        self._process = _PROCESSES.Process(target=_append, args=(there, journal, run, count, pause), daemon=True)
        self._process.start()
        there.close()

    def __enter__(self) -> Self:
        """Wait until it is there."""
        assert self._here.recv() == "ready"
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """It does not outlive the test."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self._here.close()

    def go(self) -> None:
        """Let it begin."""
        self._here.send("go")

    def next(self) -> str:
        """The next text that it acknowledges."""
        return str(self._here.recv())

    def rest(self) -> list[str]:
        """Every further text, up to its end."""
        return list(self._told())

    def kill(self) -> list[str]:
        """SIGKILL it; every text that it had told and nobody took."""
        self._process.kill()
        return self.rest()

    def _told(self) -> Iterator[str]:
        try:
            while True:
                yield self.next()
        except (EOFError, OSError):  # the end, or half a word: it was killed while it spoke
            return


def _append(there: Connection, journal: str, run: str, count: int | None, pause: float) -> None:
    there.send("ready")
    there.recv()
    store = made(journal)
    for number in itertools.count() if count is None else range(count):
        text = f"{run}:{number}"
        store.write([record(RecordKind.RUN_STARTED, run=run, text=text)])
        there.send(text)
        time.sleep(pause)
    store.close()
