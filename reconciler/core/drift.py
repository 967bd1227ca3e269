"""Drift: live against what was last applied, told apart from what the inventory newly wants."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.core.live import TRANSITIONAL, LiveState, Snapshot
from reconciler.core.memory import NOTHING, Applied, Memory
from reconciler.core.model import Deployment, Model


class DriftKind(StrEnum):
    """`drifted`: live differs from what was last applied. `pending`: the inventory moved since. `unknown`: nobody
    can say."""

    DRIFTED = "drifted"
    PENDING = "pending"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """The run that last applied the target the model has left, and when."""

    run: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One model that is not where it was left, or not where it is wanted. For `drifted`, `was` is what we applied and
    `now` what is live; for `pending`, what is live and what is wanted. `since` is None where nothing was ever
    applied."""

    address: str
    kind: DriftKind
    was: str
    now: str
    since: Since | None
    text: str
    owner: str | None = None


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
