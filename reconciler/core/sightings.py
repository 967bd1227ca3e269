"""Drift with memory: what earlier looks had found, told apart from what is new. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

from reconciler.core.drift import Drift, DriftCheck, DriftKind, Night, Novelty, Resolved, holds
from reconciler.core.memory import Key
from reconciler.core.model import Model
from reconciler.core.record import Record, RecordKind

FLAPS: Final = 3
"""A drift that begins so often within `FLAPS_WITHIN` flaps: from then on it is ongoing, also when it pauses."""

FLAPS_WITHIN: Final = timedelta(days=7)

NIGHTS: Final = 30
"""How many days back a picture of the nights goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The last drift found of one model. `times` counts the looks since `first` that found it without a pause, the
    last of them at `last`; `begins` is when this and earlier ones of the model began, of late; `cleared`: a later
    look did not find it."""

    kind: DriftKind
    was: str
    now: str
    first: datetime
    last: datetime
    times: int
    begins: tuple[datetime, ...]
    cleared: bool = False

    def is_of(self, drift: Drift) -> bool:
        """Whether `drift` is the same, found again."""
        return not self.cleared and (self.kind, self.was, self.now) == (drift.kind, drift.was, drift.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    """What all looks on record have found: the last of each model, and by day what the last look of it found."""

    by_key: Mapping[Key, Sighting] = field(default_factory=dict)
    nights: Mapping[date, Mapping[Key, DriftKind]] = field(default_factory=dict)


def fold_sightings(records: Iterable[Record]) -> Sightings:
    """What the records of a journal say of drift, the oldest first."""
    by_key: dict[Key, Sighting] = {}
    nights: dict[date, dict[Key, DriftKind]] = {}
    for record in records:
        if record.kind is RecordKind.LOOKED:
            nights[_day(record.at)] = {}
        elif record.kind is RecordKind.SEEN:
            key = _key(record)
            by_key[key] = _seen(by_key.get(key), record)
            assert record.drift is not None
            nights.setdefault(_day(record.at), {})[key] = record.drift
        elif record.kind is RecordKind.CLEARED and (found := by_key.get(_key(record))) is not None:
            by_key[_key(record)] = replace(found, cleared=True)
    return Sightings(by_key=by_key, nights=nights)


def _key(record: Record) -> Key:
    assert record.origin is not None
    assert record.model_id is not None
    return record.origin, record.model_id


def _seen(before: Sighting | None, record: Record) -> Sighting:
    assert record.drift is not None
    assert record.before is not None
    assert record.after is not None
    same = (record.drift, record.before, record.after)
    if before is not None and not before.cleared and (before.kind, before.was, before.now) == same:
        return replace(before, last=record.at, times=before.times + 1)
    kept = before.begins if before is not None else ()
    return Sighting(
        kind=record.drift,
        was=record.before,
        now=record.after,
        first=record.at,
        last=record.at,
        times=1,
        begins=(*_of_late(kept, record.at), record.at),
    )


def _of_late(begins: Iterable[datetime], now: datetime) -> tuple[datetime, ...]:
    return tuple(at for at in begins if now - at <= FLAPS_WITHIN)


def check_drift(
    drifts: Iterable[Drift],
    models: Iterable[Model],
    keys: Mapping[str, Key],
    sightings: Sightings,
    *,
    unread: frozenset[str],
    now: datetime,
    remembered: bool,
) -> DriftCheck:
    """`drifts` of the selected `models`, told as new or ongoing, with what was resolved. `keys` is by address; what is
    in `unread` could not be looked at, so nothing of it was resolved."""
    by_address = {model.address: model for model in models}
    told = tuple(
        _told(drift, by_address[drift.address], sightings.by_key.get(keys[drift.address]), now) for drift in drifts
    )
    found = {drift.address for drift in told}
    resolved = tuple(
        _resolved(model, sighting)
        for address, model in sorted(by_address.items())
        if address not in found
        and address not in unread
        and (sighting := sightings.by_key.get(keys[address])) is not None
        and not sighting.cleared
    )
    quiet = {one.address for one in resolved if len(_of_late(sightings.by_key[keys[one.address]].begins, now)) >= FLAPS}
    return DriftCheck(
        drifts=told,
        unread=unread,
        resolved=tuple(one for one in resolved if one.address not in quiet),
        nights=_nights(told, by_address, keys, sightings, now) if remembered else (),
        remembered=remembered,
    )


def _told(drift: Drift, model: Model, before: Sighting | None, now: datetime) -> Drift:
    drift = replace(drift, acknowledged=holds(model.acknowledge, now))
    if before is not None and before.is_of(drift):
        flaps = len(_of_late(before.begins, now)) >= FLAPS
        ongoing = replace(drift, novelty=Novelty.ONGOING, flapping=flaps)
        return replace(ongoing, first_seen=before.first, times=before.times + 1)
    earlier = len(_of_late(before.begins, now)) if before is not None else 0
    return replace(
        drift,
        novelty=Novelty.ONGOING if earlier >= FLAPS else Novelty.NEW,
        flapping=earlier + 1 >= FLAPS,
        first_seen=now,
        times=1,
    )


def _resolved(model: Model, sighting: Sighting) -> Resolved:
    return Resolved(
        address=model.address,
        kind=sighting.kind,
        was=sighting.was,
        now=sighting.now,
        first_seen=sighting.first,
        last_seen=sighting.last,
        times=sighting.times,
        owner=model.owner,
    )


def _nights(
    drifts: Iterable[Drift],
    models: Mapping[str, Model],
    keys: Mapping[str, Key],
    sightings: Sightings,
    now: datetime,
) -> tuple[Night, ...]:
    addresses = {keys[address]: address for address in models}
    today = _day(now)
    earlier = sorted(day for day in sightings.nights if day < today)[-(NIGHTS - 1) :]
    nights = [
        Night(
            day=day,
            found={addresses[key]: kind for key, kind in sightings.nights[day].items() if key in addresses},
        )
        for day in earlier
    ]
    return (*nights, Night(day=today, found={drift.address: drift.kind for drift in drifts}))


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
