"""Waiting: until a time, until told to stop, in growing steps. The only sleeping of the engine."""

import asyncio
import random


class Stopped(Exception):
    """The run was told to stop."""


class OutOfTime(Exception):
    """The action's time is up."""


class Stop:
    """Tells a run to stop: start nothing new, wait for nothing more."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.minded = False
        """Whether someone ends with care when told to; else the run may be broken off."""

    def set(self) -> None:
        """Stop now."""
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether the run was told to stop."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Return once the run is told to stop."""
        await self._event.wait()

    async def sleep(self, seconds: float) -> None:
        """Sleep, but raise `Stopped` at once when told to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
        raise Stopped


class Patience:
    """How one action waits: at most `limit` seconds in all; between two looks first `first` seconds, growing by half
    each time up to twelve times that, each a little more or less so that many actions don't look at once."""

    def __init__(self, stop: Stop, *, limit: float, first: float, chance: random.Random) -> None:
        self._stop, self._first, self._chance = stop, first, chance
        self._began = asyncio.get_running_loop().time()
        self._ends = self._began + limit
        self._step = first

    def restart(self) -> None:
        """Begin again with the first step: something new is waited for."""
        self._step = self._first

    async def next(self) -> None:
        """Wait one step. Raises `Stopped` or `OutOfTime`."""
        step, self._step = self._step, min(self._step * 1.5, self._first * 12)
        await self.sleep(step * self._chance.uniform(0.85, 1.15))

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds. Raises `Stopped`, or `OutOfTime` when the limit comes first."""
        left = self.left
        if left <= 0:
            raise OutOfTime
        await self._stop.sleep(min(seconds, left))
        if seconds > left:
            raise OutOfTime

    def check(self) -> None:
        """Raise `Stopped` or `OutOfTime` where it applies."""
        if self._stop.is_set:
            raise Stopped
        if self.left <= 0:
            raise OutOfTime

    @property
    def left(self) -> float:
        """Seconds until the limit."""
        return self._ends - asyncio.get_running_loop().time()

    @property
    def spent(self) -> float:
        """Seconds since the beginning."""
        return asyncio.get_running_loop().time() - self._began

    @staticmethod
    def since(moment: float) -> float:
        """Seconds since a moment of the loop's time."""
        return asyncio.get_running_loop().time() - moment
