"""The simulated platforms, with a clock that only a test moves, and platforms opened on them."""

from collections.abc import AsyncIterator, Iterator

import pytest

from reconciler.platforms.base import Platform
from reconciler.simulator import KORE_KEY, KORE_PROBE_KEY, NUGEN_KEY, JobTime, SimulatedPlatforms

from .asking import opened


class Time:
    """The simulator's time: stands still until a test moves it."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def passes(self, seconds: float = 10) -> None:
        self.seconds += seconds


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def simulated(time: Time) -> Iterator[SimulatedPlatforms]:
    """Kore.ai with a model up and one down; Nugen without any. Jobs take 10 seconds of the simulator's time."""
    with SimulatedPlatforms(job_time=JobTime(seconds=10), now=time) as platforms:
        platforms.kore.add("cm-up", deployed=True)
        platforms.kore.add("cm-down", deployed=False)
        yield platforms


@pytest.fixture
async def kore(simulated: SimulatedPlatforms) -> AsyncIterator[Platform]:
    probe = (simulated.kore_url, KORE_PROBE_KEY)
    async with opened("kore", simulated.kore_url, key=KORE_KEY, probe=probe) as platform:
        yield platform


@pytest.fixture
async def nugen(simulated: SimulatedPlatforms) -> AsyncIterator[Platform]:
    async with opened("nugen", simulated.nugen_url, key=NUGEN_KEY) as platform:
        yield platform


@pytest.fixture
async def nugen_b(simulated: SimulatedPlatforms) -> AsyncIterator[Platform]:
    async with opened("nugen-b", simulated.nugen_b_url, key=NUGEN_KEY) as platform:
        yield platform
