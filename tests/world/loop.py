"""Virtual time: an event loop that never waits but jumps to its next timer, and a wall clock that follows it."""

import asyncio
import contextlib
import random
import selectors
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final

EPOCH: Final = datetime(2026, 2, 2, 14, 0, 0, tzinfo=UTC)


class Killed(KeyboardInterrupt):
    """SIGKILL: raised in a timer or a write, it leaves the loop at once and no task hears of it."""


class Stuck(Exception):
    """Nothing will ever happen again, or far too late."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Begins at `now`. Blocking work (`asyncio.to_thread`) is done in the loop itself and takes a drawn while, so that
    time neither stands still nor runs away meanwhile."""

    def __init__(self, now: float, chance: random.Random) -> None:
        self.now, self.ends = now, now + 86400.0 * 30
        super().__init__(_Jump(self))
        self.set_default_executor(_Inline(self, chance))

    def time(self) -> float:
        return self.now

    def _write_to_self(self) -> None:
        """Wake up: never asleep."""


class _Jump(selectors.SelectSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck("every task waits for something that will not come")
        self._loop.now += max(0.0, timeout)
        if self._loop.now > self._loop.ends:
            raise Stuck(f"still running at {self._loop.now:.0f}, to end by {self._loop.ends:.0f}")
        return []


class _Inline(ThreadPoolExecutor):
    def __init__(self, loop: VirtualLoop, chance: random.Random) -> None:
        super().__init__(max_workers=1)
        self._loop, self._chance = loop, chance

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        done_after = self._chance.uniform(0, 0.05)

        def work() -> None:
            try:
                result = fn(*args, **kwargs)
            except Exception as error:
                self._loop.call_later(done_after, future.set_exception, error)
            else:
                self._loop.call_later(done_after, future.set_result, result)

        self._loop.call_later(self._chance.uniform(0, 0.05), work)
        return future


class JumpyClock:
    """The wall time of virtual time, to the millisecond; `offset` is seconds that someone has set it wrong by."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self.offset = 0.0

    def now(self) -> datetime:
        return EPOCH + timedelta(milliseconds=int((self._time() + self.offset) * 1000))


def abandon(loop: VirtualLoop) -> None:
    """Throw away a loop with all that still runs in it; nothing of that may act any more."""
    loop.set_exception_handler(lambda _loop, _context: None)
    for task in asyncio.all_tasks(loop):
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        coroutine = task.get_coro()
        with contextlib.suppress(RuntimeError):  # it would have liked to wait for something
            coroutine.close()
    loop.close()
