"""Targets that read what services answer: the pure readers on any body, and whole platforms on any bytes of a wire."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from msgspec.structs import replace

from reconciler.core.job import Accepted, Answer, Job, JobStatus, Refused, Uncertain, Verb
from reconciler.core.live import Failure, Live, LiveState, Observation
from reconciler.core.model import Deployment, Model, Source, Target
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
from reconciler.platforms.definition import Definition, GetRead
from reconciler.platforms.lists import match_rows, read_rows
from reconciler.platforms.load import read_definition
from reconciler.platforms.registry import definition_text
from reconciler.platforms.replies import Reply
from reconciler.platforms.template import Call, fill, layered

from .files import DEFINITIONS
from .oracles import demand, line

NOW = datetime(2026, 2, 2, 14, 0, 0, tzinfo=UTC)
BUILT_IN = ("kore", "nugen", "nugen-b")
STATUSES = (200, 201, 202, 204, 301, 400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504)
ORIGIN = "https://api.example"
_NEVER_SENT = frozenset(map(chr, (*range(9), *range(10, 32), 127)))  # what no reader of HTTP lets into a header


class StillClock:
    """Always the same moment."""

    def now(self) -> datetime:
        return NOW


@cache
def definitions() -> tuple[Definition, ...]:
    """The built-in definitions, then those of other tests."""
    others = [read_definition(path.read_bytes(), path.name) for path in sorted(DEFINITIONS.glob("*.yaml"))]
    return (*(read_definition(definition_text(name), name) for name in BUILT_IN), *others)


def models() -> tuple[Model, ...]:
    """Models whose ids the seeds speak of."""
    ids = ("cm-20f1a", "alignment_01KXG82FJJ98NQ0", "m-1")
    return tuple(
        Model(
            platform="p",
            name=id,
            id=id,
            target=Target(deployment=Deployment.DEPLOYED),
            source=Source(file="f", line=1),
            settings={"modelType": "openSource", "early": True, "X-Provider": "a"},
            probe_path="/v2/chat",
        )
        for id in ids
    )


def reply(data: bytes) -> None:
    """The first byte is the definition, the second the status; a line of headers; the rest is the body."""
    known = definitions()
    head, _, body = data[2:].partition(b"\n")
    value = "".join(sign for sign in head.decode("latin-1") if sign not in _NEVER_SENT).strip()
    headers = dict.fromkeys(("content-type", "retry-after", "location", "x-job-id", "operation-location"), value)
    status = STATUSES[data[1] % len(STATUSES)] if len(data) > 1 else 200
    spoken = known[data[0] % len(known)] if data else known[0]
    use_reply(spoken, Reply(status=status, headers=headers, body=body))


def use_definition(spoken: Definition, body: bytes) -> None:
    """Everything that is done with a definition, on an ordinary answer."""
    for status in (200, 400, 429, 500):
        use_reply(spoken, Reply(status=status, headers={"content-type": "application/json"}, body=body))
    values = {"id": "a/../b", "job": "..", "verb": "deploy", "name": "n", "path": "/v2/chat", "key": "k"}
    live = spoken.live
    reads = [part.request for part in (live.list, live.get, live.ask, live.probe) if part is not None]
    polls = [start.follow.poll for start in spoken.starts.values() if start.follow]
    for request in (*reads, *polls, *(start.request for start in spoken.starts.values())):
        try:
            call = fill(replace(request, headers={}), values, layered({"a": 1}, spoken.defaults))
        except ValueError as error:
            line(str(error))
        else:
            demand(call.target.startswith("/") and call.target.isascii(), "target", call.target)


def use_reply(spoken: Definition, got: Reply) -> None:
    """All readers on one answer."""
    _read_list(spoken, got)
    for verb, start in spoken.starts.items():
        job = new_job("p/m-1", verb, LiveState.UNDEPLOYED, StillClock())
        if got.status < 300:
            check_answer(read_accepted(start.follow, got, job, "m-1", loose=spoken.loose_keys))
        else:
            check_answer(read_refused(spoken, start, got, "POST /x", StillClock()))
            line(refusal_text(spoken, got, "GET /x"))
        data = _data(got)
        if start.follow is not None:
            for identity in ("m-1", "ds-1"):
                try:
                    check_status(read_job(start.follow, replace(job, id=identity), data, loose=spoken.loose_keys))
                except Unreadable as error:
                    line(str(error))
        for get in (spoken.live.get, spoken.live.ask):
            if get is not None:
                _read_state(spoken, get, data)


def _data(got: Reply) -> Any:
    try:
        return decode(got)
    except Unreadable as error:
        line(str(error))
        return None


def _read_state(spoken: Definition, get: GetRead, data: Any) -> None:
    reading = read_states(get.states, data, loose=spoken.loose_keys)
    line(reading.raw)
    line(reading.note)
    demand(reading.state == "ask" or LiveState(reading.state) in LiveState, "state", reading.state)


def _read_list(spoken: Definition, got: Reply) -> None:
    source = spoken.live.list
    if source is None:
        return

    async def page(call: Call) -> Any:
        return decode(got)

    try:
        rows = _run(read_rows(source, page, origin=ORIGIN))
    except Unreadable as error:
        line(str(error))
        return
    asked = models()
    matched = match_rows(spoken, "p", asked, rows, NOW)
    seen = sorted([*(live.address for live in matched.lives), *(failure.address for failure in matched.failures)])
    seen = sorted([*seen, *(model.address for model, _ in matched.ask)])
    demand(seen == sorted(model.address for model in asked), "every model comes back once", seen)
    _check_seen((*matched.lives, *(live for _, live in matched.ask)), matched.failures)


def _run(coroutine: Any) -> Any:
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("it waited")


def _check_seen(lives: Sequence[Live], failures: Sequence[Failure]) -> None:
    for live in lives:
        line(live.evidence.raw)
        line(live.evidence.note)
        demand(all(identity.strip() for identity in live.ids), "an empty id", live.ids)
    for failure in failures:
        line(failure.error)


def check_observation(found: Observation, asked: Sequence[Model], platform: str) -> None:
    """That every model came back once, or that a failure of the platform stands for it."""
    seen = [*(live.address for live in found.lives), *(failure.address for failure in found.failures)]
    demand(len(set(seen)) == len(seen), "twice", seen)
    demand(platform in seen or set(seen) == {model.address for model in asked}, "not once each", seen)
    _check_seen(found.lives, found.failures)


def check_answer(answer: Answer) -> None:
    """That an answer to a start is one of three, in one line, with numbers that can be waited for."""
    if isinstance(answer, Accepted):
        check_status(answer.status)
        identity = answer.job.id
        demand(identity is None or 0 < len(identity) <= 512, "job id", identity)
    elif isinstance(answer, Refused):
        line(answer.reason)
        after = answer.retry_after
        demand(after is None or after >= 0, "retry after", after)
        demand(answer.state is None or LiveState(answer.state) in LiveState, "state", answer.state)
    else:
        demand(isinstance(answer, Uncertain), "no answer", answer)
        line(answer.reason)


def check_status(status: JobStatus) -> None:
    """That what is said of a job is in one line each."""
    for text in (status.raw, status.error, status.warning):
        line(text)
    demand(status.progress is None or 0 <= status.progress <= 100, "progress", status.progress)


def any_job(verb: Verb, identity: str) -> Job:
    """A job that was started earlier."""
    return Job(address="p/m-1", verb=verb, id=identity, since=NOW, before="undeployed")
