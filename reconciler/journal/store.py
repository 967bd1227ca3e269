"""A journal to the rest of the program: records in, and out again, each durable before `write` returns. Decides
nothing."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import ClassVar, Final
from zlib import crc32

import msgspec

from reconciler.core.record import Record
from reconciler.errors import JournalError
from reconciler.journal.rows import Row, decode, row

FORMAT = "reconciler/journal"
FORMAT_VERSION = "2.1"

ABOUT: Final = {"format": FORMAT, "format_version": FORMAT_VERSION}
"""What a new journal says of itself."""

AGAIN: Final = "; put back a copy, or move it away: then nothing is remembered"
"""What to do about a damaged journal."""

_GARBLED = (TypeError, AttributeError, UnicodeError)
"""What a damaged file may lead to when it is read: text that is none."""


class Store(ABC):
    """An append-only list of records in a database. `where` names it in messages."""

    _error: ClassVar[type[Exception]]
    """What the database's library raises."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.new = False
        """Whether `check` has made it: nothing is remembered of earlier runs."""

    def check(self, *, create: bool) -> bool:
        """Whether there is a journal; with `create` it is made where there is none.

        Raises `JournalError` where there is something else."""
        try:
            about = self._look(create=create)
            if about is None:
                return False
            major = about.get("format_version", "").split(".")[0]
        except (self._error, *_GARBLED) as error:
            raise JournalError(f"journal {self.where}: {short(error)}") from error
        if about.get("format") != FORMAT or major != FORMAT_VERSION.split(".")[0]:
            raise JournalError(f"{self.where} is not a journal of this version of reconciler")
        return True

    def write(self, records: Sequence[Record]) -> None:
        """Append `records`, all or none; they are on disk when this returns. Raises `JournalError`."""
        rows = [row(record) for record in records]
        try:
            self._append(rows)
        except self._error as error:
            raise JournalError(f"journal {self.where} cannot be written: {short(error)}") from error

    def read(self, address: str | None = None) -> Iterator[Record]:
        """Every record, the oldest first; only those of one model where `address` is given. Raises `JournalError`."""
        try:
            with closing(self._bodies(address)) as bodies:
                for body, checksum in bodies:
                    if crc32(body) != checksum:
                        raise JournalError(f"journal {self.where} is damaged: a record is not what was written")
                    yield decode(body)
        except self._error as error:
            raise JournalError(f"journal {self.where} cannot be read: {short(error)}") from error
        except (msgspec.MsgspecError, *_GARBLED) as error:
            raise JournalError(f"journal {self.where} holds a record that cannot be read: {error}") from error

    @abstractmethod
    def abort(self) -> None:
        """Make a write that another thread waits for fail now, where that is possible: its answer is waited for no
        longer."""

    @abstractmethod
    def close(self) -> None:
        """Close the file or connection."""

    @abstractmethod
    def _look(self, *, create: bool) -> Mapping[str, str] | None:
        """What the journal says of itself, made first where there is none and it may be; None where there is none.

        Raises `JournalError` where there is something else, and `_error`."""

    @abstractmethod
    def _append(self, rows: Sequence[Row]) -> None:
        """Keep `rows`, all or none. Raises `JournalError` where none may be kept, and `_error`."""

    @abstractmethod
    def _bodies(self, address: str | None) -> Generator[tuple[bytes, int], None, None]:
        """The body and checksum of each row, or of those of one model, the oldest first. Raises `JournalError` where
        the database finds itself damaged, and `_error`."""


def not_ours(where: str) -> JournalError:
    """The error where somebody else's database stands at `where`."""
    return JournalError(f"{where} is a database, but not a journal of reconciler")


def short(error: Exception) -> str:
    """What a database says went wrong, in one line."""
    said = (str(getattr(error, "orig", None) or error).strip() or type(error).__name__).splitlines()[0]
    return " ".join(said.split()) + (AGAIN if "malformed" in said else "")
