"""The record of every request a simulated platform received, in order of arrival."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

KEPT_HEADERS = (
    "accept",
    "accept-encoding",
    "authorization",
    "content-type",
    "cookie",
    "host",
    "idempotency-key",
    "user-agent",
    "x-api-key",
    "x-provider",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request. `number` counts from 1; `at` is in seconds of the world's clock.

    `path` is as sent, percent signs and all. `model` is the identity of the model meant (Nugen: the alignment id), None
    for none. `effect` says that a job was started. `status` is None while the request is being worked on and for good
    when the connection was dropped. `headers` holds the values of `KEPT_HEADERS` that were sent, keys in clear, so that
    a test can see where a key went. `fault` names the fault that hit it.
    """

    number: int
    at: float
    site: str
    method: str
    path: str
    query: Mapping[str, str]
    operation: str
    model: str | None
    headers: Mapping[str, str]
    body: object
    status: int | None = None
    effect: bool = False
    fault: str | None = None

    def as_json(self) -> dict[str, object]:
        """Give the entry as plain data for JSON."""
        return asdict(self)


class Log:
    """All entries of one world; safe to read from any thread while requests arrive."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry so far, oldest first."""
        with self._lock:
            return tuple(self._entries)

    def find(
        self, *, method: str | None = None, operation: str | None = None, model: str | None = None
    ) -> tuple[Entry, ...]:
        """Give the entries that fit all of the given criteria, oldest first."""
        return tuple(
            entry
            for entry in self.entries
            if (method is None or entry.method == method)
            and (operation is None or entry.operation == operation)
            and (model is None or entry.model == model)
        )

    def effects(self, operation: str | None = None, model: str | None = None) -> tuple[Entry, ...]:
        """Give the entries that started a job."""
        return tuple(entry for entry in self.find(operation=operation, model=model) if entry.effect)

    def __len__(self) -> int:
        return len(self._entries)

    def open(self, entry: Entry) -> Entry:
        """Take the entry of a request that just arrived; gives it back with the number it got."""
        with self._lock:
            numbered = replace(entry, number=len(self._entries) + 1)
            self._entries.append(numbered)
            return numbered

    def close(self, entry: Entry, *, status: int | None, effect: bool) -> None:
        """Write what became of the request of an opened entry; ignored when the log was cleared meanwhile."""
        at = entry.number - 1
        with self._lock:
            if at < len(self._entries) and self._entries[at] is entry:
                self._entries[at] = replace(entry, status=status, effect=effect)

    def clear(self) -> None:
        """Forget everything; numbers start at 1 again."""
        with self._lock:
            self._entries.clear()
