"""After the start of an action: follow its job to the end, fetch what it made, and confirm by reading the state
again."""

import asyncio
from typing import Final

from msgspec.structs import replace

from reconciler.core.commands import adopt_command, reissue_command
from reconciler.core.event import Phase
from reconciler.core.job import Accepted, Job, JobState, JobStatus, Verb
from reconciler.core.live import TRANSITIONAL, EvidenceSource, Failure, Live, LiveState
from reconciler.core.report import Outcome, OutcomeKind
from reconciler.engine.action_run import ActionRun, shown
from reconciler.engine.artifacts import NotFetched
from reconciler.engine.observer import DURING, READ
from reconciler.engine.waiting import OutOfTime

_ENDS: Final = (JobState.SUCCEEDED, JobState.FAILED)

LOST: Final = 5
"""After so many settle times without a readable answer a running job is left to the next run."""


async def follow(run: ActionRun, accepted: Accepted) -> JobStatus | Outcome:
    """Poll the job to its end: its last status, or the outcome if it cannot be followed."""
    job, status = accepted.job, accepted.status
    if status.warning:
        run.notes.append(status.warning)
    if status.state is JobState.FAILED or (status.state is JobState.SUCCEEDED and job.id is None):
        return status
    run.patience.restart()
    if job.id is None:
        if run.capabilities.reads_state and run.action.verb is not Verb.EXPORT:
            return await _follow_state(run)
        error = "started, but the platform gave no job id to follow it by"
        advice = f"look at the platform, then {adopt_command(run.action.address, 'STATE', run.means.where)}"
        if run.action.verb is Verb.EXPORT:
            advice = f"to export it once more: {reissue_command(run.action.address, run.means.where)}"
        return run.outcome(OutcomeKind.UNCERTAIN, error=f"{error}; {advice}")
    return await _follow_job(run, job, status)


async def _follow_job(run: ActionRun, job: Job, status: JobStatus) -> JobStatus | Outcome:
    artifact, seen, read_at = status.artifact, False, asyncio.get_running_loop().time()
    run.tell(Phase.RUNNING, status.raw or "", status.progress)
    found: JobStatus | Failure
    # An end that is said at once is asked for once more, without waiting.
    found = await (run.ask(job) if status.state is JobState.SUCCEEDED else _next(run, job))
    while True:
        if not isinstance(found, Failure):
            read_at = asyncio.get_running_loop().time()
        if isinstance(found, Failure):
            if run.patience.since(read_at) > LOST * run.capabilities.settle:
                return _lost_sight(run, found)
            run.tell(Phase.RUNNING, found.error)
        elif found.state in _ENDS:
            return replace(found, artifact=found.artifact or artifact)
        elif found.state is JobState.ABSENT:
            if seen or _waited(run):
                return found
            run.tell(Phase.RUNNING, "not visible yet")
        else:
            seen = True
            run.tell(Phase.RUNNING, found.warning or found.raw or "", found.progress)
        found = await _next(run, job)


async def _next(run: ActionRun, job: Job) -> JobStatus | Failure:
    """Wait one step; how the job then stands. At the end of the action's time it is asked one last time."""
    try:
        shown = await _step(run, job)
    except OutOfTime:
        found = await run.ask(job)
        if isinstance(found, Failure) or found.state not in _ENDS:
            raise
        return found
    if shown is not None and shown.state is DURING.get(run.action.verb):
        return JobStatus(state=JobState.RUNNING, raw=shown.evidence.raw)
    # What a model at rest is shown as says nothing of its job: that may not have begun, or have failed.
    return await run.ask(job)


async def _step(run: ActionRun, job: Job) -> Live | None:
    """Wait one step. What the model is then shown as, where one look serves all who follow a job on its platform."""
    if run.action.verb is Verb.EXPORT:
        await run.patience.next()
        return None
    found = await run.means.observer.follow(run.model, job, run.patience)
    return found if isinstance(found, Live) else None


async def _follow_state(run: ActionRun) -> JobStatus | Outcome:
    """Follow a job without an id by the model's own state."""
    seen, read_at = False, asyncio.get_running_loop().time()
    while True:
        live = await run.means.observer.read(run.model, run.job)
        if isinstance(live, Live) and live.state is LiveState.UNKNOWN:
            live = Failure(address=live.address, error=f"its state is unknown{shown(live)}")
        if isinstance(live, Live):
            read_at = asyncio.get_running_loop().time()
            # A deploy over a deployed model shows its target before it has begun.
            if live.state == run.action.after and (seen or not run.again or _waited(run)):
                return JobStatus(state=JobState.SUCCEEDED, raw=live.evidence.raw)
            if live.state in TRANSITIONAL:
                seen = True
            elif seen or _waited(run):
                return JobStatus(state=JobState.FAILED, raw=live.evidence.raw, error=f"it went back to {live.state}")
            run.tell(Phase.RUNNING, live.evidence.raw or str(live.state))
        elif run.patience.since(read_at) > LOST * run.capabilities.settle:
            return _lost_sight(run, live)
        else:
            run.tell(Phase.RUNNING, live.error)
        await run.patience.next()


def _lost_sight(run: ActionRun, failure: Failure) -> Outcome:
    error = f"it runs, but how it stands cannot be read: {failure.error}; the next apply follows it"
    return run.outcome(OutcomeKind.IN_FLIGHT, error=error)


def _waited(run: ActionRun) -> bool:
    """Whether the platform had time to show what it accepted."""
    return run.patience.since(run.sent_at) > run.capabilities.settle


async def conclude(run: ActionRun, status: JobStatus) -> Outcome:
    """The outcome of a job that has ended with `status`."""
    if status.warning:
        run.notes.append(status.warning)
    if status.state is JobState.SUCCEEDED:
        return await (_fetch(run, status) if run.action.verb is Verb.EXPORT else _confirm(run))
    if status.state is JobState.ABSENT:
        return await _vanished(run, status)
    error = status.error or f"the platform says {status.raw or 'it failed'}, and no more"
    if run.action.verb is Verb.EXPORT:
        return run.outcome(OutcomeKind.FAILED, error=error)
    live = await run.means.observer.read(run.model, run.job)
    state = live.state if isinstance(live, Live) else None
    return run.outcome(OutcomeKind.FAILED, error=error, live=state)


async def _fetch(run: ActionRun, status: JobStatus) -> Outcome:
    if status.artifact is None:
        return run.outcome(OutcomeKind.FAILED, error="exported, but the platform gave no address to fetch it from")
    run.tell(Phase.FETCHING, run.action.artifact or "")
    try:
        name = run.action.artifact or run.model.name
        seconds = max(1.0, run.patience.left)
        artifact = await run.means.fetch(status.artifact, name, near=run.model.platform, seconds=seconds)
    except NotFetched as error:
        return run.outcome(OutcomeKind.FAILED, error=f"exported, but not fetched: {error}")
    return run.outcome(OutcomeKind.SUCCEEDED, artifact=artifact)


async def _confirm(run: ActionRun) -> Outcome:
    """Read the state again: success counts only where the platform shows the target, if it can show it."""
    if not run.capabilities.reads_state and run.model.probe_path is None:
        # To read it would only say what its job said.
        return run.outcome(OutcomeKind.SUCCEEDED, live=LiveState(run.action.after))
    began = asyncio.get_running_loop().time()
    while True:
        live = await run.means.observer.read(run.model, run.job)
        late = run.patience.since(began) > run.capabilities.settle
        if isinstance(live, Failure):
            if late:
                run.notes.append(f"not confirmed: {live.error}")
                return run.outcome(OutcomeKind.SUCCEEDED, live=LiveState(run.action.after))
        elif live.evidence.source not in READ:
            return run.outcome(OutcomeKind.SUCCEEDED, live=LiveState(run.action.after))
        elif live.state == run.action.after:
            return run.reached(live)
        elif live.state is LiveState.UNKNOWN:
            if late:
                run.notes.append(f"not confirmed: {live.evidence.note or 'its state is unknown'}")
                return run.outcome(OutcomeKind.SUCCEEDED, live=LiveState(run.action.after))
        elif late and live.state not in TRANSITIONAL:
            error = f"the job succeeded, but the platform shows {live.state}{shown(live)}"
            return run.outcome(OutcomeKind.FAILED, error=error, live=live.state, verified=False)
        run.tell(Phase.CONFIRMING, "until the platform shows it")
        await run.patience.sleep(run.capabilities.poll)


async def _vanished(run: ActionRun, status: JobStatus) -> Outcome:
    """The platform knows of no such job (any more)."""
    if run.action.verb is Verb.EXPORT:  # nothing hangs on it: made anew, it is as good
        error = "the platform no longer knows the export; plan again to export it once more"
        return run.outcome(OutcomeKind.FAILED, error=error)
    live = await run.means.observer.read(run.model, run.job)
    if isinstance(live, Live) and live.evidence.source in READ:
        if live.state == run.action.after:
            return run.reached(live)
        if live.state in TRANSITIONAL:
            ended = await _follow_state(run)
            return ended if isinstance(ended, Outcome) else await conclude(run, ended)
        # A probe shows what is served, and not that a job is under way.
        if live.state is not LiveState.UNKNOWN and live.evidence.source is not EvidenceSource.PROBE:
            error = status.error or f"the platform knows of no such job, and the model is {live.state}"
            return run.outcome(OutcomeKind.FAILED, error=error, live=live.state)
    what = adopt_command(run.action.address, "STATE", run.means.where)
    advice = f"look at the platform, then say what it is: {what}"
    return run.outcome(OutcomeKind.UNCERTAIN, error=f"the platform no longer knows the job; {advice}")
