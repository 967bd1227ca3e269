"""What a plan says, in words: the sentences that text and Markdown share. Nothing here escapes or lays out.

All strings made here may hold untrusted parts; the sink makes them harmless."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from reconciler.core.job import Verb
from reconciler.core.live import Evidence, EvidenceSource
from reconciler.core.plan import Action, Plan, ReasonCode, RunningJob
from reconciler.render.words import ago, count, names, span

ORDER = (Verb.UNDEPLOY, Verb.DEPLOY, Verb.EXPORT)
"""What matters more comes first."""

GOAL = {Verb.DEPLOY: "deployed", Verb.UNDEPLOY: "undeployed", Verb.EXPORT: "exported"}
"""Where a verb leads."""

PARTIAL = "Partial: only what --only/--exclude selected."
"""What stands over everything that a selection left models out of."""

NOT_DONE = "Nothing was done."
"""What a plan is not: people take it for an apply."""

_SAID = {
    EvidenceSource.LIST: ("the platform listed", "the platform listed it"),
    EvidenceSource.GET: ("the platform said", "the platform said so"),
    EvidenceSource.JOB: ("its last job said", "its last job left it so"),
    EvidenceSource.JOURNAL: ("the journal says", "the journal says so"),
    EvidenceSource.PROBE: ("a probe said", "a probe said so"),
    EvidenceSource.DECLARED: ("declared by hand:", "declared by hand"),
}
"""How a live state is known, with the platform's word following and without one."""


class Change(Struct, frozen=True):
    """All actions of one model, in the order in which they are done."""

    actions: tuple[Action, ...]

    @property
    def main(self) -> Action:
        """The action that the change is named by."""
        return min(self.actions, key=lambda action: ORDER.index(action.verb))

    @property
    def address(self) -> str:
        """The model."""
        return self.main.address

    @property
    def destructive(self) -> bool:
        """Whether it takes the model out of service."""
        return self.main.destructive


def changes(plan: Plan) -> tuple[Change, ...]:
    """The plan by model: those taken out of service first, then the others, each by address."""
    by_address: dict[str, list[Action]] = {}
    for action in plan.actions:
        by_address.setdefault(action.address, []).append(action)
    found = [Change(_ordered(actions)) for actions in by_address.values()]
    return tuple(sorted(found, key=lambda change: (not change.destructive, change.address)))


def _ordered(actions: Sequence[Action]) -> tuple[Action, ...]:
    ids = {action.id for action in actions}
    return tuple(sorted(actions, key=lambda action: sum(required in ids for required in action.requires)))


def word(action: Action) -> str:
    """The action in one word."""
    if action.adopts is not None:
        return "adopt"
    if action.verb is Verb.DEPLOY and (action.reason.code is ReasonCode.SETTINGS or action.before == action.after):
        return "redeploy"
    return str(action.verb)


def transition(before: str, after: str, arrow: str = "->") -> str:
    """From where to where."""
    return f"{before} {arrow} {after}"


def waits(action: Action) -> tuple[str, ...]:
    """What an action waits for: a running job, and actions on other models."""
    found = []
    if action.adopts is not None and action.reason.code is not ReasonCode.RUNNING:
        found.append(f"only waits for {_running(action.adopts)}")
    elif action.adopts is not None and action.adopts.job:
        found.append(f"job {action.adopts.job}")
    if action.follows is not None:
        found.append(f"starts after {_running(action.follows)} has ended")
    others = dict.fromkeys(required.rpartition("#")[0] for required in action.requires)
    others.pop(action.address, None)
    if others:
        found.append(f"after {names(tuple(others), 3)}")
    if action.concurrency is not None:
        found.append(f"one at a time with others of {action.concurrency}")
    return tuple(found)


def patience(action: Action) -> tuple[str, ...]:
    """How long an action is waited for."""
    return (f"waited for at most {span(action.timeout)}",) if action.timeout else ()


def limits(actions: Iterable[Action]) -> str:
    """How long the jobs of each verb are waited for at most, in one sentence; empty where nobody says."""
    longest: dict[Verb, float] = {}
    for action in actions:
        if action.timeout:
            longest[action.verb] = max(action.timeout, longest.get(action.verb, 0.0))
    told = [f"{verb} {span(longest[verb])}" for verb in ORDER if verb in longest]
    return f"for jobs at most: {', '.join(told)}" if told else ""


def lasts(action: Action) -> tuple[str, ...]:
    """What of an action no later one takes back, and what it takes away although it was meant to stay."""
    known = action.acknowledged
    why = f" ({known.reason})" if known and known.reason else ""
    return (
        *((f"ends what is acknowledged until {known.until}{why}",) if known else ()),
        *((f"can't be undone: {action.lasting}",) if action.lasting else ()),
    )


def _running(job: RunningJob) -> str:
    named = f"the running {job.verb}" if job.verb else "a run of the platform's own"
    return f"{named} {job.job}" if job.job else named


def known(evidence: Evidence, now: datetime) -> str:
    """How a live state is known: by what, in the platform's word, how long ago."""
    if evidence.source is EvidenceSource.NONE:
        told = "live state not known"
    else:
        with_word, without = _SAID[evidence.source]
        told = f"{with_word} {evidence.raw}" if evidence.raw else without
        told += f", {ago(evidence.at, now)}" if evidence.at else ""
    return f"{told} ({evidence.note})" if evidence.note else told


def verdict(plan: Plan) -> str:
    """The plan in one sentence."""
    summary = plan.summary
    parts = [count(summary[verb], verb) for verb in ORDER if summary[verb]]
    parts += [f"{summary['adopt']:,} to adopt"] if summary["adopt"] else []
    blocked = f"{len(plan.blocked):,} blocked" if plan.blocked else ""
    if parts:
        return f"Plan: {'; '.join(filter(None, (', '.join(parts), blocked)))}."
    if blocked:
        return f"Nothing can be done: {blocked}."
    same = count(len(plan.unchanged), "model")
    verb = "is" if len(plan.unchanged) == 1 else "are"
    if not plan.unchanged:
        return "No changes: nothing could be read." if plan.failures else "No changes: there is nothing to compare."
    if plan.offline:
        return f"No changes by what is on record of {same}."
    if not plan.complete:
        return f"No changes among {same} that could be read."
    return f"No changes: {same} {verb} as the inventory wants {'it' if verb == 'is' else 'them'}."


def caveats(plan: Plan) -> tuple[str, ...]:
    """What a reader must know before believing the verdict, the gravest first."""
    return (*(("Stopped by a guard: apply will run nothing.",) if plan.stopped else ()), *gaps(plan))


def gaps(plan: Plan) -> tuple[str, ...]:
    """What the plan, or a drift of the same snapshot, knows nothing of."""
    found = []
    if plan.offline:
        found.append("Offline: nothing was read, nothing is verified.")
    if plan.failures:
        unread = sorted({failure.address for failure in plan.failures})
        found.append(f"Incomplete: {names(unread, 3)} could not be read.")
    if plan.partial:
        found.append(PARTIAL)
    return tuple(found)
