"""Use case: look for drift, and put on record what was seen, so that the next look can tell what is new."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from reconciler.core.drift import Drift, DriftCheck, find_drift
from reconciler.core.model import Deployment, Model
from reconciler.core.record import Record, RecordKind
from reconciler.core.sightings import check_drift
from reconciler.engine.opening import Setup
from reconciler.engine.planning import Planned, Wanted
from reconciler.engine.world import World
from reconciler.errors import JournalError, LockHeld
from reconciler.journal.opening import lock_journal


async def look(world: World, planned: Planned, wanted: Wanted, setup: Setup) -> DriftCheck:
    """What drifted, is pending or unknown among the selected models; it is put on record.

    Where the journal cannot be written, or an apply holds its lock, that is told, and the next look knows nothing of
    this one."""
    models = [
        model
        for model in world.inventory.models
        if model.address in wanted.selected and model.target.deployment is not Deployment.UNMANAGED
    ]
    snapshot = planned.snapshot
    check = check_drift(
        find_drift(models, snapshot, world.memories()),
        models,
        {model.address: world.key(model) for model in models},
        world.recollection.sightings,
        unread=frozenset(model.address for model in models if model.address not in snapshot.lives),
        now=snapshot.taken_at,
        remembered=world.store is not None,
    )
    records = tuple(_records(world, models, check))
    try:
        await asyncio.to_thread(_write, setup, records)
    except (JournalError, LockHeld) as error:
        setup.tell(f"This look is not on record: {error}")
    return check


def _write(setup: Setup, records: tuple[Record, ...]) -> None:
    with lock_journal(setup.journal, run=setup.run) as store:
        store.write(records)


def _records(world: World, models: Iterable[Model], check: DriftCheck) -> Iterable[Record]:
    """The look, all it found, and the end of what it no longer found."""
    at = world.clock.now()
    yield Record(kind=RecordKind.LOOKED, at=at, run=world.run, text=f"{len(check.drifts)} found")
    found = {drift.address: drift for drift in check.drifts}
    for model in models:
        sighting = world.recollection.sightings.by_key.get(world.key(model))
        if (drift := found.get(model.address)) is not None:
            yield replace(world.record(RecordKind.SEEN, model, **_seen(drift)), at=at)
        elif sighting is not None and not sighting.cleared and model.address not in check.unread:
            yield replace(world.record(RecordKind.CLEARED, model), at=at)


def _seen(drift: Drift) -> dict[str, object]:
    return {"drift": drift.kind, "before": drift.was, "after": drift.now}
