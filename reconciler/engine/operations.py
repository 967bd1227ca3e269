"""The use cases, as short functions over a world: plan, apply, drift, status, adopt, discover."""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from reconciler.core.codec import with_digest
from reconciler.core.drift import Drift, find_drift
from reconciler.core.event import Event
from reconciler.core.exits import Why, exit_code
from reconciler.core.guards import judge
from reconciler.core.live import Evidence, EvidenceSource, Listed, LiveState, Snapshot
from reconciler.core.memory import NOTHING, Memory
from reconciler.core.model import Deployment, Limits, Model
from reconciler.core.order import with_predecessors
from reconciler.core.plan import Action, Plan, PlannedInventory, PlannedPlatform
from reconciler.core.planner import decide
from reconciler.core.record import Record, RecordKind
from reconciler.core.report import Artifact, Outcome, OutcomeKind, Report
from reconciler.core.saved import Review, review
from reconciler.core.status import Status
from reconciler.engine.action_run import Means
from reconciler.engine.applier import Applier
from reconciler.engine.artifacts import fetch_artifact
from reconciler.engine.observer import Observer, remembered
from reconciler.engine.waiting import Stop
from reconciler.engine.world import World
from reconciler.errors import ConfigurationError, PlanRefused
from reconciler.journal.committer import Committer
from reconciler.platforms.http import Downloader

EXPORT_LIMIT = 64 * 1024**3
"""The most bytes of one exported file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a plan is asked for. `selected` are addresses; `partial`: the selection left some out. `limits` are the
    stricter of the inventory's and those given beside it; `lifetime` is seconds until the plan expires."""

    selected: frozenset[str]
    partial: bool
    limits: Limits
    approved: frozenset[str] = frozenset()
    lifetime: float = 86400.0
    offline: bool = False
    commit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan and what it was made from."""

    plan: Plan
    snapshot: Snapshot


async def plan(world: World, wanted: Wanted) -> Planned:
    """Read the live states and make the plan. Changes nothing."""
    memories = world.memories()
    models = with_predecessors(world.inventory.models, wanted.selected)
    capabilities = {
        name: account.platform.capabilities if account.platform else account.type.capabilities
        for name, account in world.accounts.items()
    }
    if wanted.offline:
        snapshot = remembered(models, memories, world)
    else:
        snapshot = await Observer(world).snapshot(models)
    now = world.clock.now()
    decisions = decide(models, snapshot, memories, capabilities, selected=wanted.selected, now=now)
    failures = tuple(
        failure
        for failure in snapshot.failures
        if failure.address in world.accounts or failure.address in wanted.selected
    )
    made = Plan(
        id=secrets.token_hex(8),
        tool_version=world.tool_version,
        created_at=now,
        expires_at=now + timedelta(seconds=wanted.lifetime),
        inventory=PlannedInventory(files=world.inventory.files, digest=world.inventory.digest, commit=wanted.commit),
        platforms=tuple(
            PlannedPlatform(
                name=name,
                type=account.type.name,
                definition=account.type.digest,
                url=account.origin,
                complete=not wanted.offline and name not in snapshot.incomplete,
            )
            for name, account in sorted(world.accounts.items())
        ),
        actions=decisions.actions,
        blocked=decisions.blocked,
        unchanged=decisions.unchanged,
        warnings=decisions.warnings,
        unmanaged=tuple(sorted(f"{listed.platform}/{listed.id}" for listed in snapshot.unmanaged)),
        failures=tuple(sorted(failures, key=lambda failure: failure.address)),
        guards=judge(decisions.actions, world.inventory.models, memories, wanted.limits, approved=wanted.approved),
        partial=wanted.partial,
        offline=wanted.offline,
    )
    return Planned(plan=with_digest(made), snapshot=snapshot)


def permit(
    world: World, saved: Plan, fresh: Planned, wanted: Wanted, *, expect: str | None, skip_stale: bool
) -> tuple[Planned, Review]:
    """The fresh plan narrowed to what a saved plan permits, under the digest that was approved, and what was found.

    Raises `PlanRefused`: expired, already used, not the expected one, or stale."""
    if expect is not None and not _is(saved.digest, expect):
        raise PlanRefused(f"this is not the plan that was approved: its digest is {saved.digest}, expected {expect}")
    if saved.id in world.recollection.used:
        raise PlanRefused("this plan was applied before; a plan is used once: plan again")
    if world.clock.now() >= saved.expires_at:
        raise PlanRefused(f"this plan expired at {saved.expires_at:%Y-%m-%d %H:%M:%S} UTC: plan again")
    if saved.offline:
        raise PlanRefused("this plan was made offline: nothing in it was verified; plan again without --offline")
    if saved.tool_version.split(".")[0] != world.tool_version.split(".")[0]:
        raise PlanRefused(
            f"this plan was made by version {saved.tool_version}, this is {world.tool_version}: plan again"
        )
    found = review(saved, fresh.plan, fresh.snapshot)
    if found.moved and not skip_stale:
        lines = "\n  ".join(found.moved)
        raise PlanRefused(f"the world has moved since this plan was made; nothing was done:\n  {lines}\nplan again")
    narrowed = replace(
        fresh.plan,
        actions=found.actions,
        digest=saved.digest,
        guards=judge(found.actions, world.inventory.models, world.memories(), wanted.limits, approved=wanted.approved),
    )
    return replace(fresh, plan=narrowed), found


def _is(digest: str, expected: str) -> bool:
    """Whether a digest is the expected one, whole or by its first 16 or more hex digits."""
    value, wanted = digest.removeprefix("sha256:"), expected.strip().removeprefix("sha256:").rstrip("…")
    return len(wanted) >= 16 and value.startswith(wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """How a plan is applied. `exports` is the export root; `saved` the id of the saved plan that is used up."""

    exports: Path
    tell: Callable[[Event], None]
    stop: Stop
    reissue: bool = False
    saved: str | None = None


async def apply(world: World, planned: Planned, actions: tuple[Action, ...], orders: Orders) -> Report:
    """Run `actions` of a plan: one outcome each, all of it in the journal. Raises `JournalError` before the first."""
    assert world.store is not None
    began = world.clock.now()
    committer = Committer(world.store)
    make = _maker(world)
    first = [Record(kind=RecordKind.RUN_STARTED, at=began, run=world.run, text=planned.plan.digest)]
    if orders.saved is not None:
        first.append(Record(kind=RecordKind.PLAN_USED, at=began, run=world.run, plan=orders.saved))
    await asyncio.to_thread(world.store.write, [*first, *_baselines(world, planned, make)])
    means = Means(
        observer=Observer(world),
        log=committer.append,
        make=make,
        fetch=_fetcher(world, orders.exports),
        tell=orders.tell,
        stop=orders.stop,
        clock=world.clock,
        reissue=orders.reissue,
    )
    outcomes = await Applier(world, actions, means).run()
    await committer.drain()
    reasons = [*_unfinished(outcomes), *plan_reasons(planned.plan)]
    report = Report(
        run_id=world.run,
        plan_digest=planned.plan.digest,
        started_at=began,
        finished_at=world.clock.now(),
        exit_code=exit_code(reasons),
        reasons=tuple(dict.fromkeys(str(reason) for reason in reasons)),
        outcomes=outcomes,
    )
    await _end(world, report)
    return report


async def _end(world: World, report: Report) -> None:
    assert world.store is not None
    text = ", ".join(f"{count} {kind}" for kind, count in report.summary.items() if count) or "nothing to do"
    ended = Record(kind=RecordKind.RUN_ENDED, at=report.finished_at, run=world.run, text=text)
    await asyncio.to_thread(world.store.write, [ended])


def _maker(world: World) -> Callable[..., Record]:
    def make(kind: RecordKind, model: Model, **fields: Any) -> Record:
        origin, identity = world.key(model)
        return Record(
            kind=kind,
            at=world.clock.now(),
            run=world.run,
            address=model.address,
            origin=origin,
            model_id=identity,
            **fields,
        )

    return make


def _baselines(world: World, planned: Planned, make: Callable[..., Record]) -> Iterable[Record]:
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


def _fetcher(world: World, root: Path) -> Any:
    async def fetch(url: str, name: str, *, near: str, seconds: float) -> Artifact:
        downloader = Downloader(timeout=seconds, limit=EXPORT_LIMIT)
        origin = world.accounts[near].origin or ""
        return await fetch_artifact(downloader, url, root=root, name=name, near=origin, now=world.clock.now())

    return fetch


def _unfinished(outcomes: Iterable[Outcome]) -> list[Why]:
    return [Why.UNFINISHED] if any(outcome.kind is not OutcomeKind.SUCCEEDED for outcome in outcomes) else []


def plan_reasons(made: Plan) -> list[Why]:
    """Why a run over this plan does not end in 0, besides what its actions come to."""
    return [
        *([Why.BLOCKED] if made.blocked else []),
        *([Why.UNREAD] if made.failures else []),
    ]


def refusal(world: World, planned: Planned) -> Report:
    """The report of an apply that a guard stopped: nothing ran."""
    now = world.clock.now()
    reasons = [Why.GUARD, *plan_reasons(planned.plan)]
    return Report(
        run_id=world.run,
        plan_digest=planned.plan.digest,
        started_at=now,
        finished_at=now,
        exit_code=exit_code(reasons),
        reasons=tuple(dict.fromkeys(str(reason) for reason in reasons)),
        outcomes=tuple(
            Outcome(address=a.address, verb=a.verb, kind=OutcomeKind.SKIPPED, error="a guard stopped the apply")
            for a in planned.plan.actions
        ),
    )


def drift(world: World, planned: Planned, wanted: Wanted) -> tuple[Drift, ...]:
    """What drifted, is pending or unknown among the selected models."""
    models = [model for model in world.inventory.models if model.address in wanted.selected]
    return find_drift(models, planned.snapshot, world.memories())


async def status(world: World, selected: frozenset[str], *, offline: bool = False) -> tuple[Status, ...]:
    """Live states of the selected models with evidence, in order of address."""
    models = [model for model in world.inventory.models if model.address in selected]
    memories = world.memories()
    snapshot = remembered(models, memories, world) if offline else await Observer(world).snapshot(models)
    errors = {failure.address: failure.error for failure in snapshot.failures}
    return tuple(_status(model, snapshot, memories, errors) for model in models)


def _status(model: Model, snapshot: Snapshot, memories: Mapping[str, Memory], errors: Mapping[str, str]) -> Status:
    live = snapshot.lives.get(model.address)
    last = memories[model.address].last_action
    if live is not None:
        return Status(model=model, live=str(live.state), evidence=live.evidence, last_action=last)
    error = errors.get(model.address) or errors.get(model.platform) or "not read"
    return Status(
        model=model, live="unreadable", evidence=Evidence(source=EvidenceSource.NONE), last_action=last, error=error
    )


async def discover(world: World, platform: str) -> tuple[Listed, ...] | None:
    """Every model that a platform lists; None where it has no list. Raises `ConfigurationError` if it can't be read."""
    account = world.accounts[platform]
    assert account.platform is not None
    if not account.platform.capabilities.reads_together:
        return None
    observation = await account.platform.observe([], {})
    if observation.failures:
        raise ConfigurationError(observation.failures[0].error)
    return tuple(sorted(observation.unmanaged, key=lambda listed: (listed.name or "", listed.id)))


def adopt(world: World, model: Model, state: LiveState, *, at: datetime, who: str) -> Record:
    """Record by hand what a model is. Returns the record, which is in the journal."""
    assert world.store is not None
    record = replace(_maker(world)(RecordKind.DECLARED, model, live=state, text=f"declared by {who}"), at=at)
    world.store.write([record])
    return record
