"""Drift for people at a terminal. Decides nothing and reads nothing but the plan and the drifts."""

from collections.abc import Mapping
from datetime import datetime

from reconciler.core.drift import Drift, DriftCheck, DriftKind, Resolved
from reconciler.core.plan import Plan
from reconciler.render.drift_words import (
    KINDS,
    brief_words,
    drift_verdict,
    last_applied,
    of_kind,
    places,
    seen,
    settling,
)
from reconciler.render.layout import Entry, Fact, Page, detail, head, next_fact, render
from reconciler.render.plan_text import failure_entry, unchanged_fact
from reconciler.render.plan_words import gaps, transition
from reconciler.render.style import Role, say
from reconciler.render.words import count, owned

_NAMED = 5
"""How many names a line of counts gives."""

_SIGNS = {
    DriftKind.DRIFTED: ("!", Role.DESTRUCTIVE),
    DriftKind.UNKNOWN: ("?", Role.CAUTION),
    DriftKind.PENDING: ("~", Role.CAUTION),
}


def drift_text(
    plan: Plan,
    check: DriftCheck,
    *,
    now: datetime,
    width: int = 80,
    colour: bool = False,
    brief: bool = False,
    next_command: str | None = None,
) -> str:
    """What changed outside reconciler, told apart from what the inventory newly wants. `plan` is the plan of the same
    snapshot: it holds what could not be read, what settles an unknown, and where a model stands. `brief`: what was
    known before is only named."""
    stands, settles = places(plan), settling(plan)
    shown = [drift for drift in check.drifts if drift.alarming or not brief]
    groups = (
        tuple(_entry(drift, stands.get(drift.address, ""), settles, now) for drift in of_kind(shown, kind))
        for kind in KINDS
    )
    page = Page(
        head=head(drift_verdict(plan, check), gaps(plan)),
        groups=(*groups, tuple(map(failure_entry, plan.failures)), tuple(map(_resolved, check.resolved))),
        facts=(*_old(check, brief=brief), *(unchanged_fact(plan) if shown else ()), *next_fact(next_command)),
    )
    return render(page, width=width, colour=colour)


def _old(check: DriftCheck, *, brief: bool) -> tuple[Fact, ...]:
    known = sorted(brief_words(drift) for drift in check.drifts if not drift.alarming) if brief else []
    return (
        (Fact(name="Known", text=f"{len(known):,}: {'; '.join(known[:_NAMED])}{_more(len(known))}"),) if known else ()
    )


def _more(number: int) -> str:
    return f"; and {number - _NAMED:,} more" if number > _NAMED else ""


def _resolved(one: Resolved) -> Entry:
    return Entry(
        sign=" ",
        word="resolved",
        role=Role.GOOD,
        address=one.address,
        summary=say(f"was {one.kind}: {transition(one.was, one.now)}"),
        details=(detail(muted=(f"seen {count(one.times, 'time')} since {one.first_seen:%Y-%m-%d}",)),),
    )


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
            # A text that settles something ends with a command, and nothing may stand behind that.
            detail(*seen(drift, now), settles.get(drift.address, drift.text))
            if unknown
            else detail(drift.text, *seen(drift, now)),
            detail(muted=(f"last applied: {last_applied(drift, now)}", owned(drift.owner))),
        ),
    )
