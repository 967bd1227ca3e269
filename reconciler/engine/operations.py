"""Use cases: look, and record by hand. Nothing is asked to change."""

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from reconciler.core.live import Evidence, EvidenceSource, Listed, LiveState, Snapshot
from reconciler.core.memory import Memory
from reconciler.core.model import Model
from reconciler.core.record import Record, RecordKind
from reconciler.core.status import Status
from reconciler.engine.observer import Observer, remembered
from reconciler.engine.world import World
from reconciler.errors import ConfigurationError


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
    """Every model that a platform lists and the inventory does not hold; None where it has no list.

    Raises `ConfigurationError` if it can't be read."""
    account = world.accounts[platform]
    assert account.platform is not None
    if not account.platform.capabilities.reads_together:
        return None
    models = [model for model in world.inventory.models if model.platform == platform]
    observation = await account.platform.observe(models, {})
    if observation.failures:
        raise ConfigurationError(observation.failures[0].error)
    return tuple(sorted(observation.unmanaged, key=lambda listed: (listed.name or "", listed.id)))


def adopt(world: World, model: Model, state: LiveState, *, at: datetime, who: str) -> Record:
    """Record by hand what a model is. Returns the record, which is in the journal."""
    assert world.store is not None
    record = replace(world.record(RecordKind.DECLARED, model, live=state, text=f"declared by {who}"), at=at)
    world.store.write([record])
    return record
