"""A platform without a network, as a Python class behind the protocol: what is left of an apply is our own work."""

from collections.abc import Mapping, Sequence

from reconciler.core.capabilities import Capabilities, PlatformType
from reconciler.core.job import Accepted, Job, JobState, JobStatus, Verb
from reconciler.core.live import Evidence, EvidenceSource, Failure, Live, LiveState, Observation
from reconciler.core.model import Model
from reconciler.platforms.base import Go, Opening

CAN = Capabilities(
    verbs={Verb.DEPLOY: None, Verb.UNDEPLOY: None, Verb.EXPORT: "no files here"}, reads_state=True, reads_together=False
)
DEPLOYED: set[str] = set()


class InMemory:
    """Every job ends at once."""

    capabilities = CAN

    def __init__(self, opening: Opening) -> None:
        self._clock = opening.clock

    async def observe(self, models: Sequence[Model], jobs: Mapping[str, Job]) -> Observation:
        evidence = Evidence(source=EvidenceSource.GET, at=self._clock.now())
        states = ((m, LiveState.DEPLOYED if m.id in DEPLOYED else LiveState.UNDEPLOYED) for m in models)
        return Observation(lives=tuple(Live(address=m.address, state=state, evidence=evidence) for m, state in states))

    async def start(self, verb: Verb, model: Model, live: Live, go: Go) -> Accepted:
        await go()
        DEPLOYED.add(model.id)
        job = Job(address=model.address, verb=verb, id=None, since=self._clock.now())
        return Accepted(job=job, status=JobStatus(state=JobState.SUCCEEDED))

    async def poll(self, jobs: Sequence[Job]) -> Mapping[Job, JobStatus | Failure]:
        return {}

    async def aclose(self) -> None:
        pass


class Factory:
    """What the entry point names."""

    type = PlatformType(name="in-memory", id_pattern="m-[0-9]+", capabilities=CAN, needs_key=False)

    def open(self, opening: Opening) -> InMemory:
        return InMemory(opening)


FACTORY = Factory()
