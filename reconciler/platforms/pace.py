"""How many requests at once and a minute: one pace for all that is asked of a platform."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

_IN_A_ROW: Final = 3
"""So many turns are taken before one of those who have time."""


class Pace:
    """At most `concurrency` requests at once and, where stated, `per_minute` a minute."""

    def __init__(self, concurrency: int, per_minute: float | None) -> None:
        self._free = concurrency
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._patient: deque[asyncio.Future[None]] = deque()
        self._row = 0
        self._gap = 60.6 / per_minute if per_minute else 0.0  # who waits wakes together with others, and early
        self._next = 0.0

    @asynccontextmanager
    async def turn(self, *, patient: bool = False) -> AsyncIterator[None]:
        """One request, from its turn to its end. Who is `patient` asks after a job that runs anyhow, and lets three
        others of those who wait go first: what has not begun yet costs the most time."""
        await self._place(self._patient if patient else self._waiting)
        try:
            if self._gap:
                now = asyncio.get_running_loop().time()
                self._next = max(self._next, now) + self._gap
                await asyncio.sleep(self._next - self._gap - now)
            yield
        finally:
            self._give_back()

    async def _place(self, queue: deque[asyncio.Future[None]]) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it came at the same moment
                self._give_back()
            raise

    def _give_back(self) -> None:
        for queue in (self._waiting, self._patient):
            while queue and queue[0].cancelled():
                queue.popleft()
        if self._waiting and not (self._patient and self._row >= _IN_A_ROW):
            self._row += 1
            self._waiting.popleft().set_result(None)
        elif self._patient:
            self._row = 0
            self._patient.popleft().set_result(None)
        else:
            self._free += 1
