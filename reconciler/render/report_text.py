"""A report for people at a terminal. Decides nothing and reads nothing but the report and its plan."""

from collections.abc import Iterable, Mapping, Sequence

from reconciler.core.job import Verb
from reconciler.core.plan import Plan
from reconciler.core.report import Outcome, OutcomeKind, Report
from reconciler.render.layout import Detail, Entry, Fact, Page, detail, head, next_fact, render
from reconciler.render.plan_text import blocked_entry, failure_entry
from reconciler.render.report_words import ADVICE, artifact_words, report_caveats, report_verdict, verified_word
from reconciler.render.style import Role, Span, say
from reconciler.render.words import names, span

_ROLES = {
    OutcomeKind.SUCCEEDED: Role.GOOD,
    OutcomeKind.FAILED: Role.DESTRUCTIVE,
    OutcomeKind.TIMED_OUT: Role.DESTRUCTIVE,
}


def report_text(
    report: Report,
    *,
    plan: Plan | None = None,
    width: int = 80,
    colour: bool = False,
    next_command: str | None = None,
) -> str:
    """What became of every action, what went wrong first. `plan` adds where in the inventory that stands."""
    sources = {action.id: str(action.source) for action in plan.actions} if plan else {}
    wrong = [outcome for outcome in report.outcomes if outcome.kind is not OutcomeKind.SUCCEEDED]
    right = [outcome for outcome in report.outcomes if outcome.kind is OutcomeKind.SUCCEEDED]
    summaries = _summaries(report.outcomes)
    page = Page(
        head=head(report_verdict(report), report_caveats(report)),
        groups=(
            _entries(wrong, summaries, sources),
            _entries(right, summaries, sources),
            (*map(blocked_entry, report.blocked), *map(failure_entry, report.failures)),
        ),
        facts=(*_error(report), *_advice(wrong), *_left(report), *_run(report), *next_fact(next_command)),
    )
    return render(page, width=width, colour=colour)


def _entries(
    outcomes: Iterable[Outcome], summaries: Mapping[str, Span], sources: Mapping[str, str]
) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            sign=" " if outcome.kind is OutcomeKind.SUCCEEDED else "!",
            word=outcome.kind.replace("-", " "),
            role=_ROLES.get(outcome.kind, Role.CAUTION),
            address=outcome.address,
            summary=summaries[outcome.id],
            aside=f"job {outcome.job}" if outcome.job and outcome.kind is not OutcomeKind.SUCCEEDED else "",
            details=tuple(_details(outcome, sources.get(outcome.id))),
        )
        for outcome in outcomes
    )


def _summaries(outcomes: Sequence[Outcome]) -> dict[str, Span]:
    """Verb, what reading again showed, and time taken, each in its column; by the id of the action."""
    checks = {outcome.id: verified_word(outcome) for outcome in outcomes}
    times = {outcome.id: span(outcome.seconds) if outcome.seconds else "" for outcome in outcomes}
    verb = max(map(len, Verb))
    check = max(map(len, checks.values()), default=0)
    time = max(map(len, times.values()), default=0)
    found = {}
    for outcome in outcomes:
        cells = (outcome.verb.ljust(verb), checks[outcome.id].ljust(check), times[outcome.id].rjust(time))
        found[outcome.id] = Span("  ".join(cell for cell in cells if cell).rstrip())
    return found


def _details(outcome: Outcome, source: str | None) -> Iterable[Detail]:
    if outcome.error:
        where = (say(f"[{source}]", Role.MUTED),) if source else ()
        yield Detail((*detail(outcome.error).spans, *where))
    if outcome.note:
        yield detail(muted=(outcome.note,))
    if outcome.artifact:
        yield detail(muted=(artifact_words(outcome.artifact),))


def _advice(wrong: Iterable[Outcome]) -> Iterable[Fact]:
    kinds = {outcome.kind for outcome in wrong}
    return [Fact(name=kind.replace("-", " ").capitalize(), text=text) for kind, text in ADVICE.items() if kind in kinds]


def _error(report: Report) -> Iterable[Fact]:
    return [Fact(name="Error", text=line) for line in (report.error or "").splitlines()]


def _left(report: Report) -> Iterable[Fact]:
    """What a person let pass the guards."""
    if report.approved:
        yield Fact(name="Approved", text=names(report.approved, 5))


def _run(report: Report) -> Iterable[Fact]:
    took = span((report.finished_at - report.started_at).total_seconds())
    yield Fact(name="Run", text=f"{report.run_id}, {took}")
    if report.exit_code or report.reasons:
        reasons = "; ".join(report.reasons)
        yield Fact(name="Exit code", text=f"{report.exit_code}: {reasons}" if reasons else str(report.exit_code))
