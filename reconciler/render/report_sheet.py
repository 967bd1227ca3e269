"""A report as a sheet. Decides nothing and reads nothing but the report and its plan."""

from typing import Final

from reconciler.core.plan import Plan
from reconciler.core.report import Outcome, OutcomeKind, Report
from reconciler.render.plan_sheet import edges, unread
from reconciler.render.report_words import ADVICE, artifact_words, report_caveats, report_verdict, verified_word
from reconciler.render.sheet import Bar, Level, Line, Result, Sheet
from reconciler.render.words import short, span, stamp

_LEVELS: Final = {
    OutcomeKind.SUCCEEDED: (Level.GOOD, Result.PASSED),
    OutcomeKind.FAILED: (Level.ERROR, Result.FAILED),
    OutcomeKind.TIMED_OUT: (Level.ERROR, Result.FAILED),
    OutcomeKind.UNCERTAIN: (Level.ERROR, Result.FAILED),
    OutcomeKind.IN_FLIGHT: (Level.WARNING, Result.FAILED),
    OutcomeKind.SKIPPED: (Level.WARNING, Result.SKIPPED),
}


def report_sheet(report: Report, *, plan: Plan | None = None, tool_version: str, environment: str = "") -> Sheet:
    """Every outcome, what went wrong first. `plan` adds where in the inventory that stands, and the order."""
    took = (report.finished_at - report.started_at).total_seconds()
    wrong = [outcome for outcome in report.outcomes if outcome.kind is not OutcomeKind.SUCCEEDED]
    right = [outcome for outcome in report.outcomes if outcome.kind is OutcomeKind.SUCCEEDED]
    exit_code = f"{report.exit_code}: {'; '.join(report.reasons)}" if report.reasons else str(report.exit_code)
    facts = [("Run", f"{report.run_id}, {stamp(report.started_at)}, {span(took)}"), ("Exit code", exit_code)]
    facts += [("Digest", short(report.plan_digest))] if report.plan_digest else []
    return Sheet(
        kind="report",
        verdict=report_verdict(report),
        caveats=report_caveats(report),
        lines=(
            *([_error(report.error)] if report.error else []),
            *(_line(outcome, plan) for outcome in (*wrong, *right)),
            *(unread(plan.failures) if plan else ()),
        ),
        facts=tuple(facts),
        counts=report.summary,
        at=report.finished_at,
        tool_version=tool_version,
        partial=report.partial,
        ok=report.error is None,
        environment=environment,
        seconds=took,
        edges=edges(plan.actions) if plan else (),
        bars=tuple(
            Bar(
                address=outcome.address,
                verb=outcome.verb,
                rule=outcome.kind,
                start=max((outcome.started_at - report.started_at).total_seconds(), 0.0),
                seconds=outcome.seconds,
            )
            for outcome in report.outcomes
            if outcome.started_at is not None
        ),
    )


def _error(text: str) -> Line:
    return Line(
        address="reconciler",
        rule="error",
        level=Level.ERROR,
        result=Result.ERROR,
        word="error",
        summary="",
        details=tuple(text.splitlines()),
    )


def _line(outcome: Outcome, plan: Plan | None) -> Line:
    level, result = _LEVELS[outcome.kind]
    unverified = level is Level.GOOD and verified_word(outcome) == "unverified"
    sources = {action.id: action.source for action in plan.actions} if plan else {}
    artifact = artifact_words(outcome.artifact) if outcome.artifact else ""
    told = (outcome.error, outcome.note, artifact, ADVICE.get(outcome.kind), f"job {outcome.job}" * bool(outcome.job))
    return Line(
        address=outcome.address,
        rule=outcome.kind,
        level=Level.NOTE if unverified else level,
        result=result,
        word=outcome.kind.replace("-", " "),
        summary=" ".join(filter(None, (str(outcome.verb), verified_word(outcome)))),
        details=tuple(text for text in told if text),
        source=sources.get(outcome.id),
        seconds=outcome.seconds if outcome.started_at else None,
        destructive=outcome.verb == "undeploy" and level is Level.GOOD,
    )
