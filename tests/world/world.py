"""The simulated platforms: a ground truth that moves by itself, a log of every start, and seeded faults.

`Listed` reads all states from one list and calls a job by its model's id, like Nugen; `Jobs` knows only its jobs and,
for some models, a probe, like Kore.ai. The truth lives on while the engine is dead."""

import asyncio
import heapq
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final

from reconciler.clock import Clock
from reconciler.core.capabilities import Capabilities
from reconciler.core.job import Accepted, Answer, Job, JobState, JobStatus, Refused, Uncertain, Verb
from reconciler.core.live import Evidence, EvidenceSource, Failure, Listed, Live, LiveState, Observation
from reconciler.core.model import Model
from reconciler.platforms.base import Go

SETTLE: Final = 60.0
POLL: Final = 5.0
REQUEST_TIMEOUT: Final = 30.0
NEVER: Final = 6 * 3600.0
TIMEOUTS: Final = {Verb.DEPLOY: 2700.0, Verb.UNDEPLOY: 900.0, Verb.EXPORT: 3600.0}
MOVING: Final = {Verb.DEPLOY: LiveState.DEPLOYING, Verb.UNDEPLOY: LiveState.UNDEPLOYING}
GOAL: Final = {Verb.DEPLOY: LiveState.DEPLOYED, Verb.UNDEPLOY: LiveState.UNDEPLOYED}
SETTLED: Final = (LiveState.DEPLOYED, LiveState.UNDEPLOYED)

START_FAULTS: Final = (
    "refused",
    "429",
    "4xx",
    "lost-before",
    "lost-after",
    "lost-after",
    "lost-after",
    "slow",
    "no-id",
)
JOB_FAULTS: Final = ("fails", "long", "never-ends", "vanishes", "lies")


@dataclass(slots=True, kw_only=True)
class Work:
    """A job of the platform. `request` is None where someone else started it; one that `lies` ends well and changes
    nothing."""

    id: str
    verb: Verb
    before: LiveState
    begun: float
    ends: float
    fails: bool
    lies: bool
    vanishes: float = inf
    request: "Request | None" = None
    ended: bool = False


@dataclass(slots=True, kw_only=True)
class Request:
    """One start as the platform saw it. `asked` is when the engine asked for it, `at` when it left; `effect_at` is when
    it takes effect, None: never; `work` what came of it; `taken`: the engine was told that it was accepted."""

    asked: float
    at: float
    run: str
    address: str
    identity: str
    verb: Verb
    fault: str
    effect_at: float | None = None
    work: Work | None = None
    refusal: str | None = None
    taken: bool = False

    @property
    def open(self) -> bool:
        """Whether it may still do something: on its way, or its job runs."""
        if self.work is not None:
            return not self.work.ended
        return self.effect_at is not None and self.refusal is None


@dataclass(slots=True)
class Thing:
    """One model in truth. `shown` is its history: what it became, and when; `touched`: someone else changed it, and no
    job of ours has succeeded since, or such a job lied."""

    id: str
    shown: list[tuple[float, LiveState]]
    works: dict[Verb, Work] = field(default_factory=dict)
    touched: bool = False

    @property
    def state(self) -> LiveState:
        return self.shown[-1][1]

    def state_at(self, when: float) -> LiveState:
        return next((state for since, state in reversed(self.shown) if since <= when), self.shown[0][1])

    def was(self, state: LiveState, since: float) -> bool:
        """Whether it was so at some moment from `since` until now."""
        return self.state_at(since) is state or any(when >= since and word is state for when, word in self.shown)


class Weather:
    """Which faults strike: `heat` is how often, 0 to 1; `late`: requests may take effect after the settle time."""

    def __init__(self, chance: random.Random, *, heat: float, flips: bool, late: bool) -> None:
        self.chance, self.heat, self.flips, self.late = chance, heat, flips, late

    def clear_up(self) -> None:
        self.heat, self.flips, self.late = 0.0, False, False

    def strikes(self, share: float = 1.0) -> bool:
        return self.chance.random() < self.heat * share

    def one_of(self, faults: Sequence[str]) -> str:
        return self.chance.choice(faults) if self.strikes() else ""


class Service:
    """The truth of one platform. `origin` is where it is; `lag` how long after a change its reads show it."""

    def __init__(self, name: str, origin: str, weather: Weather, *, by_model: bool) -> None:
        self.name, self.origin, self.weather, self.chance = name, origin, weather, weather.chance
        self.by_model = by_model
        self.lag = self.chance.choice((0.0, 1.0, 8.0)) if by_model else 0.0
        self.strict = by_model or self.chance.random() < 0.5
        self.slow = self.chance.random() < 0.1  # four starts a minute, so that they queue up
        self.things: dict[str, Thing] = {}
        self.works: dict[str, Work] = {}
        self.requests: list[Request] = []
        self.now = 0.0
        self._agenda: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0

    def add(self, identity: str, state: LiveState) -> None:
        self.things[identity] = Thing(identity, [(0.0, state)])

    def at(self, when: float, happens: Callable[[], object]) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (when, self._count, happens))

    def advance(self, to: float) -> None:
        """Let happen all that is due."""
        while self._agenda and self._agenda[0][0] <= to:
            when, _, happens = heapq.heappop(self._agenda)
            self.now = max(self.now, when)
            happens()
        self.now = max(self.now, to)

    def delay(self, fault: str) -> float:
        """How long a request takes until it has its effect."""
        if fault not in ("lost-after", "slow"):
            return self.chance.uniform(0, 0.5)
        return self.chance.uniform(0, 3 * SETTLE if self.weather.late else 0.9 * SETTLE - self.lag)

    def arrive(self, request: Request) -> None:
        """A start takes effect, or is refused."""
        thing = self.things.get(request.identity)
        if thing is None:
            request.refusal = "no such model"
        elif self._moving(thing) or (request.verb is Verb.EXPORT and self._exporting(thing)):
            request.refusal = "busy"
        elif self.strict and request.verb is Verb.UNDEPLOY and thing.state is LiveState.UNDEPLOYED:
            request.refusal = "already"
        elif thing.state in (LiveState.BUSY, LiveState.NOT_READY):
            request.refusal = "busy"
        else:
            request.work = self.begin(thing, request.verb, request)

    def begin(self, thing: Thing, verb: Verb, request: Request | None) -> Work:
        fault = self.weather.one_of(JOB_FAULTS)
        seconds = {"long": self.chance.uniform(600, 5000), "never-ends": NEVER}.get(fault, self.chance.uniform(2, 120))
        self._count += 1
        work = Work(
            id=f"{self.name}-job-{self._count}",
            verb=verb,
            before=thing.state,
            begun=self.now,
            ends=self.now + seconds,
            fails=fault in ("fails", "never-ends"),
            lies=fault == "lies",
            request=request,
        )
        if fault == "vanishes":
            work.vanishes = self.now + self.chance.uniform(0, 2 * seconds)
        thing.works[verb] = self.works[work.id] = work
        if verb is not Verb.EXPORT:
            thing.shown.append((self.now, MOVING[verb]))
        self.at(work.ends, lambda: self._end(thing, work))
        return work

    def _end(self, thing: Thing, work: Work) -> None:
        work.ended = True
        if work.verb is Verb.EXPORT:
            return
        if work.lies:
            state, thing.touched = work.before, True
        elif not work.fails:
            state, thing.touched = GOAL[work.verb], work.request is None
        elif self.by_model and work.verb is Verb.DEPLOY and self.chance.random() < 0.2:
            state = LiveState.BROKEN
        else:
            state = work.before
        thing.shown.append((self.now, state))

    def by_hand(self) -> None:
        """Someone changes a model at rest in the platform's own console, or the platform itself is busy with it."""
        thing = self.chance.choice(list(self.things.values()))
        if thing.state not in SETTLED or self.pending(thing.id):
            return
        if self.by_model and self.chance.random() < 0.4:
            state = thing.state
            thing.shown.append((self.now, LiveState.BUSY))
            self.at(self.now + self.chance.uniform(5, 300), lambda: thing.shown.append((self.now, state)))
        elif self.by_model and self.chance.random() < 0.5:
            self.begin(thing, Verb.UNDEPLOY if thing.state is LiveState.DEPLOYED else Verb.DEPLOY, None)
        else:
            other = SETTLED[1 - SETTLED.index(thing.state)]
            thing.shown.append((self.now, other))
            thing.touched = True

    def pending(self, identity: str) -> list[Request]:
        """The deploys and undeploys of a model that may still do something."""
        return [r for r in self.requests if r.identity == identity and r.verb is not Verb.EXPORT and r.open]

    def _moving(self, thing: Thing) -> bool:
        return any(not work.ended for verb, work in thing.works.items() if verb is not Verb.EXPORT)

    def _exporting(self, thing: Thing) -> bool:
        return Verb.EXPORT in thing.works and not thing.works[Verb.EXPORT].ended


class FakePlatform:
    """What one run of the engine holds of a service. `sends` hears of every start the moment it leaves."""

    def __init__(self, service: Service, clock: Clock, run: str, sends: Callable[[Request], None]) -> None:
        self._service, self._clock, self._run, self._sends = service, clock, run, sends
        self._gap = 15.0 if service.slow else 0.0
        self._places = asyncio.Semaphore(1 if service.slow else self.capabilities.concurrency)

    @property
    def capabilities(self) -> Capabilities:
        listed = self._service.by_model
        return Capabilities(
            verbs={Verb.DEPLOY: None, Verb.UNDEPLOY: None, Verb.EXPORT: "no route" if listed else None},
            reads_state=listed,
            reads_together=listed,
            changes_by_itself=listed,
            artifact_suffix=".zip",
            concurrency=4,
            poll=POLL,
            settle=SETTLE,
            timeouts=TIMEOUTS,
        )

    async def observe(self, models: Sequence[Model], jobs: Mapping[str, Job]) -> Observation:
        raise NotImplementedError

    async def start(self, verb: Verb, model: Model, live: Live, go: Go) -> Answer:
        asked = asyncio.get_running_loop().time()
        async with self._places:
            await self._pass(0.05, self._gap)
            await go()
            weather, service = self._service.weather, self._service
            fault = weather.one_of(START_FAULTS)
            request = Request(
                asked=asked,
                at=service.now,
                run=self._run,
                address=model.address,
                identity=model.id,
                verb=verb,
                fault=fault,
            )
            if fault not in ("refused", "429", "4xx", "lost-before"):
                request.effect_at = service.now + service.delay(fault)
                service.at(request.effect_at, lambda: service.arrive(request))
            service.requests.append(request)
            self._sends(request)
            return await self._answer(request, model, live)

    async def _answer(self, request: Request, model: Model, live: Live) -> Answer:
        chance = self._service.chance
        taken = (request.effect_at or request.at) - request.at + chance.uniform(0, 1)
        if request.fault in ("lost-before", "lost-after"):
            taken = chance.choice((chance.uniform(0, 2), REQUEST_TIMEOUT))
        await self._pass(0, min(taken, REQUEST_TIMEOUT))
        match request.fault:
            case "refused":
                return Refused(reason="cannot connect", transient=True)
            case "429":
                after = chance.choice((None, 0.0, 5.0, 90.0))
                return Refused(reason="too many requests", transient=True, retry_after=after)
            case "4xx":
                return Refused(reason="bad request", recheck=chance.random() < 0.5)
            case "lost-before" | "lost-after":
                return Uncertain(reason="no answer")
        if taken >= REQUEST_TIMEOUT:
            return Uncertain(reason=f"no whole answer in {REQUEST_TIMEOUT:g} s")
        if request.work is None:
            return self._conflict(request)
        job = Job(
            address=model.address,
            verb=request.verb,
            id=None if request.fault == "no-id" else self._job_id(request.work, model),
            since=self._clock.now(),
            before=str(live.state) if live.state in SETTLED else None,
        )
        request.taken = True
        return Accepted(job=job, status=JobStatus(state=JobState.RUNNING))

    def _conflict(self, request: Request) -> Refused:
        thing = self._service.things.get(request.identity)
        named = str(thing.state) if thing and self._service.by_model else None
        return Refused(reason=request.refusal or "", recheck=thing is not None, state=named)

    def _job_id(self, work: Work, model: Model) -> str:
        return model.id if self._service.by_model else work.id

    async def poll(self, jobs: Sequence[Job]) -> Mapping[Job, JobStatus | Failure]:
        return {job: await self._poll(job) for job in jobs}

    async def _poll(self, job: Job) -> JobStatus | Failure:
        service = self._service
        async with self._places:
            await self._pass(0.5)
        if service.weather.strikes():
            return Failure(address=job.address, error="the status answered 503")
        if service.weather.strikes(0.3):
            return JobStatus(state=JobState.RUNNING, raw="ODD", warning="unknown word ODD")
        work = self._find(job)
        if work is None or service.now < work.begun + service.lag or service.now >= work.vanishes:
            return JobStatus(state=JobState.ABSENT, raw="404", error="no such job")
        if service.now < work.ends + service.lag or (service.weather.flips and service.weather.strikes()):
            return JobStatus(state=JobState.RUNNING, raw="RUNNING", progress=service.chance.uniform(0, 100))
        if work.fails:
            return JobStatus(state=JobState.FAILED, raw="FAILED", error="out of machines")
        url = f"{service.origin}/{work.id}" if work.verb is Verb.EXPORT else None
        return JobStatus(state=JobState.SUCCEEDED, raw="DONE", artifact=url)

    def _find(self, job: Job) -> Work | None:
        if not self._service.by_model:
            return self._service.works.get(job.id or "")
        thing = self._service.things.get(job.id or "")
        work = thing.works.get(job.verb) if thing else None
        return None if work and work.ended and self._service.now > work.ends + 600 else work

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _pass(self, most: float, least: float = 0.0) -> None:
        """Let a request take its time; the truth moves on meanwhile."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(least + self._service.chance.uniform(0, most))
        self._service.advance(loop.time())

    def _evidence(self, source: EvidenceSource, raw: str | None = None) -> Evidence:
        return Evidence(source=source, raw=raw, at=self._clock.now())


class ListedPlatform(FakePlatform):
    """One list answers for all models."""

    async def observe(self, models: Sequence[Model], jobs: Mapping[str, Job]) -> Observation:
        service = self._service
        async with self._places:
            await self._pass(0.5)
        if service.weather.strikes():
            return Observation(failures=(Failure(address=service.name, error="the list answered 502"),))
        asked = {model.id for model in models}
        return Observation(
            lives=tuple(self._live(model) for model in models),
            unmanaged=tuple(
                Listed(platform=service.name, id=thing.id, name=None, state=thing.state)
                for thing in service.things.values()
                if thing.id not in asked
            ),
        )

    def _live(self, model: Model) -> Live:
        service = self._service
        thing = service.things.get(model.id)
        late = service.chance.uniform(0, service.lag) if service.weather.flips else service.lag
        state = thing.state_at(service.now - late) if thing else LiveState.ABSENT
        if service.weather.strikes(0.2):
            state = LiveState.UNKNOWN
        evidence = self._evidence(EvidenceSource.LIST, state.upper())
        return Live(address=model.address, state=state, evidence=evidence, ids=(model.id,))


class JobsPlatform(FakePlatform):
    """Only jobs can be asked for, and of some models the deployment itself."""

    async def observe(self, models: Sequence[Model], jobs: Mapping[str, Job]) -> Observation:
        assert not any(job.verb is Verb.EXPORT for job in jobs.values()), "only deploys and undeploys tell of a state"
        found = [await self._observe(model, jobs.get(model.address)) for model in models]
        return Observation(
            lives=tuple(entry for entry in found if isinstance(entry, Live)),
            failures=tuple(entry for entry in found if isinstance(entry, Failure)),
        )

    async def _observe(self, model: Model, job: Job | None) -> Live | Failure:
        status = await self._poll(job) if job is not None and job.id is not None else None
        if isinstance(status, Failure):
            return status
        state, running, source = LiveState.UNKNOWN, None, EvidenceSource.NONE
        if status is not None and job is not None:
            source = EvidenceSource.JOB
            match status.state:
                case JobState.RUNNING:
                    state, running = MOVING[job.verb], job
                case JobState.SUCCEEDED:
                    state = GOAL[job.verb]
                case JobState.FAILED if job.verb is Verb.UNDEPLOY:
                    state = LiveState.DEPLOYED
                case JobState.FAILED:
                    state = LiveState(job.before or LiveState.UNKNOWN)
        if model.probe_path is not None and running is None:
            async with self._places:
                await self._pass(1.0)
            if not self._service.weather.strikes():
                thing = self._service.things.get(model.id)
                serves = thing is not None and thing.state in (LiveState.DEPLOYED, LiveState.UNDEPLOYING)
                state, source = SETTLED[0 if serves else 1], EvidenceSource.PROBE
        return Live(address=model.address, state=state, evidence=self._evidence(source), job=running)
