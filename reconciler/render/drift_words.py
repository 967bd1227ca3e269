"""What a drift says, in words: the sentences that text and Markdown share. Nothing here escapes or lays out."""

from collections.abc import Sequence
from datetime import UTC, datetime

from reconciler.core.drift import Drift, DriftKind
from reconciler.core.plan import Plan
from reconciler.render.words import ago, count

KINDS = (DriftKind.DRIFTED, DriftKind.UNKNOWN, DriftKind.PENDING)
"""What matters more comes first."""


def drift_verdict(plan: Plan, drifts: Sequence[Drift]) -> str:
    """All drifts in one sentence."""
    drifted, unknown, pending = (len(of_kind(drifts, kind)) for kind in KINDS)
    others = [f"{number:,} {word}" for number, word in ((unknown, "unknown"), (pending, "pending")) if number]
    if drifted:
        changed = f"{count(drifted, 'model')} changed outside reconciler"
        return f"Drift: {', '.join((changed, *others))}."
    kept = len(plan.unchanged)
    were = "is" if kept == 1 else "are"
    calm = "No drift where it could be read" if plan.failures else "No drift"
    calm += f": {count(kept, 'model')} {were} as the inventory wants" if kept else ""
    return f"{calm}; {', '.join(others)}." if others else f"{calm}."


def of_kind(drifts: Sequence[Drift], kind: DriftKind) -> list[Drift]:
    """The drifts of one kind, by address."""
    return sorted((drift for drift in drifts if drift.kind is kind), key=lambda drift: drift.address)


def last_applied(drift: Drift, now: datetime) -> str:
    """By which run the model was last left, and when."""
    if drift.since is None:
        return "never"
    return f"run {drift.since.run}, {ago(drift.since.at, now)} ({drift.since.at.astimezone(UTC):%Y-%m-%d})"


def owned(drift: Drift) -> str:
    """Whose model it is."""
    return f"owner {drift.owner}" if drift.owner else ""


def places(plan: Plan) -> dict[str, str]:
    """Where in the inventory the models of a plan stand, by address."""
    blocked = {entry.address: str(entry.source) for entry in plan.blocked}
    return blocked | {action.address: str(action.source) for action in plan.actions}


def settling(plan: Plan) -> dict[str, str]:
    """What settles each blocked model, by address."""
    return {entry.address: entry.text for entry in plan.blocked}
