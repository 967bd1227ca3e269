"""Drift: live against what was last applied, told apart from what the inventory newly wants; and what is new of it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum

from msgspec import Struct

from reconciler.core.live import TRANSITIONAL, LiveState, Snapshot
from reconciler.core.memory import NOTHING, Applied, Memory
from reconciler.core.model import Acknowledgement, Deployment, Model


class DriftKind(StrEnum):
    """`drifted`: live differs from what was last applied. `pending`: the inventory moved since. `unknown`: nobody
    can say."""

    DRIFTED = "drifted"
    PENDING = "pending"
    UNKNOWN = "unknown"


class Novelty(StrEnum):
    """Whether an earlier look had found the same already."""

    NEW = "new"
    ONGOING = "ongoing"


class Since(Struct, frozen=True, kw_only=True):
    """The run that last applied the target the model has left, and when."""

    run: str
    at: datetime


class Drift(Struct, frozen=True, kw_only=True):
    """One model that is not where it was left, or not where it is wanted. For `drifted`, `was` is what we applied and
    `now` what is live; for `pending`, what is live and what is wanted. `since` is None where nothing was ever applied.
    `first_seen` and `times` are of the looks that found the same without a pause, this one included; None and 0 where
    no look is remembered. `last_seen`: of one that is new, when it was found before; None for never. `ended`: the
    acknowledgement it had has just ended, so that it counts as new again. `flapping`: it came and went so often lately
    that it counts as one. What is `acknowledged` is no alarm."""

    address: str
    kind: DriftKind
    was: str
    now: str
    since: Since | None
    text: str
    owner: str | None = None
    novelty: Novelty = Novelty.NEW
    first_seen: datetime | None = None
    times: int = 0
    last_seen: datetime | None = None
    flapping: bool = False
    acknowledged: Acknowledgement | None = None
    ended: bool = False

    @property
    def alarming(self) -> bool:
        """Whether it is news to anybody: found for the first time, and not acknowledged."""
        return self.novelty is Novelty.NEW and self.acknowledged is None


class Resolved(Struct, frozen=True, kw_only=True):
    """A drift that the last look had found and this one did not."""

    address: str
    kind: DriftKind
    was: str
    now: str
    first_seen: datetime
    last_seen: datetime
    times: int
    owner: str | None = None


class Night(Struct, frozen=True, kw_only=True):
    """What the last looks of one day, in UTC, had found, by address: the kind of drift, or `unread` where a model that
    had drifted could not be looked at."""

    day: date
    found: Mapping[str, str]


class DriftCheck(Struct, frozen=True, kw_only=True):
    """What one look found. `nights` are the days on record, the oldest first, today the last. `remembered`: there is a
    journal, so that new can be told from ongoing. `unread`: addresses that could not be looked at, or that are on their
    way somewhere. `paused`: what flaps, and is away."""

    drifts: tuple[Drift, ...]
    unread: frozenset[str] = frozenset()
    resolved: tuple[Resolved, ...] = ()
    paused: tuple[Resolved, ...] = ()
    nights: tuple[Night, ...] = ()
    remembered: bool = False


def find_drift(models: Iterable[Model], snapshot: Snapshot, memories: Mapping[str, Memory]) -> tuple[Drift, ...]:
    """Every model of `models` that drifted, is pending or is unknown, in order of address.

    A model that the platform itself is moving is busy, not drifted; one that could not be read is a failure of the
    snapshot and not repeated here."""
    found = []
    for model in sorted(models, key=lambda model: model.address):
        live = snapshot.lives.get(model.address)
        if live is None or model.target.deployment is Deployment.UNMANAGED:
            continue
        drift = _compare(model, live.state, memories.get(model.address, NOTHING).applied)
        if drift is not None:
            found.append(drift)
    return tuple(found)


def _compare(model: Model, live: LiveState, applied: Applied | None) -> Drift | None:
    wanted = LiveState(model.target.deployment)
    left = LiveState(applied.deployment) if applied else None
    since = Since(run=applied.run, at=applied.at) if applied else None
    if live is LiveState.UNKNOWN:
        return _drift(model, DriftKind.UNKNOWN, left or wanted, live, since, "cannot be read")
    if live in TRANSITIONAL or (live is wanted and not _settings_moved(model, applied)):
        return None
    if live is LiveState.NOT_READY and wanted is LiveState.UNDEPLOYED:
        return None  # not serving yet is what is wanted, and the planner finds nothing to do
    if left and live not in (left, wanted):
        text = f"was {left}, is {live}: changed outside reconciler"
        return _drift(model, DriftKind.DRIFTED, left, live, since, text)
    text = "its settings changed" if live is wanted else f"is {live}, wanted {wanted}"
    return _drift(model, DriftKind.PENDING, live, wanted, since, text)


def _settings_moved(model: Model, applied: Applied | None) -> bool:
    return bool(
        applied
        and model.target.deployment is Deployment.DEPLOYED
        and applied.settings is not None
        and applied.settings != model.settings
    )


def _drift(model: Model, kind: DriftKind, was: str, now: str, since: Since | None, text: str) -> Drift:
    return Drift(
        address=model.address, kind=kind, was=str(was), now=str(now), since=since, text=text, owner=model.owner
    )


def holds(acknowledgement: Acknowledgement | None, now: datetime) -> Acknowledgement | None:
    """The acknowledgement, as long as it counts."""
    return acknowledgement if acknowledgement and acknowledgement.until >= now.astimezone(UTC).date() else None
