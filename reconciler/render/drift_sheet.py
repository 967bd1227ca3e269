"""A drift as a sheet. Decides nothing and reads nothing but the plan and what drifted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from reconciler.core.drift import Drift, DriftCheck, DriftKind, Novelty, Resolved
from reconciler.core.model import Source
from reconciler.core.plan import Plan
from reconciler.render.drift_words import KINDS, drift_verdict, last_applied, of_kind, seen, settling
from reconciler.render.plan_sheet import first_file, platforms, unchanged, unread
from reconciler.render.plan_words import changes, gaps, transition, word
from reconciler.render.sheet import Level, Line, Result, Sheet
from reconciler.render.words import count

_LEVELS: Final = {
    DriftKind.DRIFTED: Level.ERROR,
    DriftKind.UNKNOWN: Level.WARNING,
    DriftKind.PENDING: Level.WARNING,
}


def drift_sheet(
    plan: Plan,
    check: DriftCheck,
    *,
    now: datetime,
    environment: str = "",
    brief: bool = False,
    next_command: str | None = None,
) -> Sheet:
    """Every drift, what matters more first, then what could not be read and what is as wanted. `brief`: what was known
    before is worth a note, and fails no test."""
    places, settles = _places(plan), settling(plan)
    verbs = {change.address: word(change.main) for change in changes(plan)}
    drifts = [drift for kind in KINDS for drift in of_kind(check.drifts, kind)]
    return Sheet(
        kind="drift",
        verdict=drift_verdict(plan, check),
        caveats=gaps(plan),
        lines=(
            *(
                _quieter(
                    _line(
                        drift, places, settles, now, _tags(drift) if check.remembered else (), verbs.get(drift.address)
                    ),
                    quiet=brief and not drift.alarming,
                )
                for drift in drifts
            ),
            *unread(plan.failures),
            *(_resolved(one) for one in check.resolved),
            *unchanged(plan),
        ),
        facts=(("Inventory", ", ".join(plan.inventory.files)), *((("Next", next_command),) if next_command else ())),
        counts=_counts(plan, check),
        at=plan.created_at,
        tool_version=plan.tool_version,
        partial=plan.partial,
        environment=environment,
        nights=check.nights,
        complete=plan.complete,
        file=first_file(plan),
        platforms=platforms(plan),
    )


def _counts(plan: Plan, check: DriftCheck) -> dict[str, int]:
    return {
        **{str(kind): len(of_kind(check.drifts, kind)) for kind in KINDS},
        "new": sum(drift.alarming for drift in check.drifts),
        "ongoing": sum(drift.novelty is Novelty.ONGOING for drift in check.drifts),
        "acknowledged": sum(drift.acknowledged is not None for drift in check.drifts),
        "resolved": len(check.resolved),
        "unchanged": len(plan.unchanged),
        "failures": len(plan.failures),
    }


def _quieter(line: Line, *, quiet: bool) -> Line:
    return replace(line, level=Level.NOTE, result=Result.SKIPPED) if quiet else line


def _places(plan: Plan) -> dict[str, Source]:
    blocked = {entry.address: entry.source for entry in plan.blocked}
    return blocked | {action.address: action.source for action in plan.actions}


def _tags(drift: Drift) -> tuple[str, ...]:
    told = str(drift.novelty) if drift.acknowledged is None else "acknowledged"
    return (told, "flapping") if drift.flapping else (told,)


def _line(
    drift: Drift,
    places: Mapping[str, Source],
    settles: Mapping[str, str],
    now: datetime,
    tags: tuple[str, ...],
    verb: str | None,
) -> Line:
    what = settles.get(drift.address, drift.text) if drift.kind is DriftKind.UNKNOWN else drift.text
    return Line(
        address=drift.address,
        rule=str(drift.kind),
        level=Level.NOTE if drift.acknowledged else _LEVELS[drift.kind],
        result=Result.SKIPPED if drift.acknowledged else Result.FAILED,
        word=str(drift.kind),
        summary=transition(drift.was, drift.now),
        details=(what, *seen(drift, now), f"last applied: {last_applied(drift, now)}"),
        source=places.get(drift.address),
        owner=drift.owner,
        verb=verb or "",
        before=drift.was,
        after=drift.now,
        tags=tags,
    )


def _resolved(one: Resolved) -> Line:
    return Line(
        address=one.address,
        rule="resolved",
        level=Level.GOOD,
        result=Result.PASSED,
        word="resolved",
        summary=f"was {one.kind}: {transition(one.was, one.now)}",
        details=(f"seen {count(one.times, 'time')}",),
        owner=one.owner,
    )
