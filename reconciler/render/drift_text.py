"""Drift for people at a terminal. Decides nothing and reads nothing but the plan and the drifts."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from reconciler.core.drift import Drift, DriftKind
from reconciler.core.plan import Plan
from reconciler.render.drift_words import KINDS, drift_verdict, last_applied, of_kind, owned, places, settling
from reconciler.render.layout import Entry, Page, detail, head, next_fact, render
from reconciler.render.plan_text import counts, failure_entry
from reconciler.render.plan_words import gaps, transition
from reconciler.render.style import Role, say

_SIGNS = {
    DriftKind.DRIFTED: ("!", Role.DESTRUCTIVE),
    DriftKind.UNKNOWN: ("?", Role.CAUTION),
    DriftKind.PENDING: ("~", Role.CAUTION),
}


def drift_text(
    plan: Plan,
    drifts: Sequence[Drift],
    *,
    now: datetime,
    width: int = 80,
    colour: bool = False,
    next_command: str | None = None,
) -> str:
    """What changed outside reconciler, told apart from what the inventory newly wants. `plan` is the plan of the same
    snapshot: it holds what could not be read, what settles an unknown, and where a model stands."""
    stands, settles = places(plan), settling(plan)
    groups = (
        tuple(_entry(drift, stands.get(drift.address, ""), settles, now) for drift in of_kind(drifts, kind))
        for kind in KINDS
    )
    page = Page(
        head=head(drift_verdict(plan, drifts), gaps(plan)),
        groups=(*groups, tuple(map(failure_entry, plan.failures))),
        facts=(*(counts(plan) if drifts else ()), *next_fact(next_command)),
    )
    return render(page, width=width, colour=colour)


def _entry(drift: Drift, place: str, settles: Mapping[str, str], now: datetime) -> Entry:
    sign, role = _SIGNS[drift.kind]
    unknown = drift.kind is DriftKind.UNKNOWN
    return Entry(
        sign=sign,
        word=str(drift.kind),
        role=role,
        address=drift.address,
        summary=say(transition(drift.was, drift.now)),
        aside=place,
        details=(
            detail(settles.get(drift.address, drift.text) if unknown else drift.text),
            detail(muted=(f"last applied: {last_applied(drift, now)}", owned(drift))),
        ),
    )
