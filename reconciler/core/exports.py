"""Whether a model's export is due: the artefact the inventory wants, against the one on record. Pure."""

from datetime import datetime

from reconciler.core.capabilities import Capabilities
from reconciler.core.commands import reissue_command
from reconciler.core.job import Verb
from reconciler.core.live import TRANSITIONAL, Live, LiveState
from reconciler.core.memory import Memory
from reconciler.core.model import Model
from reconciler.core.plan import Action, Blocked, BlockedCode, Reason, ReasonCode, RunningJob

NOT_EXPORTED = "not-exported"
"""An export's state before there is any artefact."""

EXPORTED = "exported"
"""An export's state once there is one, old or not."""


def decide_export(
    model: Model,
    live: Live,
    memory: Memory,
    capabilities: Capabilities,
    *,
    now: datetime,
    reissue: bool = False,
    where: str | None = None,
) -> Action | Blocked | None:
    """The export of `model` that is due, or why it can't be made; None where none is wanted or the last will do.

    `reissue`: one whose answer was lost, or that cannot be followed, may be sent once more."""
    wanted = model.target.export
    if wanted is None:
        return None
    reason = _due(memory, wanted.max_age, now)
    if reason is None:
        return None
    if refusal := capabilities.refusal(Verb.EXPORT):
        return _blocked(model, live, BlockedCode.UNSUPPORTED, refusal)
    if live.state is LiveState.ABSENT:
        return _blocked(model, live, BlockedCode.ABSENT, f"the platform has no model {model.id} to export")
    running = memory.export_job
    adopts = RunningJob(verb=Verb.EXPORT, job=running.id) if running and running.id else None
    if adopts is None and not reissue and (doubt := _doubt(model.address, memory, where)) is not None:
        return _blocked(model, live, BlockedCode.UNKNOWN, doubt)
    return Action(
        address=model.address,
        verb=Verb.EXPORT,
        model_id=model.id,
        before=EXPORTED if memory.exported else NOT_EXPORTED,
        after=EXPORTED,
        reason=reason,
        evidence=live.evidence,
        source=model.source,
        adopts=adopts,
        follows=RunningJob(verb=live.job.verb if live.job else None, job=live.job.id if live.job else None)
        if live.state in TRANSITIONAL and adopts is None
        else None,
        artifact=wanted.to or model.name + capabilities.artifact_suffix,
        concurrency=model.concurrency,
        timeout=capabilities.limit(model, Verb.EXPORT),
        owner=model.owner,
    )


def _doubt(address: str, memory: Memory, where: str | None) -> str | None:
    """An export that an earlier run has sent and that may still be under way: nothing that can be read shows it."""
    again = f"to send it once more: {reissue_command(address, where)}"
    if memory.open_export is not None:
        return f"an export sent on {memory.open_export.at:%Y-%m-%d %H:%M} UTC was never answered; {again}"
    if memory.export_job is not None:
        return f"an export accepted on {memory.export_job.since:%Y-%m-%d %H:%M} UTC has no id to follow; {again}"
    return None


def _due(memory: Memory, max_age: float | None, now: datetime) -> Reason | None:
    made = memory.exported
    if made is None:
        return Reason(code=ReasonCode.EXPORT_MISSING, text="no export on record")
    if max_age is not None and (now - made.at).total_seconds() > max_age:
        return Reason(
            code=ReasonCode.EXPORT_OLD, text=f"the last export is of {made.at:%Y-%m-%d}, older than its max_age"
        )
    return None


def _blocked(model: Model, live: Live, code: BlockedCode, text: str) -> Blocked:
    return Blocked(
        address=model.address,
        verb=Verb.EXPORT,
        code=code,
        text=text,
        live=str(live.state),
        source=model.source,
        owner=model.owner,
    )
