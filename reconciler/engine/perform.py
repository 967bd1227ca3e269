"""One action from waiting to settled. Never raises for what a platform does."""

import traceback
from pathlib import Path

from msgspec.structs import replace

from reconciler.core.event import Event, Phase
from reconciler.core.job import Verb
from reconciler.core.model import Deployment
from reconciler.core.record import RecordKind
from reconciler.core.report import Outcome, OutcomeKind
from reconciler.engine.action_run import ActionRun
from reconciler.engine.following import conclude, follow
from reconciler.engine.starting import adopt, ready, start
from reconciler.engine.waiting import OutOfTime, Stopped
from reconciler.errors import JournalError


async def perform(run: ActionRun) -> Outcome:
    """Bring one action to its outcome, and the outcome into the journal."""
    try:
        outcome = await _perform(run)
    except Stopped:
        outcome = interrupted(run)
    except OutOfTime:
        outcome = _overtime(run)
    except JournalError as error:
        outcome = run.outcome(OutcomeKind.FAILED, error=f"nothing was started: {error}")
    return await settle(run, outcome)


async def _perform(run: ActionRun) -> Outcome:
    if run.action.adopts is not None:
        accepted = await adopt(run)
    else:
        live = await ready(run)
        if isinstance(live, Outcome):
            return live
        started = await start(run, live)
        if isinstance(started, Outcome):
            return started
        accepted = started
    ended = await follow(run, accepted)
    return ended if isinstance(ended, Outcome) else await conclude(run, ended)


def interrupted(run: ActionRun) -> Outcome:
    """The outcome of an action that was broken off where it stood, as far as it had come."""
    if run.asking:
        text = "interrupted before its answer came; plan again to see"
        return run.outcome(OutcomeKind.UNCERTAIN, error=text)
    if run.job is None and run.lost is not None:
        return run.outcome(OutcomeKind.UNCERTAIN, error=f"{run.lost}; interrupted before it settled: plan again to see")
    if run.job is None:
        return run.outcome(OutcomeKind.SKIPPED, error="interrupted before it was started")
    return run.outcome(OutcomeKind.IN_FLIGHT, error="interrupted while it runs; the next apply follows it")


def broken(run: ActionRun, error: BaseException | None) -> Outcome:
    """The outcome of an action in which reconciler itself, or a platform's class, failed: no other action suffers."""
    frames = traceback.extract_tb(error.__traceback__) if error is not None else []
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    text = f"fault in reconciler{where}: {type(error).__name__}: {error}"
    if run.asking or (run.job is None and run.lost is not None):
        return run.outcome(OutcomeKind.UNCERTAIN, error=f"{text}; plan again to see")
    if run.job is not None:
        return run.outcome(OutcomeKind.IN_FLIGHT, error=f"{text}; the next apply follows its job")
    return run.outcome(OutcomeKind.FAILED, error=f"{text}; nothing was started")


def _overtime(run: ActionRun) -> Outcome:
    limit = f"{run.patience.spent:.0f} s"
    if run.job is None and run.lost is not None:
        return run.outcome(OutcomeKind.UNCERTAIN, error=f"{run.lost}; not settled within {limit}: plan again to see")
    if run.job is None:
        return run.outcome(OutcomeKind.TIMED_OUT, error=f"not started within {limit}")
    return run.outcome(OutcomeKind.TIMED_OUT, error=f"still running after {limit}; the next apply follows it")


async def settle(run: ActionRun, outcome: Outcome) -> Outcome:
    """Write `outcome` to the journal and tell of it. A journal that fails now is noted in the outcome itself."""
    succeeded, deployment = outcome.kind is OutcomeKind.SUCCEEDED, run.action.verb is not Verb.EXPORT
    record = run.record(
        RecordKind.SETTLED,
        outcome=outcome.kind,
        job=outcome.job,
        started=run.job is not None,
        live=run.live,
        target=Deployment(run.action.after) if succeeded and deployment else None,
        settings=run.settings if succeeded else None,
        artifact=outcome.artifact,
        text=outcome.error or outcome.note,
    )
    run.ended = outcome  # from here on: broken off now, it is written all the same
    try:
        await run.means.log(record, owed=True)
    except JournalError as error:
        outcome = replace(outcome, note="; ".join(filter(None, (outcome.note, str(error)))))
    run.means.tell(
        Event(
            address=outcome.address,
            verb=outcome.verb,
            phase=Phase.ENDED,
            text=outcome.error or outcome.note or "",
            outcome=str(outcome.kind),
        )
    )
    return outcome
