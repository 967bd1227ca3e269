"""Inventory x snapshot x memory -> what to do. Its heart is one table; the rest turns its cells into actions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.capabilities import Capabilities
from reconciler.core.commands import adopt_command
from reconciler.core.differences import explain_difference
from reconciler.core.drift import holds
from reconciler.core.exports import decide_export
from reconciler.core.job import Verb
from reconciler.core.live import EvidenceSource, Live, LiveState, Snapshot
from reconciler.core.memory import NOTHING, Memory
from reconciler.core.model import Deployment, Model, OnBroken, OnUnknown
from reconciler.core.order import link
from reconciler.core.plan import Action, Blocked, BlockedCode, Reason, ReasonCode, RunningJob, Warned
from reconciler.core.pointer import at
from reconciler.core.report import OutcomeKind


class Cell(StrEnum):
    """What to do with one model."""

    NOTHING = "unchanged"
    SETTINGS = "deploy again when settings changed"
    DEPLOY = "deploy"
    UNDEPLOY = "undeploy"
    DEPLOY_AFTER = "deploy after the running job"
    UNDEPLOY_AFTER = "undeploy after the running job"
    ADOPT = "adopt the running job"
    WARN = "unchanged, with the warning"
    NOT_READY = "blocked: not ready"
    BROKEN = "blocked: broken"
    ABSENT = "blocked: absent"
    UNKNOWN = "blocked: unknown"


TABLE: Final[Mapping[LiveState, tuple[Cell, Cell]]] = {
    # live                    wanted deployed     wanted undeployed
    LiveState.DEPLOYED:      (Cell.SETTINGS,      Cell.UNDEPLOY),
    LiveState.UNDEPLOYED:    (Cell.DEPLOY,        Cell.NOTHING),
    LiveState.DEPLOYING:     (Cell.ADOPT,         Cell.UNDEPLOY_AFTER),
    LiveState.UNDEPLOYING:   (Cell.DEPLOY_AFTER,  Cell.ADOPT),
    LiveState.BUSY:          (Cell.DEPLOY_AFTER,  Cell.UNDEPLOY_AFTER),
    LiveState.NOT_READY:     (Cell.NOT_READY,     Cell.NOTHING),
    LiveState.BROKEN:        (Cell.BROKEN,        Cell.WARN),
    LiveState.ABSENT:        (Cell.ABSENT,        Cell.WARN),
    LiveState.UNKNOWN:       (Cell.UNKNOWN,       Cell.UNKNOWN),
}  # fmt: skip
"""The decision table: what a live state and a wanted deployment mean together."""

_VERB: Final = {Deployment.DEPLOYED: Verb.DEPLOY, Deployment.UNDEPLOYED: Verb.UNDEPLOY}
_RUNNING: Final = {LiveState.DEPLOYING: Verb.DEPLOY, LiveState.UNDEPLOYING: Verb.UNDEPLOY}


class Decisions(Struct, frozen=True, kw_only=True):
    """What to do with all models, in order of address."""

    actions: tuple[Action, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    unchanged: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()


class _Known(Struct, frozen=True, kw_only=True):
    """All that is known of one model."""

    model: Model
    live: Live
    memory: Memory
    capabilities: Capabilities
    where: str | None
    reissue: bool
    now: datetime


def decide(
    models: Sequence[Model],
    snapshot: Snapshot,
    memories: Mapping[str, Memory],
    capabilities: Mapping[str, Capabilities],
    *,
    selected: frozenset[str],
    now: datetime,
    where: str | None = None,
    reissue: bool = False,
) -> Decisions:
    """What to do with the models at the `selected` addresses; `models` are those and all that they come after.

    `memories` is by address, `capabilities` by platform; `where` ends the commands that are advised, None where nothing
    need be named; `reissue`: a deploy whose answer was lost may be planned again. Models that the snapshot holds no
    live state of are left out: they are its failures."""
    known = [
        _Known(
            model=model,
            live=snapshot.lives[model.address],
            memory=memories.get(model.address, NOTHING),
            capabilities=capabilities[model.platform],
            where=where,
            reissue=reissue,
            now=now,
        )
        for model in sorted(models, key=lambda model: model.address)
        if model.address in snapshot.lives
    ]
    found = {one.model.address: _one(one, now) for one in known}
    actions = [action for of_one, _ in found.values() for action in of_one]
    blocked = [entry for _, of_one in found.values() for entry in of_one]
    unchanged = [address for address, (of_one, stopped) in found.items() if not of_one and not stopped]
    warnings = [warning for one in known if (warning := _warning(one)) is not None]
    stuck = {
        **{action.address: "this selection leaves out" for action in actions if action.address not in selected},
        **{model.address: "could not be read" for model in models if model.address not in snapshot.lives},
        **{entry.address: "is blocked" for entry in blocked},
    }
    linked, waiting = link(models, actions, stuck)
    stopped_here = sorted((*blocked, *waiting), key=lambda entry: (entry.address, entry.verb))
    return Decisions(
        actions=tuple(action for action in linked if action.address in selected),
        blocked=tuple(entry for entry in stopped_here if entry.address in selected),
        unchanged=tuple(address for address in unchanged if address in selected),
        warnings=tuple(warned for warned in warnings if warned.address in selected),
    )


def _one(known: _Known, now: datetime) -> tuple[list[Action], list[Blocked]]:
    """The actions on one model, the export first, and what is blocked."""
    deployment = _deployment(known)
    export = decide_export(
        known.model, known.live, known.memory, known.capabilities, now=now, reissue=known.reissue, where=known.where
    )
    entries = [entry for entry in (export, deployment) if entry is not None]
    actions = [entry for entry in entries if isinstance(entry, Action)]
    blocked = [entry for entry in entries if isinstance(entry, Blocked)]
    wanted = known.model.target.export
    if (
        isinstance(deployment, Action)
        and deployment.verb is Verb.UNDEPLOY
        and deployment.adopts is None  # one that is running already is past waiting for anything
        and wanted
        and wanted.before_undeploy
    ):
        if isinstance(export, Blocked):
            text = f"no undeploy without an export, and {export.text}"
            return [], [export, _blocked(known, Verb.UNDEPLOY, BlockedCode.EXPORT, text)]
        if isinstance(export, Action):
            actions = [export, replace(deployment, requires=(export.id,))]
    return actions, blocked


def _deployment(known: _Known) -> Action | Blocked | None:
    wanted = known.model.target.deployment
    if wanted is Deployment.UNMANAGED:
        return None
    cell = TABLE[known.live.state][0 if wanted is Deployment.DEPLOYED else 1]
    verb = _VERB[wanted]
    match cell:
        case Cell.NOTHING | Cell.WARN:
            return None
        case Cell.SETTINGS:
            return _redeploy(known)
        case Cell.DEPLOY | Cell.UNDEPLOY:
            return _start(known, verb, _why(known))
        case Cell.DEPLOY_AFTER | Cell.UNDEPLOY_AFTER:
            return _start(known, verb, _why(known), follows=_running(known))
        case Cell.ADOPT:
            text = f"this {verb} is running already: waited for, not started again"
            return _action(known, verb, Reason(code=ReasonCode.RUNNING, text=text), adopts=_running(known))
        case Cell.NOT_READY:
            raw = f" ({known.live.evidence.raw})" if known.live.evidence.raw else ""
            return _blocked(
                known, verb, BlockedCode.NOT_READY, f"not ready{raw}: wait for the platform, then plan again"
            )
        case Cell.BROKEN:
            if known.model.on_broken is OnBroken.REDEPLOY:
                text = "the platform calls it broken, and on_broken: redeploy"
                return _start(known, verb, Reason(code=ReasonCode.BROKEN, text=text))
            text = "broken on the platform; to let reconciler deploy it again, set on_broken: redeploy"
            return _blocked(known, verb, BlockedCode.BROKEN, text)
        case Cell.ABSENT:
            text = f"the platform has no model {known.model.id}; check the id at {known.model.source}"
            return _blocked(known, verb, BlockedCode.ABSENT, text)
        case Cell.UNKNOWN:
            if known.model.on_unknown is OnUnknown.ACT:
                text = f"live state unknown, and on_unknown: act (wanted {wanted})"
                return _start(known, verb, Reason(code=ReasonCode.UNKNOWN, text=text))
            return _blocked(known, verb, BlockedCode.UNKNOWN, _settle(known))


def _settle(known: _Known) -> str:
    """Why the state is unknown, and what to type about it."""
    note = known.live.evidence.note or "the platform cannot say"
    if known.live.evidence.source is EvidenceSource.PROBE:
        return (
            f"{note}; see whether the deployment answers and the probe is right ({known.model.source}), then plan again"
        )
    if known.capabilities.reads_state:
        return f"{note}; see what the platform's own console shows, then plan again"
    return f"{note}; say what it is, deployed or undeployed: {_adopt(known, 'STATE')}"


def _adopt(known: _Known, state: str) -> str:
    return adopt_command(known.model.address, state, known.where)


def _in_doubt(known: _Known, verb: Verb) -> Blocked | None:
    """A deploy of an earlier run that was never answered and shows no effect, or was accepted and never seen to end:
    another may cost twice, so a person decides."""
    open_, job = known.memory.open, known.memory.running
    if verb is not Verb.DEPLOY or known.reissue:
        return None
    if open_ is not None and open_.verb is Verb.DEPLOY:
        state = str(known.live.state) if known.live.state in (LiveState.DEPLOYED, LiveState.UNDEPLOYED) else "STATE"
        text = (
            f"a deploy sent on {open_.at:%Y-%m-%d %H:%M} UTC was never answered and shows no effect; if it took none:"
            f" {_adopt(known, state)}"
        )
        return _blocked(known, verb, BlockedCode.UNKNOWN, text)
    if job is not None and job.verb is Verb.DEPLOY and known.live.state is LiveState.UNKNOWN:
        text = f"a deploy accepted on {job.since:%Y-%m-%d %H:%M} UTC cannot be followed; say what came of it:"
        return _blocked(known, verb, BlockedCode.UNKNOWN, f"{text} {_adopt(known, 'STATE')}")
    return None


def _redeploy(known: _Known) -> Action | Blocked | None:
    applied = known.memory.applied
    if applied is None or applied.settings is None or applied.settings == known.model.settings:
        return None
    if applied.deployment is not Deployment.DEPLOYED:
        return None
    changes = "; ".join(explain_difference(applied.settings, known.model.settings)[:3])
    reason = Reason(code=ReasonCode.SETTINGS, text=f"settings changed: {changes}")
    job = known.memory.running
    if job is None or job.verb is not Verb.DEPLOY:
        return _start(known, Verb.DEPLOY, reason)
    accepted = RunningJob(verb=Verb.DEPLOY, job=job.id)
    if known.memory.sent != known.model.settings:
        return _start(known, Verb.DEPLOY, reason, follows=accepted)
    # Sent already: whether it has ended or not, it is followed to its end.
    text = f"{reason.text}; sent on {job.since:%Y-%m-%d %H:%M} UTC: followed, not sent again"
    return _action(known, Verb.DEPLOY, replace(reason, text=text), adopts=accepted)


def _why(known: _Known) -> Reason:
    wanted, applied, last = known.model.target.deployment, known.memory.applied, known.memory.last_action
    ended = last is not None and last.outcome != OutcomeKind.SUCCEEDED and (applied is None or last.at > applied.at)
    since = f"; its last {last.verb}, by run {last.run}, is on record as {last.outcome}" if last and ended else ""
    if applied is None:
        return Reason(code=ReasonCode.PENDING, text=f"never applied before{since}")
    left = f"run {applied.run} left it {applied.deployment} on {applied.at:%Y-%m-%d}"
    if applied.deployment is wanted:
        return Reason(code=ReasonCode.DRIFTED, text=f"drifted: {left}, changed since outside reconciler{since}")
    return Reason(code=ReasonCode.PENDING, text=f"changed in the inventory; {left}{since}")


def _running(known: _Known) -> RunningJob:
    job = known.live.job
    return RunningJob(verb=job.verb if job else _RUNNING.get(known.live.state), job=job.id if job else None)


def _start(known: _Known, verb: Verb, reason: Reason, *, follows: RunningJob | None = None) -> Action | Blocked:
    refusal = known.capabilities.refusal(verb)
    if refusal is not None:
        return _blocked(known, verb, BlockedCode.UNSUPPORTED, refusal)
    if (doubt := _in_doubt(known, verb)) is not None:
        return doubt
    for rule in known.capabilities.manual:
        if rule.verb is verb and at(known.model.settings, rule.at) == rule.equals:
            setting = rule.at.rsplit("/", 1)[-1]
            return _blocked(
                known, verb, BlockedCode.MANUAL, f"{rule.reason}; once it is, remove {setting} from its settings"
            )
    return _action(known, verb, reason, follows=follows)


def _action(
    known: _Known,
    verb: Verb,
    reason: Reason,
    *,
    adopts: RunningJob | None = None,
    follows: RunningJob | None = None,
) -> Action:
    return Action(
        address=known.model.address,
        verb=verb,
        model_id=known.model.id,
        before=str(known.live.state),
        after=str(Deployment.DEPLOYED if verb is Verb.DEPLOY else Deployment.UNDEPLOYED),
        reason=reason,
        evidence=known.live.evidence,
        source=known.model.source,
        adopts=adopts,
        follows=follows,
        settings=known.model.settings if verb is Verb.DEPLOY and adopts is None else None,
        concurrency=known.model.concurrency,
        timeout=known.capabilities.limit(known.model, verb),
        lasting=_lasting(known, verb),
        acknowledged=holds(known.model.acknowledge, known.now),
        owner=known.model.owner,
    )


def _lasting(known: _Known, verb: Verb) -> str | None:
    """What of an action no later one takes back."""
    told = [text] if (text := known.capabilities.lasting.get(verb)) else []
    if verb is Verb.UNDEPLOY and known.capabilities.refusal(Verb.EXPORT) is None:
        wanted = known.model.target.export
        if known.memory.exported is None and not (wanted and wanted.before_undeploy):
            told.append("no export of it is on record")
    return "; ".join(told) or None


def _blocked(known: _Known, verb: Verb, code: BlockedCode, text: str) -> Blocked:
    return Blocked(
        address=known.model.address,
        verb=verb,
        code=code,
        text=text,
        live=str(known.live.state),
        source=known.model.source,
        owner=known.model.owner,
    )


def _warning(known: _Known) -> Warned | None:
    wanted = known.model.target.deployment
    if wanted is Deployment.UNDEPLOYED and TABLE[known.live.state][1] is Cell.WARN:
        text = {
            LiveState.BROKEN: "wanted undeployed, and the platform calls it broken: it may still cost",
            LiveState.ABSENT: f"the platform has no model {known.model.id}; remove it, or check its id",
        }[known.live.state]
        return Warned(address=known.model.address, text=f"{text} ({known.model.source})")
    return None
