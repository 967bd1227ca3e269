"""Faults of the line: which request is hit, how often, and how. The hitting itself is in `wire`."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from reconciler.simulator.exchange import Answer


class FaultKind(StrEnum):
    """How a request goes wrong."""

    DROP_BEFORE = "drop-before"
    DROP_AFTER = "drop-after"
    DELAY = "delay"
    LATE_EFFECT = "late-effect"
    DROP_LATE_EFFECT = "drop-late-effect"
    REPLY = "reply"
    TRUNCATED = "truncated"
    DRIP = "drip"
    GZIP_BOMB = "gzip-bomb"
    OVERSIZE = "oversize"
    REDIRECT = "redirect"


ABOUT: Mapping[FaultKind, str] = {
    FaultKind.DROP_BEFORE: "connection dropped, request not processed",
    FaultKind.DROP_AFTER: "request processed, then connection dropped: the answer is lost",
    FaultKind.DELAY: "request processed at once, answered `seconds` later",
    FaultKind.LATE_EFFECT: "request processed only after `seconds`, then answered, even if the client hung up",
    FaultKind.DROP_LATE_EFFECT: "connection dropped at once, request processed `seconds` later",
    FaultKind.REPLY: "`status`, `headers` and `body` are answered; processed first only with `effect`",
    FaultKind.TRUNCATED: "processed; the body ends before the announced length",
    FaultKind.DRIP: "processed; the body comes one byte every `seconds`",
    FaultKind.GZIP_BOMB: "processed; a small gzip body that becomes `size` bytes",
    FaultKind.OVERSIZE: "processed; a JSON body of `size` bytes",
    FaultKind.REDIRECT: "not processed; `status` (307) to `url`",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and the requests it hits: those that fit every given criterion, `times` times (None: always).

    `path` is a glob over the decoded path, `model` any id of a model. `chance` hits only that share of the requests
    that fit, drawn from the seeded generator of `Faults`. `seconds` and `size` are for the kinds that name them.
    `status` None means 502 for a reply and 307 for a redirect. With `reset` a drop is a TCP reset instead of a close.
    """

    kind: FaultKind
    method: str | None = None
    path: str | None = None
    operation: str | None = None
    model: str | None = None
    times: int | None = 1
    chance: float = 1.0
    seconds: float = 0.0
    size: int = 50_000_000
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | str = b""
    url: str = ""
    effect: bool = False
    reset: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", FaultKind(self.kind))
        if self.kind is FaultKind.REDIRECT and not self.url:
            raise ValueError("a redirect needs a url")

    @property
    def processed(self) -> bool:
        """Whether the platform gets to see the request."""
        if self.kind is FaultKind.REPLY:
            return self.effect
        return self.kind not in (FaultKind.DROP_BEFORE, FaultKind.REDIRECT)

    @property
    def dropped(self) -> bool:
        """Whether the client gets no answer at all."""
        return self.kind in (FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.DROP_LATE_EFFECT)

    def answer(self) -> Answer | None:
        """Give what is answered in place of the platform's answer, None for nothing else."""
        if self.kind is FaultKind.REPLY:
            body = self.body.encode() if isinstance(self.body, str) else self.body
            return Answer(status=self.status or 502, body=body, headers=self.headers)
        if self.kind is FaultKind.REDIRECT:
            return Answer(status=self.status or 307, headers={**self.headers, "location": self.url})
        return None

    def fits(self, *, method: str, path: str, operation: str, ids: frozenset[str]) -> bool:
        """Tell whether a request fits; `ids` are all the names of the model it is about."""
        return (
            (self.method is None or self.method == method)
            and (self.operation is None or self.operation == operation)
            and (self.model is None or self.model in ids)
            and (self.path is None or fnmatchcase(path, self.path))
        )


class Faults:
    """The faults in force, oldest first; a request is hit by the first that fits."""

    def __init__(self, seed: int = 0) -> None:
        self._waiting: list[tuple[Fault, list[int]]] = []
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Put a fault in force."""
        with self._lock:
            self._waiting.append((fault, [0]))

    def clear(self) -> None:
        """Take all faults out of force."""
        with self._lock:
            self._waiting.clear()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self, *, method: str, path: str, operation: str, ids: frozenset[str]) -> Fault | None:
        """Give the fault that hits this request, None for none. Uses it up once."""
        with self._lock:
            for entry in self._waiting:
                fault, used = entry
                if not fault.fits(method=method, path=path, operation=operation, ids=ids):
                    continue
                if fault.chance < 1.0 and self._random.random() >= fault.chance:
                    continue
                used[0] += 1
                if fault.times is not None and used[0] >= fault.times:
                    self._waiting.remove(entry)
                return fault
            return None
