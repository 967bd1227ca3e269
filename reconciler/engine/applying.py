"""Use case: apply a plan. One outcome per action, all of it in the journal."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from reconciler.core.event import Event
from reconciler.core.exits import Why, exit_code
from reconciler.core.memory import NOTHING
from reconciler.core.model import Deployment
from reconciler.core.plan import Action, Level
from reconciler.core.record import Record, RecordKind
from reconciler.core.report import Artifact, Outcome, OutcomeKind, Report
from reconciler.engine.action_run import Fetch, Means, Note
from reconciler.engine.applier import Applier
from reconciler.engine.artifacts import fetch_artifact
from reconciler.engine.observer import Observer
from reconciler.engine.planning import Planned, plan_reasons
from reconciler.engine.waiting import Stop
from reconciler.engine.world import World
from reconciler.errors import JournalError
from reconciler.journal.committer import Committer

EXPORT_LIMIT: Final = 64 * 1024**3
"""The most bytes of one exported file."""


class Orders(Struct, frozen=True, kw_only=True):
    """How a plan is applied. `exports` is the export root; `saved` the id of the saved plan it uses up; `left_out` are
    the outcomes of its actions that may not run any more; `approved` the addresses that a person let pass the guards,
    and `who` that was. `warn` gets what must be seen even by those
    who want no progress."""

    exports: Path
    tell: Callable[[Event], None]
    warn: Callable[[str], object]
    stop: Stop
    reissue: bool = False
    where: str | None = None
    saved: str | None = None
    left_out: tuple[Outcome, ...] = ()
    approved: tuple[str, ...] = ()
    who: str = ""


async def apply(world: World, planned: Planned, actions: tuple[Action, ...], orders: Orders) -> Report:
    """Run `actions` of a plan: one outcome each, all of it in the journal. Raises `JournalError` before the first."""
    assert world.store is not None
    began = world.clock.now()
    committer = Committer(world.store)
    make = world.record
    first = [Record(kind=RecordKind.RUN_STARTED, at=began, run=world.run, text=planned.plan.digest)]
    if orders.saved is not None:
        first.append(Record(kind=RecordKind.PLAN_USED, at=began, run=world.run, plan=orders.saved))
    models = {model.address: model for model in world.inventory.models}
    first += [make(RecordKind.APPROVED, models[address], text=orders.who) for address in orders.approved]
    await asyncio.to_thread(world.store.write, [*first, *_baselines(world, planned, make)])
    means = Means(
        observer=Observer(world),
        log=committer.append,
        make=make,
        fetch=_fetcher(world, orders.exports),
        tell=orders.tell,
        warn=orders.warn,
        stop=orders.stop,
        clock=world.clock,
        reissue=orders.reissue,
        where=orders.where,
    )
    outcomes = (*await Applier(world, actions, means, hurry=committer.hurry).run(), *orders.left_out)
    finished = world.clock.now()
    await _end(committer, Record(kind=RecordKind.RUN_ENDED, at=finished, run=world.run, text=_counted(outcomes)))
    reasons = [*([Why.JOURNAL] if committer.failed else []), *_unfinished(outcomes), *plan_reasons(planned.plan)]
    return Report(
        run_id=world.run,
        plan_digest=planned.plan.digest,
        started_at=began,
        finished_at=finished,
        exit_code=exit_code(reasons),
        reasons=tuple(dict.fromkeys(str(reason) for reason in reasons)),
        outcomes=outcomes,
        partial=planned.plan.partial,
        blocked=planned.plan.blocked,
        failures=planned.plan.failures,
        approved=orders.approved,
    )


async def _end(committer: Committer, ended: Record) -> None:
    """Close the bracket of the run. What can't be written makes its exit code, not its end."""
    with suppress(JournalError):
        await committer.append(ended)
    await committer.close()


def _counted(outcomes: Iterable[Outcome]) -> str:
    counts = Counter(outcome.kind for outcome in outcomes)
    return ", ".join(f"{counts[kind]} {kind}" for kind in OutcomeKind if counts[kind]) or "nothing to do"


def refusal(world: World, planned: Planned) -> Report:
    """The report of an apply that a guard stopped: nothing ran."""
    now = world.clock.now()
    guards = [guard for guard in planned.plan.guards if guard.level is Level.STOP]
    stops = "\n".join(guard.message for guard in guards)
    names = ", ".join(guard.name for guard in guards)
    reasons = [Why.GUARD, *plan_reasons(planned.plan)]
    return Report(
        run_id=world.run,
        plan_digest=planned.plan.digest,
        started_at=now,
        finished_at=now,
        exit_code=exit_code(reasons),
        reasons=tuple(dict.fromkeys(str(reason) for reason in reasons)),
        outcomes=tuple(
            Outcome(address=a.address, verb=a.verb, kind=OutcomeKind.SKIPPED, error=f"stopped by a guard: {names}")
            for a in planned.plan.actions
        ),
        partial=planned.plan.partial,
        error=stops,
        blocked=planned.plan.blocked,
        failures=planned.plan.failures,
    )


def _baselines(world: World, planned: Planned, make: Note) -> Iterable[Record]:
    """What an apply records of models it has nothing to do with: that they were found in their target, so that drift
    can be told from now on, and what the inventory says of their protection."""
    memories = world.memories()
    unchanged = frozenset(planned.plan.unchanged)
    for model in world.inventory.models:
        memory = memories.get(model.address, NOTHING)
        live = planned.snapshot.lives.get(model.address)
        if model.address in unchanged and live is not None and str(live.state) == model.target.deployment:
            settings = model.settings if model.target.deployment is Deployment.DEPLOYED else None
            known = memory.applied
            if known is None or known.deployment is not model.target.deployment or known.settings != settings:
                yield make(
                    RecordKind.VERIFIED, model, target=model.target.deployment, settings=settings, live=live.state
                )
        if model.protect is not None and model.protect != memory.protected:
            yield make(RecordKind.PROTECTED, model, on=model.protect)


def _fetcher(world: World, root: Path) -> Fetch:
    places = {
        name: asyncio.Semaphore(account.platform.capabilities.concurrency)
        for name, account in world.accounts.items()
        if account.platform is not None
    }

    async def fetch(url: str, name: str, *, near: str, seconds: float) -> Artifact:
        from reconciler.platforms.http import Downloader

        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        async with places[near]:  # as many at once as the platform takes requests
            downloader = Downloader(timeout=max(1.0, ends - loop.time()), limit=EXPORT_LIMIT)
            origin = world.accounts[near].origin or ""
            return await fetch_artifact(downloader, url, root=root, name=name, near=origin, now=world.clock.now())

    return fetch


def _unfinished(outcomes: Iterable[Outcome]) -> list[Why]:
    return [Why.UNFINISHED] if any(outcome.kind is not OutcomeKind.SUCCEEDED for outcome in outcomes) else []
