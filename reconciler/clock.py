"""The clock that tests replace. Waiting is the event loop's; only the wall time comes from here."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the wall time: for display, ages and expiry, never for measuring a wait."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        ...


class SystemClock:
    """The machine's clock, to the millisecond."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
