"""Opening a platform as the engine does, and makers of the values it is asked with."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from reconciler.clock import Clock
from reconciler.core.job import Answer, Job, JobStatus, Verb
from reconciler.core.live import Evidence, EvidenceSource, Failure, Live, LiveState
from reconciler.core.model import Deployment, Model, PlatformEntry, Source, Target
from reconciler.platforms.access import Access, Credentials
from reconciler.platforms.base import Opening, Platform, PlatformFactory
from reconciler.platforms.registry import find_type
from reconciler.secret import Secret

NOW = datetime(2026, 2, 2, 14, 0, 0, tzinfo=UTC)
EARLIER = datetime(2026, 1, 30, 9, 30, 0, tzinfo=UTC)


class StillClock:
    """Always the same moment."""

    def now(self) -> datetime:
        return NOW


class NoPause(random.Random):
    """Chance that always falls on the shortest pause, so that attempts follow one another at once."""

    def uniform(self, a: float, _b: float) -> float:
        return a


@asynccontextmanager
async def opened(
    kind: str | PlatformFactory,
    url: str,
    *,
    key: str | None,
    probe: tuple[str, str] | None = None,
    clock: Clock | None = None,
    chance: random.Random | None = None,
    **entry: Any,
) -> AsyncIterator[Platform]:
    """A platform of a built-in type, or of a factory's, at `url`; `entry` are the inventory's own fields for it."""
    factory = find_type(kind) if isinstance(kind, str) else kind
    credentials = Credentials(
        api=Access(origin=url, key=None if key is None else Secret(key)),
        probe=None if probe is None else Access(origin=probe[0], key=Secret(probe[1])),
    )
    opening = Opening(
        entry=PlatformEntry(**{"name": factory.type.name, "type": factory.type.name, "request_timeout": 5.0, **entry}),
        credentials=credentials,
        clock=clock or StillClock(),
        chance=chance or NoPause(),
    )
    platform = factory.open(opening)
    try:
        yield platform
    finally:
        await platform.aclose()


def model(id: str, platform: str = "kore", **more: Any) -> Model:
    """A model of the inventory, named like its id."""
    return Model(
        platform=platform,
        name=id,
        id=id,
        target=Target(deployment=Deployment.DEPLOYED),
        source=Source(file="inventory.yaml", line=1),
        **more,
    )


def live(asked: Model, state: LiveState, *ids: str) -> Live:
    """What was read of a model before an action is started on it."""
    return Live(address=asked.address, state=state, evidence=Evidence(source=EvidenceSource.LIST, at=NOW), ids=ids)


def job(verb: Verb, id: str | None, *, address: str = "kore/cm-up", before: str | None = None) -> Job:
    """A job that was started earlier."""
    return Job(address=address, verb=verb, id=id, since=EARLIER, before=before)


async def observed(platform: Platform, asked: Model, last: Job | None = None) -> Live:
    """The live state of one model; fails where it could not be read."""
    observation = await platform.observe([asked], {} if last is None else {asked.address: last})
    assert observation.failures == ()
    (found,) = observation.lives
    return found


async def unobserved(platform: Platform, asked: Model, last: Job | None = None) -> Failure:
    """Why one model could not be read; fails where it could."""
    observation = await platform.observe([asked], {} if last is None else {asked.address: last})
    assert observation.lives == ()
    (failure,) = observation.failures
    return failure


async def started(
    platform: Platform, verb: Verb, asked: Model, state: LiveState = LiveState.UNKNOWN, *ids: str
) -> Answer:
    """The answer to a start on a model that was read as `state`."""
    return await platform.start(verb, asked, live(asked, state, *ids), go)


async def go() -> None:
    """Lets every request leave."""


async def polled(platform: Platform, asked: Job) -> JobStatus:
    """How one job stands; fails where it could not be read."""
    status = (await platform.poll([asked]))[asked]
    assert isinstance(status, JobStatus), status
    return status


async def unpolled(platform: Platform, asked: Job) -> Failure:
    """Why one job could not be read; fails where it could."""
    failure = (await platform.poll([asked]))[asked]
    assert isinstance(failure, Failure), failure
    return failure
