"""A report for a pull request's comment. Decides nothing and reads nothing but the report and its plan."""

from reconciler.core.plan import Plan
from reconciler.core.report import Outcome, OutcomeKind, Report
from reconciler.render.markdown_page import LIMIT, Section, address_cell, cell, heading, page, row, table
from reconciler.render.plan_markdown import BLOCKED_COLUMNS, UNREAD_COLUMNS, blocked_row, unread_row
from reconciler.render.report_words import ADVICE, artifact_words, report_caveats, report_verdict, verified_word
from reconciler.render.safe import markdown, markdown_code
from reconciler.render.words import span, stamp

_COLUMNS = ("Outcome", "Action", "Model", "Read again", "Took", "Job", "What happened")


def report_markdown(
    report: Report, *, plan: Plan | None = None, kind: str = "report", marker: str = "default", limit: int = LIMIT
) -> str:
    """What became of every action in at most `limit` characters, what went wrong first. `plan` adds where in the
    inventory that stands; `kind` is the document whose comment it takes the place of."""
    sources = {action.id: str(action.source) for action in plan.actions} if plan else {}
    wrong = [outcome for outcome in report.outcomes if outcome.kind is not OutcomeKind.SUCCEEDED]
    right = [outcome for outcome in report.outcomes if outcome.kind is OutcomeKind.SUCCEEDED]
    tables = (
        (0, table("What went wrong", ("",), [row(cell(line)) for line in (report.error or "").splitlines()])),
        (0, table("Not done", _COLUMNS, [_row(outcome, sources.get(outcome.id, "")) for outcome in wrong])),
        (1, table("Blocked", BLOCKED_COLUMNS, [blocked_row(entry) for entry in report.blocked])),
        (1, table("Could not be read", UNREAD_COLUMNS, [unread_row(failure) for failure in report.failures])),
        (2, table("Done", _COLUMNS, [_row(outcome, "") for outcome in right])),
    )
    sections = [Section(rank=rank, forms=(form,)) for rank, form in tables if form.entries]
    head = heading(report_verdict(report), report_caveats(report))
    return page(kind, marker, head, sections, _foot(report), limit=limit)


def _row(outcome: Outcome, source: str) -> str:
    artifact = artifact_words(outcome.artifact) if outcome.artifact else ""
    return row(
        cell(outcome.kind.replace("-", " "), strong=outcome.kind is not OutcomeKind.SUCCEEDED),
        cell(outcome.verb),
        address_cell(outcome.address),
        cell(verified_word(outcome)),
        cell(span(outcome.seconds) if outcome.seconds else ""),
        cell(outcome.job or ""),
        cell(outcome.error or "", outcome.note or "", artifact, ADVICE.get(outcome.kind, ""), source),
    )


def _foot(report: Report) -> str:
    took = span((report.finished_at - report.started_at).total_seconds())
    parts = [f"Run {markdown_code(report.run_id)}", f"{stamp(report.started_at)}, {took}"]
    parts += [f"approved: {markdown(', '.join(report.approved))}"] if report.approved else []
    parts += [f"digest {markdown_code(report.plan_digest)}"] if report.plan_digest else []
    why = f": {markdown('; '.join(report.reasons))}" if report.reasons else ""
    return " · ".join((*parts, f"exit code {report.exit_code}{why}"))
