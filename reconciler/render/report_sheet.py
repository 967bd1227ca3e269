"""A report as a sheet. Decides nothing and reads nothing but the report and its plan."""

from collections.abc import Iterable, Sequence
from typing import Final

from reconciler.core.model import Source
from reconciler.core.plan import Action, Plan
from reconciler.core.report import Outcome, OutcomeKind, Report
from reconciler.errors import Complaint
from reconciler.render.plan_sheet import blocked, edges, first_file, platforms, unread
from reconciler.render.plan_words import word
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


def report_sheet(
    report: Report,
    *,
    plan: Plan | None = None,
    complaints: Sequence[Complaint] = (),
    tool_version: str,
    kind: str = "report",
    environment: str = "",
) -> Sheet:
    """Every outcome, what went wrong first. `plan` adds where in the inventory that stands, and the order; `complaints`
    say where in files the error of the run is; `kind` is the document that it takes the place of."""
    took = (report.finished_at - report.started_at).total_seconds()
    wrong = [outcome for outcome in report.outcomes if outcome.kind is not OutcomeKind.SUCCEEDED]
    right = [outcome for outcome in report.outcomes if outcome.kind is OutcomeKind.SUCCEEDED]
    exit_code = f"{report.exit_code}: {'; '.join(report.reasons)}" if report.reasons else str(report.exit_code)
    planned = {action.id: action for action in plan.actions} if plan else {}
    facts = [("Run", f"{report.run_id}, {stamp(report.started_at)}, {span(took)}"), ("Exit code", exit_code)]
    facts += [("Digest", short(report.plan_digest))] if report.plan_digest else []
    facts += [("Approved", ", ".join(report.approved))] if report.approved else []
    return Sheet(
        kind=kind,
        verdict=report_verdict(report),
        caveats=report_caveats(report),
        lines=(
            *(_errors(report.error, complaints) if report.error else ()),
            *(_line(outcome, planned.get(outcome.id)) for outcome in (*wrong, *right)),
            *blocked(report.blocked),
            *unread(report.failures),
        ),
        facts=tuple(facts),
        counts=report.summary,
        at=report.finished_at,
        tool_version=tool_version,
        partial=report.partial,
        ok=report.exit_code == 0,
        environment=environment,
        seconds=took,
        edges=edges(plan.actions) if plan else (),
        bars=tuple(_bars(report)),
        complete=report.error is None and not report.failures,
        file=first_file(plan) if plan else "inventory.yaml",
        platforms=platforms(plan) if plan else (),
    )


def _bars(report: Report) -> Iterable[Bar]:
    """When work on each action began, and how long it took."""
    for outcome in report.outcomes:
        if outcome.started_at is not None:
            start = max((outcome.started_at - report.started_at).total_seconds(), 0.0)
            yield Bar(
                address=outcome.address, verb=outcome.verb, rule=outcome.kind, start=start, seconds=outcome.seconds
            )


def _errors(text: str, complaints: Sequence[Complaint]) -> Iterable[Line]:
    if not complaints:
        yield _error(tuple(line.strip() for line in text.splitlines()), None)
    for one in complaints:
        yield _error((one.text,), Source(file=one.file, line=max(one.line, 1), column=max(one.column, 1)))


def _error(details: tuple[str, ...], source: Source | None) -> Line:
    return Line(
        address="reconciler",
        rule="error",
        level=Level.ERROR,
        result=Result.ERROR,
        word="error",
        summary="",
        details=details,
        source=source,
    )


def _line(outcome: Outcome, planned: Action | None) -> Line:
    level, result = _LEVELS[outcome.kind]
    unverified = level is Level.GOOD and verified_word(outcome) == "unverified"
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
        source=planned.source if planned else None,
        owner=planned.owner if planned else None,
        seconds=outcome.seconds if outcome.started_at else None,
        destructive=outcome.verb == "undeploy" and level is Level.GOOD,
        verb=word(planned) if planned else str(outcome.verb),
        before=planned.before if planned else "",
        after=planned.after if planned else "",
    )
