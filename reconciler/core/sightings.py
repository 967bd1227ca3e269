"""Drift with memory: what earlier looks had found, told apart from what is new. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.drift import Drift, DriftCheck, DriftKind, Night, Novelty, Resolved, holds
from reconciler.core.memory import Key
from reconciler.core.model import Model
from reconciler.core.record import Record, RecordKind

FLAPS: Final = 3
"""A drift that begins so often within `FLAPS_WITHIN` flaps: from then on it is ongoing, also when it pauses."""

FLAPS_WITHIN: Final = timedelta(days=7)

NIGHTS: Final = 30
"""How many days back a picture of the nights goes."""


Same = tuple[DriftKind, str, str]
"""What makes two drifts of a model the same: their kind, from what, to what."""


class Sighting(Struct, frozen=True, kw_only=True):
    """The last drift found of one model. `times` counts the looks since `first` that found it without a pause, the
    last of them at `last`, which found it `acknowledged` or not, and which was `told` to somebody or only noted.
    `begins` is when drifts of the model began, of late, each with what it was; `cleared`: a later look did not find
    it."""

    same: Same
    first: datetime
    last: datetime
    times: int
    begins: tuple[tuple[Same, datetime], ...]
    acknowledged: bool = False
    told: bool = True
    cleared: bool = False

    def flaps(self, same: Same, now: datetime) -> int:
        """How often that drift of the model began of late."""
        return sum(begun == same for begun, _ in _of_late(self.begins, now))


class Sightings(Struct, frozen=True, kw_only=True):
    """What all looks on record have found: the last of each model, and by day what the last looks of it found."""

    by_key: Mapping[Key, Sighting] = field(default_factory=dict)
    nights: Mapping[date, Mapping[Key, str]] = field(default_factory=dict)


UNREAD: Final = "unread"
"""What a night says of a model that had drifted and could not be looked at."""

QUIET: Final = "quiet"
"""What a record says of a drift that was noted and told to nobody."""


def fold_sightings(records: Iterable[Record]) -> Sightings:
    """What the records of a journal say of drift, the oldest first."""
    by_key: dict[Key, Sighting] = {}
    nights: dict[date, dict[Key, str]] = {}
    for record in records:
        if record.kind is RecordKind.LOOKED:
            nights.setdefault(_day(record.at), {})
        elif record.kind in OF_DRIFT:
            key, night = _key(record), nights.setdefault(_day(record.at), {})
            found = by_key.get(key)
            if record.kind is RecordKind.SEEN:
                by_key[key] = _seen(found, record)
                night[key] = str(record.drift)
            elif record.kind is RecordKind.MISSED:
                night[key] = UNREAD
            elif found is not None:
                by_key[key] = replace(found, cleared=True)
                night.pop(key, None)
    return Sightings(by_key=by_key, nights=nights)


OF_DRIFT: Final = frozenset({RecordKind.LOOKED, RecordKind.SEEN, RecordKind.CLEARED, RecordKind.MISSED})
"""The records that looks for drift leave."""


def _key(record: Record) -> Key:
    assert record.origin is not None
    assert record.model_id is not None
    return record.origin, record.model_id


def _seen(before: Sighting | None, record: Record) -> Sighting:
    assert record.drift is not None
    assert record.before is not None
    assert record.after is not None
    same = (record.drift, record.before, record.after)
    known, told = bool(record.on), record.text != QUIET
    if before is not None and not before.cleared and before.same == same:
        return replace(before, last=record.at, times=before.times + 1, acknowledged=known, told=before.told or told)
    kept = _of_late(before.begins, record.at) if before is not None else ()
    return Sighting(
        same=same,
        first=record.at,
        last=record.at,
        times=1,
        begins=(*kept, (same, record.at)),
        acknowledged=known,
        told=told,
    )


def _of_late(begins: Iterable[tuple[Same, datetime]], now: datetime) -> tuple[tuple[Same, datetime], ...]:
    return tuple(begun for begun in begins if now - begun[1] <= FLAPS_WITHIN)


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
    in `unread` could not be looked at, or is on its way somewhere, so nothing of it was resolved."""
    by_address = {model.address: model for model in models}
    told = tuple(
        _told(drift, by_address[drift.address], sightings.by_key.get(keys[drift.address]), now) for drift in drifts
    )
    found = {drift.address for drift in told}
    away = [
        (model, sighting)
        for address, model in sorted(by_address.items())
        if address not in found and address not in unread and (sighting := sightings.by_key.get(keys[address]))
    ]
    flapping = {model.address for model, sighting in away if sighting.flaps(sighting.same, now) >= FLAPS}
    return DriftCheck(
        drifts=told,
        unread=unread,
        resolved=tuple(
            _resolved(model, sighting)
            for model, sighting in away
            if model.address not in flapping and not sighting.cleared
        ),
        paused=tuple(_resolved(model, sighting) for model, sighting in away if model.address in flapping),
        nights=_nights(told, by_address, keys, sightings, unread, now) if remembered else (),
        remembered=remembered,
    )


def _told(drift: Drift, model: Model, before: Sighting | None, now: datetime) -> Drift:
    drift = replace(drift, acknowledged=holds(model.acknowledge, now))
    same = (drift.kind, drift.was, drift.now)
    earlier = before.flaps(same, now) if before is not None else 0
    if before is not None and not before.cleared and before.same == same:
        ended = before.acknowledged and drift.acknowledged is None
        known = Novelty.ONGOING if before.told and not ended else Novelty.NEW
        drift = replace(drift, novelty=known, flapping=earlier >= FLAPS, ended=ended)
        return replace(drift, first_seen=before.first, times=before.times + 1)
    return replace(
        drift,
        novelty=Novelty.ONGOING if earlier >= FLAPS else Novelty.NEW,
        flapping=earlier + 1 >= FLAPS,
        first_seen=now,
        last_seen=before.last if before is not None and earlier else None,
        times=1,
    )


def _resolved(model: Model, sighting: Sighting) -> Resolved:
    kind, was, now = sighting.same
    return Resolved(
        address=model.address,
        kind=kind,
        was=was,
        now=now,
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
    unread: frozenset[str],
    now: datetime,
) -> tuple[Night, ...]:
    addresses = {keys[address]: address for address in models}
    today = _day(now)
    earlier = sorted(day for day in sightings.nights if day < today)[-(NIGHTS - 1) :]
    nights = [
        Night(
            day=day,
            found={addresses[key]: word for key, word in sightings.nights[day].items() if key in addresses},
        )
        for day in earlier
    ]
    missed = {address: UNREAD for address in unread if is_open(sightings.by_key.get(keys[address]))}
    return (*nights, Night(day=today, found={**missed, **{drift.address: str(drift.kind) for drift in drifts}}))


def is_open(sighting: Sighting | None) -> bool:
    """Whether the last look at a model had found drift."""
    return sighting is not None and not sighting.cleared


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
