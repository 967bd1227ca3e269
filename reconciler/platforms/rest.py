"""The interpreter: runs any definition behind the platform protocol. It knows no platform by name."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from reconciler.core.capabilities import Capabilities
from reconciler.core.job import Answer, Job, JobState, JobStatus, Refused, Uncertain, Verb
from reconciler.core.live import TRANSITIONAL, Evidence, EvidenceSource, Failure, Live, LiveState, Observation
from reconciler.core.model import Model
from reconciler.platforms.access import Access, variable
from reconciler.platforms.answers import (
    Unreadable,
    decode,
    new_job,
    read_accepted,
    read_job,
    read_refused,
    read_states,
    refusal_text,
)
from reconciler.platforms.base import Go, Opening
from reconciler.platforms.channel import Channel
from reconciler.platforms.definition import ASK, BEFORE, Definition, Follow, GetRead, JobRead, Probe
from reconciler.platforms.lists import match_rows, read_rows
from reconciler.platforms.pace import Pace
from reconciler.platforms.replies import LIST_LIMIT, REPLY_LIMIT, AnswerLost, NotSent, RequestFailed
from reconciler.platforms.template import Call, fill, layered
from reconciler.platforms.words import shorten

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class RestPlatform:
    """One account on one service, spoken to as a definition says."""

    def __init__(self, definition: Definition, opening: Opening) -> None:
        entry, stated = opening.entry, definition.type.capabilities
        self._definition, self._name, self._clock = definition, entry.name, opening.clock
        self._capabilities = replace(
            stated,
            concurrency=min(entry.concurrency or stated.concurrency, stated.concurrency),
            requests_per_minute=_lower(entry.requests_per_minute, stated.requests_per_minute),
            poll=stated.poll if entry.poll is None else entry.poll,
            settle=stated.settle if entry.settle is None else entry.settle,
        )
        pace = Pace(self._capabilities.concurrency, self._capabilities.requests_per_minute)

        def channel(access: Access, headers: Mapping[str, str]) -> Channel:
            return Channel(
                access,
                headers,
                pace=pace,
                concurrency=self._capabilities.concurrency,
                timeout=entry.request_timeout or 30.0,
                clock=opening.clock,
                chance=opening.chance,
                answered=opening.answered,
            )

        self._channel = channel(opening.credentials.api, definition.auth)
        probe = definition.live.probe
        asked = opening.credentials.probe if probe else None
        self._probe_channel = channel(asked, probe.request.headers) if probe and asked else None

    @property
    def capabilities(self) -> Capabilities:
        """What it can do, with the inventory's own limits and times."""
        return self._capabilities

    async def observe(self, models: Sequence[Model], jobs: Mapping[str, Job]) -> Observation:
        """See `Platform.observe`."""
        live = self._definition.live
        if live.list is not None:
            return await self._observe_list(models)
        if live.get is not None:
            get = live.get
            return _together(await self._each(models, lambda model: self._get(model, get, (model.id,))))
        assert live.jobs is not None
        read = live.jobs
        return _together(await self._each(models, lambda model: self._believe(model, jobs.get(model.address), read)))

    async def start(self, verb: Verb, model: Model, live: Live, go: Go) -> Answer:
        """See `Platform.start`. Where a listed model has two ids, a 404 for the first is an answer about the id, and
        the second is tried (Nugen: which id the routes take after an undeploy is not documented)."""
        start = self._definition.starts[verb]
        settings = layered(model.settings, self._definition.defaults) if verb is Verb.DEPLOY else None
        job = new_job(model.address, verb, live.state, self._clock)
        answer: Answer = Refused(reason="the platform names no id to act on")
        for identity in (live.ids or (model.id,))[:2]:
            try:
                call = fill(start.request, {"id": identity, "verb": verb, "name": model.name}, settings)
                reply = await self._channel.act(call, go)
            except NotSent as error:
                return Refused(reason=str(error), transient=True)
            except AnswerLost as error:
                return Uncertain(reason=str(error))
            except ValueError as error:
                return Refused(reason=str(error))
            if 200 <= reply.status < 300:
                return read_accepted(start.follow, reply, job, identity, loose=self._definition.loose_keys)
            answer = read_refused(self._definition, start, reply, str(call), self._clock)
            if reply.status in (401, 403):
                answer = Refused(reason=f"{refusal_text(self._definition, reply, str(call))}; {self._key_advice()}")
            if reply.status != 404:
                break
        return answer

    async def poll(self, jobs: Sequence[Job]) -> Mapping[Job, JobStatus | Failure]:
        """See `Platform.poll`."""
        found = await self._each(jobs, lambda job: self._poll(job, patient=True))
        return dict(zip(jobs, found, strict=True))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._channel.aclose()
        if self._probe_channel is not None:
            await self._probe_channel.aclose()

    # One list for all models.

    async def _observe_list(self, models: Sequence[Model]) -> Observation:
        source = self._definition.live.list
        assert source is not None
        try:
            rows = await read_rows(source, lambda call: self._data(call, LIST_LIMIT), origin=self._channel.origin)
        except (RequestFailed, Unreadable) as error:
            return Observation(failures=(Failure(address=self._name, error=str(error)),))
        matched = match_rows(self._definition, self._name, models, rows, self._clock.now())
        asked = await self._each(matched.ask, lambda pair: self._ask(*pair))
        found = _together(asked)
        failures = (*matched.failures, *found.failures)
        return Observation(
            lives=(*matched.lives, *found.lives),
            unmanaged=matched.unmanaged,
            failures=failures,
            requests=rows.pages + len(asked),
        )

    async def _ask(self, model: Model, listed: Live) -> Live | Failure:
        get = self._definition.live.ask
        assert get is not None
        live = await self._get(model, get, listed.ids or (model.id,))
        if isinstance(live, Failure):
            return live
        words = f"{listed.evidence.raw} in the list, {live.evidence.raw} asked"
        return replace(live, ids=listed.ids, evidence=replace(live.evidence, note=words))

    # One read per model.

    async def _get(self, model: Model, get: GetRead, ids: tuple[str, ...]) -> Live | Failure:
        try:
            call = fill(get.request, {"id": ids[0], "name": model.name})
            reply = await self._channel.read(call)
            if reply.status == 404:
                evidence = Evidence(source=EvidenceSource.GET, raw="404", at=self._clock.now())
                return Live(address=model.address, state=get.absent, evidence=evidence, ids=ids)
            reading = read_states(get.states, self._checked(call, reply), loose=self._definition.loose_keys)
        except (RequestFailed, Unreadable, ValueError) as error:
            return Failure(address=model.address, error=str(error))
        state = LiveState.UNKNOWN if reading.state == ASK else LiveState(reading.state)
        evidence = Evidence(source=EvidenceSource.GET, raw=reading.raw, at=self._clock.now(), note=reading.note)
        return Live(address=model.address, state=state, evidence=evidence, ids=ids)

    # No read at all: the last job, and a probe.

    async def _believe(self, model: Model, job: Job | None, read: JobRead) -> Live | Failure:
        if job is None or job.id is None:
            note = "no job of ours is on record" if job is None else "the platform gave no id for its last job"
            live = Live(
                address=model.address,
                state=LiveState.UNKNOWN,
                evidence=Evidence(source=EvidenceSource.NONE, note=note),
            )
        else:
            status = await self._poll(job)
            if isinstance(status, Failure):
                return status
            live = _by_job(model, job, status, read)
        probe = self._definition.live.probe
        if probe is None or model.probe_path is None or live.state in TRANSITIONAL:
            return live
        return await self._probe(model, live, probe)

    async def _probe(self, model: Model, believed: Live, probe: Probe) -> Live:
        if self._probe_channel is None:
            names = f"{variable(self._name, 'PROBE_URL')} and {variable(self._name, 'PROBE_KEY')}"
            return _silent(believed, None, f"its probe cannot be sent: set {names}")
        call = fill(replace(probe.request, headers={}), {"path": model.probe_path or "", "name": model.name})
        try:
            reply = await self._probe_channel.act(call)
        except RequestFailed as error:
            return _silent(believed, None, f"its probe got no answer: {error}")
        status = reply.status
        if status in probe.deployed:
            try:
                decode(reply)
            except Unreadable as error:  # a sign-in page in between answers 200 to everything
                return _silent(believed, str(status), f"its probe answered {error}")
        state = (
            LiveState.DEPLOYED
            if status in probe.deployed
            else LiveState.UNDEPLOYED
            if status in probe.undeployed
            else None
        )
        if state is None:
            return _silent(believed, str(status), f"its probe answered {status}, which says neither")
        settled = believed.state in (LiveState.DEPLOYED, LiveState.UNDEPLOYED)
        note = f"its last job left it {believed.state}" if settled and believed.state is not state else None
        evidence = Evidence(source=EvidenceSource.PROBE, raw=str(status), at=self._clock.now(), note=note)
        return replace(believed, state=state, evidence=evidence)

    # Jobs.

    async def _poll(self, job: Job, *, patient: bool = False) -> JobStatus | Failure:
        follow = self._follow(job.verb)
        if follow is None or job.id is None:
            return Failure(address=job.address, error=f"the {job.verb} without a job id cannot be followed")
        try:
            call = fill(follow.poll, {"job": job.id, "id": job.id, "verb": job.verb})
            reply = await self._channel.read(call, patient=patient)
            if reply.status == 404:
                return JobStatus(
                    state=JobState.ABSENT, raw="404", error=refusal_text(self._definition, reply, str(call))
                )
            return read_job(follow, job, self._checked(call, reply), loose=self._definition.loose_keys)
        except (RequestFailed, Unreadable, ValueError) as error:
            return Failure(address=job.address, error=str(error))

    def _follow(self, verb: Verb) -> Follow | None:
        start = self._definition.starts.get(verb)
        return start.follow if start else None

    # Requests.

    async def _data(self, call: Call, limit: int = REPLY_LIMIT) -> Any:
        return self._checked(call, await self._channel.read(call, limit=limit))

    def _checked(self, call: Call, reply: Any) -> Any:
        """The JSON data of a 2xx answer; raises `Unreadable` for any other."""
        if 200 <= reply.status < 300:
            try:
                return decode(reply)
            except Unreadable as error:
                raise Unreadable(f"{call}: {error}") from error
        text = refusal_text(self._definition, reply, str(call))
        raise Unreadable(f"{text}; {self._key_advice()}" if reply.status in (401, 403) else text)

    def _key_advice(self) -> str:
        return f"check {variable(self._name, 'KEY')}"

    async def _each(self, items: Sequence[_Item], work: Callable[[_Item], Awaitable[_Result]]) -> list[_Result]:
        """`work` on every item, at most as many at once as the platform takes; results in the order of the items."""
        results: dict[int, _Result] = {}
        queue = iter(enumerate(items))

        async def worker() -> None:
            for number, item in queue:
                results[number] = await work(item)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(len(items), self._capabilities.concurrency)):
                group.create_task(worker())
        return [results[number] for number in range(len(items))]


def _by_job(model: Model, job: Job, status: JobStatus, read: JobRead) -> Live:
    table = {JobState.RUNNING: read.running, JobState.SUCCEEDED: read.succeeded, JobState.FAILED: read.failed}
    state, note = LiveState.UNKNOWN, status.warning
    if status.state is JobState.ABSENT:
        note = f"the platform no longer knows job {shorten(str(job.id))}"
    else:
        word = table[status.state].get(job.verb, LiveState.UNKNOWN)
        state = LiveState(job.before or LiveState.UNKNOWN) if word == BEFORE else LiveState(word)
    if status.state is JobState.FAILED:
        note = f"its last {job.verb} failed" + (f": {status.error}" if status.error else "")
    return Live(
        address=model.address,
        state=state,
        evidence=Evidence(source=EvidenceSource.JOB, raw=status.raw, at=job.since, note=note),
        job=job if status.state is JobState.RUNNING else None,
    )


def _silent(believed: Live, raw: str | None, note: str) -> Live:
    """What a model is whose probe says nothing: unknown, for a job's success says nothing of the time after it, and a
    probe that is broken must not look like all is well."""
    if believed.state is not LiveState.UNKNOWN:
        note = f"{note}; its last job left it {believed.state}"
    evidence = Evidence(source=EvidenceSource.PROBE, raw=raw, note=note)
    return replace(believed, state=LiveState.UNKNOWN, evidence=evidence, job=None)


def _together(found: Sequence[Live | Failure]) -> Observation:
    return Observation(
        lives=tuple(entry for entry in found if isinstance(entry, Live)),
        failures=tuple(entry for entry in found if isinstance(entry, Failure)),
    )


def _lower(wanted: float | None, stated: float | None) -> float | None:
    limits = [limit for limit in (wanted, stated) if limit is not None]
    return min(limits) if limits else None
