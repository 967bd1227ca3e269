"""Asks the platforms and folds in what the journal remembers. Changes nothing."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from reconciler.core.job import Job, JobState, JobStatus, Verb
from reconciler.core.live import Evidence, EvidenceSource, Failure, Live, LiveState, Observation, Snapshot
from reconciler.core.memory import Memory
from reconciler.core.model import Model
from reconciler.engine.shared import Shared, picker
from reconciler.engine.waiting import Patience
from reconciler.engine.world import Account, World
from reconciler.platforms.base import Platform

READ = frozenset({EvidenceSource.LIST, EvidenceSource.GET, EvidenceSource.PROBE})
"""Evidence that comes from the model itself, not from what we did to it."""

_RUNS = {LiveState.DEPLOYING: Verb.DEPLOY, LiveState.UNDEPLOYING: Verb.UNDEPLOY}
DURING = {verb: state for state, verb in _RUNS.items()}
"""The state that a model is in while a job of a verb runs."""

_AT_REST = (LiveState.DEPLOYED, LiveState.UNDEPLOYED)
_ENDS = {Verb.DEPLOY: LiveState.DEPLOYED, Verb.UNDEPLOY: LiveState.UNDEPLOYED}


class Observer:
    """Reads live states. Readers of one platform that answers for all its models in one request share that request."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._memories = world.memories()
        self._shared = {
            name: Shared(account.platform)
            for name, account in world.accounts.items()
            if account.platform is not None and account.platform.capabilities.reads_together
        }

    async def snapshot(self, models: Sequence[Model]) -> Snapshot:
        """The live states of `models`. A platform or model that can't be read is a failure of the snapshot."""
        by_platform: dict[str, list[Model]] = {}
        for model in models:
            by_platform.setdefault(model.platform, []).append(model)
        found = await asyncio.gather(
            *(self._observe(self._world.accounts[name], group) for name, group in by_platform.items())
        )
        known = {(model.platform, self._same(model.platform, model.id)) for model in self._world.inventory.models}
        return Snapshot(
            taken_at=self._world.clock.now(),
            lives={live.address: live for observation in found for live in observation.lives},
            unmanaged=tuple(
                listed
                for observation in found
                for listed in observation.unmanaged
                if (listed.platform, self._same(listed.platform, listed.id)) not in known
            ),
            failures=tuple(failure for observation in found for failure in observation.failures),
            incomplete=frozenset(
                name for name, observation in zip(by_platform, found, strict=True) if observation.failures
            ),
        )

    async def read(self, model: Model, job: Job | None = None) -> Live | Failure:
        """The live state of one model now; `job` is the newest deploy or undeploy job of it, if there is a newer one
        than the journal remembered at the start."""
        platform = self._world.accounts[model.platform].platform
        assert platform is not None
        memory = self._memories[model.address]
        newest = job or memory.job
        jobs = {model.address: newest} if newest else {}
        shared = self._shared.get(model.platform)
        if shared:
            live = await shared.ask(model, jobs)
        else:
            live = picker(await platform.observe([model], jobs))(model)
        return live if job or isinstance(live, Failure) else await self._recall(platform, live)

    async def follow(self, model: Model, job: Job, patience: Patience) -> Live | Failure | None:
        """Wait one step; what the model then is, None where the job is to be asked. Raises what `patience` does."""
        shared = self._shared.get(model.platform)
        if shared is None:
            await patience.next()
            return None
        return await shared.follow(model, job, patience)

    async def _observe(self, account: Account, models: Sequence[Model]) -> Observation:
        assert account.platform is not None
        jobs = {m.address: job for m in models if (job := self._memories[m.address].job) is not None}
        platform = account.platform
        observation = await platform.observe(models, jobs)
        unsure = [live for live in observation.lives if self._memories[live.address].under_way]
        recalled = await asyncio.gather(*(self._recall(platform, live) for live in unsure))
        known = {live.address: live for live in recalled}
        lives = (known.get(live.address) or self._settled(live) for live in observation.lives)
        return replace(observation, lives=tuple(lives))

    def _settled(self, live: Live) -> Live:
        """A live state with what the journal adds, of a model that nothing of ours may be under way for."""
        probed = live.evidence.source is EvidenceSource.PROBE
        return live if probed else recall(live, self._memories[live.address])

    async def _recall(self, platform: Platform, live: Live) -> Live:
        """A live state with what the journal adds. A probe shows what is served, and not that a job is under way: until
        the last start is known to be over, only the probe that shows its target counts."""
        memory = self._memories[live.address]
        if not memory.under_way:
            return self._settled(live)
        if live.evidence.source in (EvidenceSource.LIST, EvidenceSource.GET):
            return await self._with_job(platform, recall(live, memory), memory)
        if live.evidence.source is not EvidenceSource.PROBE:
            return recall(live, memory)
        open_, job = memory.open, memory.running
        verb, at = (open_.verb, open_.at) if open_ else (job.verb, job.since) if job else (None, None)
        if verb is None or at is None or live.state is _ENDS[verb]:
            return live
        if job is not None and job.id is not None and open_ is None:
            status = (await platform.poll([job]))[job]
            if isinstance(status, JobStatus) and status.state in (JobState.SUCCEEDED, JobState.FAILED):
                return live
        age = (self._world.clock.now() - at).total_seconds()
        if age > platform.capabilities.settle + platform.capabilities.longest(verb):
            return live  # no job takes that long
        note = f"the {verb} sent on {at:%Y-%m-%d %H:%M} UTC may still be under way, which a probe does not show"
        return replace(live, state=LiveState.UNKNOWN, evidence=Evidence(source=EvidenceSource.NONE, note=note))

    async def _with_job(self, platform: Platform, live: Live, memory: Memory) -> Live:
        """A model that a list shows at rest, though a job of ours was accepted and never seen to end: lists may lag, so
        the job is asked; one without an id counts as running until its settle time is over."""
        job = memory.running
        if job is None or live.state not in _AT_REST or live.state is _ENDS[job.verb]:
            return live
        age = (self._world.clock.now() - job.since).total_seconds()
        runs = Evidence(source=EvidenceSource.JOB, at=job.since, note=f"shown as {live.state}, but its {job.verb} runs")
        found = (await platform.poll([job]))[job] if job.id is not None else None
        if isinstance(found, JobStatus) and found.state is JobState.FAILED:
            note = f"its last {job.verb} failed" + (f": {found.error}" if found.error else "")
            return replace(live, evidence=replace(live.evidence, note=note))
        if isinstance(found, JobStatus) and found.state is JobState.SUCCEEDED:
            return live
        if isinstance(found, JobStatus) and found.state is JobState.RUNNING:
            return replace(live, state=DURING[job.verb], evidence=replace(runs, raw=found.raw), job=job)
        if isinstance(found, Failure):
            note = f"shown as {live.state}, but its {job.verb} may run: {found.error}"
            return replace(live, state=LiveState.UNKNOWN, evidence=replace(runs, note=note))
        if age < platform.capabilities.settle:
            return replace(live, state=DURING[job.verb], evidence=runs, job=job)
        return live

    def _same(self, platform: str, identity: str) -> str:
        return self._world.accounts[platform].type.same(identity)


def recall(live: Live, memory: Memory) -> Live:
    """A live state with what the journal adds: the job that is running, or what was believed where nothing can be
    read."""
    if live.evidence.source in READ:
        job, verb = memory.running, _RUNS.get(live.state)
        ours = job is not None and job.verb is verb
        return replace(live, job=job) if ours and live.job is None else live
    if memory.open is not None:
        note = f"the {memory.open.verb} sent on {memory.open.at:%Y-%m-%d %H:%M} UTC was never answered"
        return replace(
            live, state=LiveState.UNKNOWN, evidence=Evidence(source=EvidenceSource.NONE, note=note), job=None
        )
    if live.state is LiveState.UNKNOWN and memory.believed is not None and memory.running is None:
        believed = memory.believed
        lost = live.evidence.note if memory.job is not None else None
        evidence = Evidence(source=believed.source, raw=live.evidence.raw, at=believed.at, note=lost)
        return replace(live, state=believed.state, evidence=evidence)
    return live


def remembered(models: Iterable[Model], memories: Mapping[str, Memory], world: World) -> Snapshot:
    """A snapshot without asking anyone: what the journal believes, or what was last applied. Nothing is verified."""
    lives = {}
    for model in models:
        memory = memories[model.address]
        believed, applied = memory.believed, memory.applied
        state: LiveState = LiveState.UNKNOWN
        source: EvidenceSource = EvidenceSource.NONE
        at: datetime | None = None
        if believed is not None:
            state, source, at = believed.state, believed.source, believed.at
        elif applied is not None:
            state, source, at = LiveState(applied.deployment), EvidenceSource.JOURNAL, applied.at
        evidence = Evidence(source=source, at=at, note="offline: not asked")
        lives[model.address] = Live(address=model.address, state=state, evidence=evidence)
    return Snapshot(taken_at=world.clock.now(), lives=lives)
