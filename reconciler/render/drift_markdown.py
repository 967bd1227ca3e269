"""Drift for a comment or an issue. Decides nothing and reads nothing but the plan and the drifts."""

from collections.abc import Mapping
from datetime import datetime

from reconciler.core.drift import Drift, DriftCheck, DriftKind, Resolved
from reconciler.core.plan import Plan
from reconciler.render.drift_words import KINDS, drift_verdict, last_applied, of_kind, places, seen, settling
from reconciler.render.markdown_page import LIMIT, Section, address_cell, cell, folded, heading, page, row, table
from reconciler.render.plan_words import gaps, transition
from reconciler.render.words import count, stamp

_TITLES = {
    DriftKind.DRIFTED: "Changed outside reconciler",
    DriftKind.UNKNOWN: "Unknown",
    DriftKind.PENDING: "Pending: the inventory wants it elsewhere",
}

_COLUMNS = ("Model", "From → to", "What", "Last applied", "Owner", "Where")
_RESOLVED = ("Model", "Was", "Seen", "Owner")


def drift_markdown(plan: Plan, check: DriftCheck, *, now: datetime, marker: str = "default", limit: int = LIMIT) -> str:
    """Drift in at most `limit` characters. `plan` is the plan of the same snapshot."""
    stands, settles = places(plan), settling(plan)
    forms = [
        table(_TITLES[kind], _COLUMNS, [_row(drift, stands, settles, now) for drift in of_kind(check.drifts, kind)])
        for kind in KINDS
    ]
    unread = [row(address_cell(failure.address), cell(failure.error)) for failure in plan.failures]
    forms += [
        table("Could not be read", ("Model or platform", "Why"), unread),
        table("Resolved", _RESOLVED, [_resolved(one) for one in check.resolved]),
        folded(f"{len(plan.unchanged):,} unchanged", plan.unchanged),
    ]
    sections = [Section(rank=rank, forms=(form,)) for rank, form in enumerate(forms) if form.entries]
    head = heading(drift_verdict(plan, check), gaps(plan))
    return page("drift", marker, head, sections, f"As of {stamp(now)}", limit=limit)


def _row(drift: Drift, stands: Mapping[str, str], settles: Mapping[str, str], now: datetime) -> str:
    what = settles.get(drift.address, drift.text) if drift.kind is DriftKind.UNKNOWN else drift.text
    return row(
        address_cell(drift.address),
        cell(transition(drift.was, drift.now, "→")),
        cell(what, *seen(drift, now)),
        cell(last_applied(drift, now)),
        cell(drift.owner or ""),
        cell(stands.get(drift.address, "")),
    )


def _resolved(one: Resolved) -> str:
    return row(
        address_cell(one.address),
        cell(f"{one.kind}: {transition(one.was, one.now, '→')}"),
        cell(f"{count(one.times, 'time')}, {one.first_seen:%Y-%m-%d} to {one.last_seen:%Y-%m-%d}"),
        cell(one.owner or ""),
    )
