"""Use cases: make a plan, and say what of a saved one may run. Changes nothing."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.codec import with_digest
from reconciler.core.exits import Why
from reconciler.core.guards import judge
from reconciler.core.live import LiveState, Snapshot
from reconciler.core.memory import Key
from reconciler.core.model import Limits
from reconciler.core.order import with_predecessors
from reconciler.core.plan import Action, Finding, Plan, PlannedInventory, PlannedPlatform
from reconciler.core.planner import decide
from reconciler.core.saved import Review, review
from reconciler.engine.observer import Observer, remembered
from reconciler.engine.world import World
from reconciler.errors import ConfigurationError, PlanRefused


class Wanted(Struct, frozen=True, kw_only=True):
    """What a plan is asked for. `selected` are addresses; `partial`: the selection left some out. `limits` are the
    stricter of the inventory's and those given beside it; `lifetime` is seconds until the plan expires; `where` is the
    inventory as the next command must name it; `reissue`: a deploy whose answer was lost may be planned again."""

    selected: frozenset[str]
    partial: bool
    limits: Limits
    approved: frozenset[str] = frozenset()
    lifetime: float = 86400.0
    offline: bool = False
    commit: str | None = None
    where: str | None = None
    reissue: bool = False


class Planned(Struct, frozen=True, kw_only=True):
    """A plan and what it was made from."""

    plan: Plan
    snapshot: Snapshot


def _check_names(world: World) -> None:
    """Two platforms of the inventory may lead to one account: one model under two names would escape its protection,
    and be pulled both ways."""
    seen: dict[Key, str] = {}
    for model in world.inventory.models:
        key = world.key(model)
        if key[0] and key in seen:
            text = f"{model.source}: {model.address} is the same model as {seen[key]}: one id at one address"
            raise ConfigurationError(text)
        seen[key] = model.address


async def plan(world: World, wanted: Wanted) -> Planned:
    """Read the live states and make the plan. Changes nothing.

    Raises `ConfigurationError` for two names of one model."""
    _check_names(world)
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
    decisions = decide(
        models,
        snapshot,
        memories,
        capabilities,
        selected=wanted.selected,
        now=now,
        where=wanted.where,
        reissue=wanted.reissue,
    )
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
        platforms=_platforms(world, frozenset(world.accounts) if wanted.offline else snapshot.incomplete),
        actions=decisions.actions,
        blocked=decisions.blocked,
        unchanged=decisions.unchanged,
        warnings=decisions.warnings,
        unmanaged=tuple(sorted(f"{listed.platform}/{listed.id}" for listed in snapshot.unmanaged)),
        failures=tuple(sorted(failures, key=lambda failure: failure.address)),
        guards=_judge(world, decisions.actions, snapshot, wanted.limits, wanted.approved),
        partial=wanted.partial,
        offline=wanted.offline,
        limits=wanted.limits,
    )
    return Planned(plan=with_digest(made), snapshot=snapshot)


def _platforms(world: World, incomplete: frozenset[str]) -> tuple[PlannedPlatform, ...]:
    return tuple(
        PlannedPlatform(
            name=name,
            type=account.type.name,
            definition=account.type.digest,
            url=account.origin,
            complete=name not in incomplete,
        )
        for name, account in sorted(world.accounts.items())
    )


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
    about, limits = saved.addresses, wanted.limits.stricter(saved.limits)
    narrowed = replace(
        fresh.plan,
        actions=found.actions,
        blocked=tuple(entry for entry in fresh.plan.blocked if entry.address in about),
        unchanged=tuple(address for address in fresh.plan.unchanged if address in about),
        partial=saved.partial,
        digest=saved.digest,
        limits=limits,
        guards=_judge(world, found.actions, fresh.snapshot, limits, wanted.approved),
    )
    return replace(fresh, plan=narrowed), found


def _judge(
    world: World, actions: Sequence[Action], snapshot: Snapshot, limits: Limits, approved: frozenset[str]
) -> tuple[Finding, ...]:
    """What the guards say of `actions` in this world."""
    return judge(
        actions,
        world.inventory.models,
        world.memories(),
        limits,
        approved=approved,
        absent=frozenset(address for address, live in snapshot.lives.items() if live.state is LiveState.ABSENT),
        forgotten=_forgotten(world),
    )


def _forgotten(world: World) -> int:
    """How many models of these platforms were applied once and stand in the inventory no more."""
    origins = {account.origin for account in world.accounts.values()}
    known = {world.key(model) for model in world.inventory.models}
    return sum(
        memory.applied is not None and key[0] in origins and key not in known
        for key, memory in world.recollection.by_key.items()
    )


def _is(digest: str, expected: str) -> bool:
    """Whether a digest is the expected one, whole or by its first 16 or more hex digits."""
    value, wanted = digest.removeprefix("sha256:"), expected.strip().removeprefix("sha256:").rstrip("…")
    return len(wanted) >= 16 and value.startswith(wanted)


def plan_reasons(made: Plan) -> list[Why]:
    """Why a run over this plan does not end in 0, besides what its actions come to."""
    return [
        *([Why.BLOCKED] if made.blocked else []),
        *([Why.UNREAD] if made.failures else []),
    ]
