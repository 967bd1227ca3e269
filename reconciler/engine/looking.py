"""Use case: look for drift, and put on record what was seen, so that the next look can tell what is new."""

from collections.abc import Iterable

from msgspec.structs import replace

from reconciler.core.drift import Drift, DriftCheck, find_drift
from reconciler.core.live import TRANSITIONAL
from reconciler.core.model import Deployment, Model
from reconciler.core.record import Record, RecordKind
from reconciler.core.sightings import QUIET, check_drift, is_open
from reconciler.engine.planning import Planned, Wanted
from reconciler.engine.world import World


def look(
    world: World, planned: Planned, wanted: Wanted, *, quiet: bool = False
) -> tuple[DriftCheck, tuple[Record, ...]]:
    """What drifted, is pending or unknown among the selected models, and the records of it, which are to be written
    once it was told. `quiet`: it is told to nobody, so that what is new stays new."""
    models = [
        model
        for model in world.inventory.models
        if model.address in wanted.selected and model.target.deployment is not Deployment.UNMANAGED
    ]
    lives = planned.snapshot.lives
    check = check_drift(
        find_drift(models, planned.snapshot, world.memories()),
        models,
        {model.address: world.key(model) for model in models},
        world.recollection.sightings,
        unread=frozenset(
            model.address
            for model in models
            if model.address not in lives or lives[model.address].state in TRANSITIONAL
        ),
        now=planned.snapshot.taken_at,
        remembered=world.store is not None,
    )
    return check, tuple(_records(world, models, check, quiet=quiet))


def _records(world: World, models: Iterable[Model], check: DriftCheck, *, quiet: bool) -> Iterable[Record]:
    """The look, all it found, the end of what it no longer found, and what it could not look at."""
    at = world.clock.now()
    yield Record(kind=RecordKind.LOOKED, at=at, run=world.run, text=f"{len(check.drifts)} found")
    found = {drift.address: drift for drift in check.drifts}
    for model in models:
        if (drift := found.get(model.address)) is not None:
            record = world.record(RecordKind.SEEN, model, **_seen(drift), text=QUIET if quiet else None)
            yield replace(record, at=at)
        elif is_open(world.recollection.sightings.by_key.get(world.key(model))):
            missed = model.address in check.unread
            yield replace(world.record(RecordKind.MISSED if missed else RecordKind.CLEARED, model), at=at)


def _seen(drift: Drift) -> dict[str, object]:
    return {"drift": drift.kind, "before": drift.was, "after": drift.now, "on": drift.acknowledged is not None}
