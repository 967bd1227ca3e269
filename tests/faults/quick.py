"""An event loop whose seconds are shorter, so that minutes of waiting can be tested over real connections."""

import asyncio
import selectors
import time
from collections.abc import Callable


class _Selector(selectors.DefaultSelector):
    """Waits a fraction of the time it is asked to."""

    factor = 1.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / self.factor)


class QuickLoop(asyncio.SelectorEventLoop):
    """A loop in which `factor` seconds pass in one."""

    def __init__(self, factor: float) -> None:
        self._factor = factor
        selector = _Selector()
        selector.factor = factor
        super().__init__(selector)

    def time(self) -> float:
        return time.monotonic() * self._factor


class Quick(asyncio.DefaultEventLoopPolicy):
    """Makes quick loops for whoever asks for a new one."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self._make: Callable[[], asyncio.AbstractEventLoop] = lambda: QuickLoop(factor)

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return self._make()
