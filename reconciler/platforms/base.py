"""What the engine asks of a platform, and nothing else. A fake of it is 30 lines."""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from reconciler.clock import Clock
from reconciler.core.capabilities import Capabilities, PlatformType
from reconciler.core.job import Answer, Job, JobStatus, Verb
from reconciler.core.live import Failure, Live, Observation
from reconciler.core.model import Model, PlatformEntry
from reconciler.platforms.access import Credentials

Go = Callable[[], Awaitable[None]]
"""Puts on record that a request is about to leave, or raises because it must not."""


class Platform(Protocol):
    """One account on one service.

    It never waits, never decides and never raises for what a service does: waiting, time limits, the "already" decision
    and the confirmation of every action are the engine's."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do: a constant."""
        ...

    async def observe(self, models: Sequence[Model], jobs: Mapping[str, Job]) -> Observation:
        """The live state of `models`, read only, in as few requests as the service allows.

        `jobs` holds, by address, the last deploy or undeploy job known of a model. Every model comes back once, as a
        live state or as a failure; a failure that names the platform stands for all that are missing."""
        ...

    async def start(self, verb: Verb, model: Model, live: Live, go: Go) -> Answer:
        """Ask for `verb` with at most one request that may take effect. Never sent again once it may have arrived.

        `go` is awaited on the request's turn, right before it leaves; what it raises ends the start, unsent."""
        ...

    async def poll(self, jobs: Sequence[Job]) -> Mapping[Job, JobStatus | Failure]:
        """How each of `jobs` stands, read only. A failure means that it could not be read this time."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


class Opening(Struct, frozen=True, kw_only=True):
    """What a platform is opened with. `answered` is called at each answer to a read."""

    entry: PlatformEntry
    credentials: Credentials
    clock: Clock
    chance: random.Random
    answered: Callable[[], object] = lambda: None


class PlatformFactory(Protocol):
    """Opens platforms of one type. An entry point of the group `reconciler.platforms` names one."""

    @property
    def type(self) -> PlatformType:
        """What the inventory must know of it."""
        ...

    def open(self, opening: Opening) -> Platform:
        """A platform ready to be asked; opens no connection yet."""
        ...
