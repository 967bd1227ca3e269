"""The fold: what the records of a journal say of each model. Pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from reconciler.core.job import Job, Verb
from reconciler.core.live import EvidenceSource, LiveState
from reconciler.core.memory import NOTHING, Applied, Believed, Exported, Intent, Key, LastAction, Memory
from reconciler.core.model import Deployment
from reconciler.core.record import Record, RecordKind
from reconciler.core.report import OutcomeKind

_ENDED: Final = frozenset({OutcomeKind.SUCCEEDED, OutcomeKind.FAILED})


_REACHED: Final = {Verb.DEPLOY: Deployment.DEPLOYED, Verb.UNDEPLOY: Deployment.UNDEPLOYED}


def fold(records: Iterable[Record]) -> dict[Key, Memory]:
    """What is remembered of every model that a record names, by origin and id."""
    memories: dict[Key, Memory] = {}
    for record in records:
        if record.origin is None or record.model_id is None:
            continue
        key = (record.origin, record.model_id)
        change = _CHANGES.get(record.kind)
        if change is not None:
            memories[key] = change(memories.get(key, NOTHING), record)
    return memories


def used_plans(records: Iterable[Record]) -> frozenset[str]:
    """The ids of all saved plans that were applied."""
    return frozenset(
        record.plan for record in records if record.kind is RecordKind.PLAN_USED and record.plan is not None
    )


def _intent(memory: Memory, record: Record) -> Memory:
    assert record.verb is not None
    if record.verb is Verb.EXPORT:
        return replace(memory, open_export=Intent(verb=record.verb, at=record.at, run=record.run))
    over = replace(memory.open, over=None) if memory.open is not None else None
    return replace(memory, open=Intent(verb=record.verb, at=record.at, run=record.run, over=over))


def _accepted(memory: Memory, record: Record) -> Memory:
    """It answers a start of its own verb: an export's answer says nothing of a deploy or undeploy."""
    assert record.verb is not None
    assert record.address is not None
    job = Job(address=record.address, verb=record.verb, id=record.job, since=record.at, before=record.before)
    if record.verb is Verb.EXPORT:
        return replace(memory, open_export=None, export_job=job)
    known = memory.running
    again = known is not None and (known.verb, known.id) == (job.verb, job.id)  # one of ours that is taken up again
    sent = memory.sent if again and record.settings is None else record.settings
    return replace(memory, open=None, job=job, job_ended=False, sent=sent)


def _refused(memory: Memory, record: Record) -> Memory:
    """It answers its own start; what was never answered before stays so."""
    if record.verb is Verb.EXPORT:
        return replace(memory, open_export=None)
    return replace(memory, open=memory.open.over if memory.open is not None else None)


def _settled(memory: Memory, record: Record) -> Memory:
    assert record.verb is not None
    assert record.outcome is not None
    if record.outcome is OutcomeKind.SKIPPED:
        return memory
    last = LastAction(verb=record.verb, outcome=record.outcome, run=record.run, at=record.at)
    if record.outcome not in _ENDED:
        return replace(memory, last_action=last)
    succeeded = record.outcome is OutcomeKind.SUCCEEDED
    unanswered = memory.open_export if record.verb is Verb.EXPORT else memory.open
    if succeeded or (unanswered is not None and unanswered.run == record.run):
        unanswered = None  # a failure answers nothing that another run left open
    if record.verb is Verb.EXPORT:
        exported, artifact = memory.exported, record.artifact
        if succeeded and artifact is not None:
            exported = Exported(path=artifact.path, sha256=artifact.sha256, at=record.at)
        return replace(memory, last_action=last, open_export=unanswered, export_job=None, exported=exported)
    applied = memory.applied
    if succeeded and record.target is not None:
        applied = Applied(deployment=record.target, settings=record.settings, run=record.run, at=record.at)
    return replace(
        memory,
        last_action=last,
        open=unanswered,
        believed=_now_believed(memory, record, newly=True),
        applied=applied,
        job_ended=memory.job_ended or succeeded or _is_of(record, memory.job),
    )


def _is_of(record: Record, job: Job | None) -> bool:
    """Whether a failure is that of `job`, and not of an action that was never started."""
    return job is None or (record.started is not False and job.verb is record.verb and job.id == record.job)


def _now_believed(memory: Memory, record: Record, *, newly: bool = False) -> Believed | None:
    """What is believed after a record that says in which state it found the model; `newly`: even if it is the same."""
    if record.live is None or record.live is LiveState.UNKNOWN:
        return memory.believed
    if not newly and memory.believed is not None and memory.believed.state is record.live:
        return memory.believed
    return Believed(state=record.live, source=EvidenceSource.JOURNAL, at=record.at)


def _verified(memory: Memory, record: Record) -> Memory:
    assert record.target is not None
    applied = Applied(deployment=record.target, settings=record.settings, run=record.run, at=record.at)
    answers = memory.open is not None and _REACHED.get(memory.open.verb) is record.target
    ends = memory.job is not None and _REACHED.get(memory.job.verb) is record.target
    last = memory.last_action
    if last is not None and last.outcome not in _ENDED and _REACHED.get(last.verb) is record.target:
        last = replace(last, outcome=OutcomeKind.SUCCEEDED, run=record.run, at=record.at)
    return replace(
        memory,
        last_action=last,
        applied=applied,
        open=None if answers else memory.open,
        believed=_now_believed(memory, record),
        job_ended=memory.job_ended or ends,
    )


def _declared(memory: Memory, record: Record) -> Memory:
    assert record.live is not None
    believed = Believed(state=record.live, source=EvidenceSource.DECLARED, at=record.at)
    return replace(memory, believed=believed, job=None, job_ended=True, open=None)


def _protected(memory: Memory, record: Record) -> Memory:
    return replace(memory, protected=bool(record.on))


_CHANGES: Final[Mapping[RecordKind, Callable[[Memory, Record], Memory]]] = {
    RecordKind.INTENT: _intent,
    RecordKind.ACCEPTED: _accepted,
    RecordKind.ADOPTED: _accepted,
    RecordKind.REFUSED: _refused,
    RecordKind.SETTLED: _settled,
    RecordKind.VERIFIED: _verified,
    RecordKind.DECLARED: _declared,
    RecordKind.PROTECTED: _protected,
}
