"""Exit codes: why a run did not end in 0, and which reason wins. CONTRACT's table as data."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Why(StrEnum):
    """A reason for an exit code other than 0."""

    ERROR = "error"
    JOURNAL = "journal"
    UNFINISHED = "unfinished"
    STALE = "stale"
    GUARD = "guard"
    BLOCKED = "blocked"
    LOCKED = "locked"
    UNREAD = "unread"
    CHANGES = "changes"


CODES: Final = {
    Why.ERROR: 1,
    Why.JOURNAL: 1,
    Why.UNFINISHED: 5,
    Why.STALE: 4,
    Why.GUARD: 3,
    Why.BLOCKED: 3,
    Why.LOCKED: 7,
    Why.UNREAD: 6,
    Why.CHANGES: 2,
}
"""The code of each reason, the one that wins first."""


def exit_code(reasons: Iterable[Why]) -> int:
    """The exit code of a run with these reasons; 0 without any."""
    present = set(reasons)
    return next((code for why, code in CODES.items() if why in present), 0)
