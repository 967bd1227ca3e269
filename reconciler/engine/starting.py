"""Before and at the start of an action: wait until the model is at rest, ask once, read the answer. The only place that
asks a platform to change something."""

import asyncio

from reconciler.core.commands import adopt_command, reissue_command
from reconciler.core.event import Phase
from reconciler.core.job import Accepted, Answer, Job, JobState, JobStatus, Refused, Uncertain, Verb
from reconciler.core.live import TRANSITIONAL, EvidenceSource, Failure, Live, LiveState
from reconciler.core.record import RecordKind
from reconciler.core.report import Outcome, OutcomeKind
from reconciler.engine.action_run import TRIES, ActionRun, shown
from reconciler.engine.observer import READ
from reconciler.engine.waiting import Stopped


async def adopt(run: ActionRun) -> Accepted:
    """Take over a job that is running already: nothing is started."""
    adopts = run.action.adopts
    assert adopts is not None
    memory = run.memory.export_job if run.action.verb is Verb.EXPORT else run.memory.job
    if memory is None or memory.id != adopts.job:
        memory = Job(address=run.action.address, verb=run.action.verb, id=adopts.job, since=run.means.clock.now())
    run.sent_at = asyncio.get_running_loop().time()
    await run.note_job(RecordKind.ADOPTED, memory)
    return Accepted(job=memory, status=JobStatus(state=JobState.RUNNING))


async def ready(run: ActionRun) -> Live | Outcome:
    """Wait until the model is at rest; the live state then, or the outcome if there is nothing to start."""
    await _wait_for_open(run)
    failures = 0
    while True:
        run.patience.check()
        live = await run.means.observer.read(run.model)
        if isinstance(live, Failure):
            failures += 1
            if failures >= TRIES:
                return run.outcome(OutcomeKind.FAILED, error=f"nothing was started: {live.error}")
            run.tell(Phase.WAITING, live.error)
        elif live.state in TRANSITIONAL:
            run.tell(Phase.WAITING, f"until it is no longer {live.state}{shown(live)}")
        else:
            return _judge(run, live)
        await run.patience.next()


async def _wait_for_open(run: ActionRun) -> None:
    """A start that was never answered may still take effect, and an accepted one may not show yet: wait first until
    the settle time has passed. When an unanswered one left is not on record (it may have waited for its turn), so
    its time counts from now."""
    settle, left = run.capabilities.settle, 0.0
    unanswered, job = run.memory.open or run.memory.open_export, run.memory.running
    if unanswered is not None:
        left, what = settle, f"the {unanswered.verb} that was never answered"
    elif job is not None:
        age = (run.means.clock.now() - job.since).total_seconds()
        left, what = settle - age if age >= 0 else settle, f"the {job.verb} accepted {age:.0f} s ago"
    if left > 0:
        run.tell(Phase.SETTLING, f"{what} may still take effect")
        await run.patience.sleep(left)


def _judge(run: ActionRun, live: Live) -> Live | Outcome:
    if run.action.verb is Verb.EXPORT:
        if live.state is LiveState.ABSENT:
            return run.outcome(OutcomeKind.FAILED, error="nothing was started: the platform no longer has this model")
        return live
    if live.state == run.action.after and not run.again:
        return run.reached(live, note="already")
    settled = live.state in (LiveState.DEPLOYED, LiveState.UNDEPLOYED)
    if live.state == run.action.before or (run.action.follows is not None and settled):
        return live
    error = f"was {run.action.before} when planned, is {live.state} now: nothing was started; plan again"
    return run.outcome(OutcomeKind.SKIPPED, error=error)


async def start(run: ActionRun, live: Live) -> Accepted | Outcome:
    """Ask for the action until the platform takes it, refuses it for good, or leaves us in doubt."""
    reissued = False
    again: Accepted | Live | Outcome
    while True:
        run.patience.check()
        answer = await _ask(run, live)
        match answer:
            case Accepted():
                await run.note_job(RecordKind.ACCEPTED, answer.job, settings=run.settings)
                return answer
            case Refused():
                run.lost = None
                await run.note(RecordKind.REFUSED, text=answer.reason)
                again = await _refused(run, answer, live)
            case Uncertain():
                run.lost = answer.reason
                await run.note(RecordKind.UNCERTAIN, text=answer.reason)
                again = await _unanswered(run, answer, may_reissue=not reissued)
                reissued = True
        if not isinstance(again, Live):
            return again
        live = again


async def _ask(run: ActionRun, live: Live) -> Answer:
    """One request, its intent durable before it leaves; not cancelled half way, so that no answer is lost."""
    run.tell(Phase.STARTING, f"{run.action.verb}")
    before = run.attempts

    async def go() -> None:
        """It may have waited long for its turn: nothing leaves after a stop, or without its intent on disk."""
        if run.means.stop.is_set:
            raise Stopped
        if run.attempts == before:  # a second request of the same start follows an answer about its first
            await run.means.log(run.record(RecordKind.INTENT, attempt=before + 1, before=str(live.state)))
            run.attempts = before + 1
        if run.means.stop.is_set:
            await run.note(RecordKind.REFUSED, text="not sent: told to stop")
            raise Stopped
        run.asking = True

    answer = await asyncio.shield(run.platform.start(run.action.verb, run.model, live, go))
    run.asking = False
    run.sent_at = asyncio.get_running_loop().time()
    return answer


async def _refused(run: ActionRun, refused: Refused, live: Live) -> Live | Outcome:
    """What a refusal comes to: the live state to try again from, or an outcome."""
    if refused.recheck or refused.state is not None:
        now = await run.means.observer.read(run.model)
        if isinstance(now, Live):
            if now.state == run.action.after and run.action.verb is not Verb.EXPORT and not run.again:
                return run.reached(now, note="already")
            waits = now.state in TRANSITIONAL or refused.state in TRANSITIONAL
            if waits and run.attempts < TRIES:
                run.tell(Phase.WAITING, f"until it is no longer {refused.state or now.state}")
                await run.patience.next()
                return await ready(run)
    if refused.retry_after is not None and refused.retry_after > run.patience.left:
        error = f"{refused.reason}; it asks to come back in {refused.retry_after:.0f} s, past the action's timeout"
        return run.outcome(OutcomeKind.FAILED, error=error)
    if refused.transient and run.attempts < TRIES:
        run.tell(Phase.WAITING, refused.reason)
        if refused.retry_after is None:
            await run.patience.next()
        else:
            await run.patience.sleep(refused.retry_after)
        return live
    return run.outcome(OutcomeKind.FAILED, error=refused.reason)


async def _unanswered(run: ActionRun, answer: Uncertain, *, may_reissue: bool) -> Accepted | Live | Outcome:
    """The answer was lost. Settle, read twice, then adopt, find it done, try once more, or say that nobody knows."""
    run.tell(Phase.SETTLING, f"{answer.reason}; it may still take effect")
    sent_ago = asyncio.get_running_loop().time() - run.sent_at
    await run.patience.sleep(max(0.0, run.capabilities.settle - sent_ago))
    if run.action.verb is Verb.EXPORT:
        return await _export_again(run) if run.means.reissue and may_reissue else _in_doubt(run, answer)
    found = await _look(run)
    if found is not None and found.state in TRANSITIONAL:
        job = Job(address=run.action.address, verb=run.action.verb, id=None, since=run.means.clock.now())
        await run.note_job(RecordKind.ADOPTED, job, settings=run.settings)
        return Accepted(job=job, status=JobStatus(state=JobState.RUNNING))
    if found is not None and found.state == run.action.after and not run.again:
        return run.reached(found, note="found done, its answer was lost")
    repeatable = run.action.verb is Verb.UNDEPLOY or run.means.reissue
    if found is not None and found.state == run.action.before and repeatable and may_reissue:
        run.notes.append("sent again after its answer was lost and no effect showed")
        return found
    return _in_doubt(run, answer)


async def _export_again(run: ActionRun) -> Live | Outcome:
    """No state shows whether an export runs: a person has said that it may be asked for once more."""
    run.notes.append("sent again after its answer was lost")
    return await ready(run)


async def _look(run: ActionRun) -> Live | None:
    """The live state, read a second time a poll later unless the first already shows an effect; None where it can't be
    read from the model itself."""
    found: Live | None = None
    for look in range(2):
        if look:
            await run.patience.sleep(run.capabilities.poll)
        live = await run.means.observer.read(run.model)
        if isinstance(live, Failure) or live.evidence.source not in READ:
            return None
        if live.evidence.source is EvidenceSource.PROBE and live.state != run.action.after:
            return None  # a probe shows what is served, not that a job is under way
        found = live
        if found.state in TRANSITIONAL or found.state == run.action.after:
            break
    return found


def _in_doubt(run: ActionRun, answer: Uncertain) -> Outcome:
    address, where = run.action.address, run.means.where
    if run.action.verb is Verb.EXPORT:
        advice = f"to export it once more: {reissue_command(address, where)}"
    elif run.capabilities.reads_state:
        advice = f"plan again to see; to send the {run.action.verb} once more: {reissue_command(address, where)}"
    else:
        advice = f"look at the platform, then say what it is: {adopt_command(address, 'STATE', where)}"
    return run.outcome(OutcomeKind.UNCERTAIN, error=f"{answer.reason}; {advice}")
