"""Every error that ends a run, each with the exit code it means.

    ReconcilerError            1  no plan could be made
     +- InventoryError         1  the inventory is wrong: all complaints at once
     +- DefinitionError        1  a platform definition is wrong: all complaints at once
     +- ConfigurationError     1  a key or an address is missing or unusable
     +- JournalError           1  the journal cannot be read or written
     +- PlanRefused            4  stale, expired, already used, altered, or not the expected plan
     +- LockHeld               7  another run holds the lock

What spoils one model only is never raised: it is a value in the snapshot or the report.
"""

from collections.abc import Sequence

from msgspec import Struct


class ReconcilerError(Exception):
    """Ends the run. `exit_code` is what the process returns; the text says what happened, where, and what to do."""

    exit_code = 1


class Complaint(Struct, frozen=True, kw_only=True):
    """One thing wrong in a file: where (lines and columns count from 1; line 0: the file as a whole) and what, in one
    line."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.text}"


class FileError(ReconcilerError):
    """A file a person wrote is wrong. `complaints` holds everything found, in file order."""

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(str(complaint) for complaint in self.complaints))


class InventoryError(FileError):
    """The inventory is wrong."""


class DefinitionError(FileError):
    """A platform definition is wrong."""


class ConfigurationError(ReconcilerError):
    """A key, an address or an option from the environment is missing or unusable."""


class JournalError(ReconcilerError):
    """The journal cannot be opened, read or written."""


class PlanRefused(ReconcilerError):
    """A saved plan must not be applied: stale, expired, already used, altered, or not the expected one."""

    exit_code = 4


class LockHeld(ReconcilerError):
    """Another run holds the lock of this journal."""

    exit_code = 7
