"""What a drift says, in words: the sentences that text and Markdown share. Nothing here escapes or lays out."""

from collections.abc import Sequence
from datetime import UTC, datetime

from reconciler.core.drift import Drift, DriftCheck, DriftKind, Novelty
from reconciler.core.plan import Plan
from reconciler.render.words import ago, count

KINDS = (DriftKind.DRIFTED, DriftKind.UNKNOWN, DriftKind.PENDING)
"""What matters more comes first."""


def drift_verdict(plan: Plan, check: DriftCheck) -> str:
    """All drifts in one sentence; those that nobody had seen before are told apart where that is remembered."""
    drifted, unknown, pending = (of_kind(check.drifts, kind) for kind in KINDS)
    others = [
        f"{len(found):,} {word}{_news(found, check)}"
        for found, word in ((unknown, "unknown"), (pending, "pending"))
        if found
    ]
    if drifted:
        changed = f"{count(len(drifted), 'model')} changed outside reconciler{_news(drifted, check)}"
        return f"Drift: {', '.join((changed, *others, *_resolved(check)))}{_nothing_new(check)}."
    kept = len(plan.unchanged)
    were = "is" if kept == 1 else "are"
    calm = "No drift where it could be read" if plan.failures or unknown else "No drift"
    calm += f": {count(kept, 'model')} {were} as the inventory wants" if kept else ""
    rest = ", ".join((*others, *_resolved(check)))
    return f"{calm}; {rest}{_nothing_new(check)}." if rest else f"{calm}."


def _news(drifts: Sequence[Drift], check: DriftCheck) -> str:
    """How many of `drifts` are new, where only some of them are."""
    new = sum(drift.alarming for drift in drifts)
    return f" ({new:,} new)" if 0 < new < len(drifts) else ""


def _nothing_new(check: DriftCheck) -> str:
    return "; nothing new" if check.drifts and not any(drift.alarming for drift in check.drifts) else ""


def _resolved(check: DriftCheck) -> list[str]:
    return [f"{len(check.resolved):,} resolved"] if check.resolved else []


def seen(drift: Drift, now: datetime) -> tuple[str, ...]:
    """Since when it is known, how often it was found, and what its owner said of it."""
    found = []
    if drift.times > 1 and drift.first_seen is not None:
        since = f"{drift.first_seen.astimezone(UTC):%Y-%m-%d}"
        found.append(f"ongoing: seen {drift.times:,} times since {since}, {ago(drift.first_seen, now)}")
    elif drift.times == 1 and drift.novelty is Novelty.NEW:
        back = f"back: last seen {drift.last_seen.astimezone(UTC):%Y-%m-%d}" if drift.last_seen else "not seen before"
        found.append(f"new: {back}")
    if drift.ended:
        found.append("new again: its acknowledgement has ended")
    if drift.flapping:
        found.append("flapping: it comes and goes, and is reported once")
    if (known := drift.acknowledged) is not None:
        found.append(f"acknowledged until {known.until}" + (f": {known.reason}" if known.reason else ""))
    return tuple(found)


def of_kind(drifts: Sequence[Drift], kind: DriftKind) -> list[Drift]:
    """The drifts of one kind, by address."""
    return sorted((drift for drift in drifts if drift.kind is kind), key=lambda drift: drift.address)


def last_applied(drift: Drift, now: datetime) -> str:
    """By which run the model was last left, and when."""
    if drift.since is None:
        return "never"
    return f"run {drift.since.run}, {ago(drift.since.at, now)} ({drift.since.at.astimezone(UTC):%Y-%m-%d})"


def brief_words(drift: Drift) -> str:
    """What is known already, in a few words: whose it is, since when, and what its owner said."""
    known, since = drift.acknowledged, drift.first_seen
    told = (
        drift.owner,
        f"since {since.astimezone(UTC):%Y-%m-%d}" if since else "",
        f"acknowledged until {known.until}" if known else "",
    )
    said = ", ".join(filter(None, told))
    return f"{drift.address} ({said})" if said else drift.address


def places(plan: Plan) -> dict[str, str]:
    """Where in the inventory the models of a plan stand, by address."""
    blocked = {entry.address: str(entry.source) for entry in plan.blocked}
    return blocked | {action.address: str(action.source) for action in plan.actions}


def settling(plan: Plan) -> dict[str, str]:
    """What settles each blocked model, by address."""
    return {entry.address: entry.text for entry in plan.blocked}
