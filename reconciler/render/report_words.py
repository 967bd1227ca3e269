"""What a report says, in words: the sentences that text and Markdown share. Nothing here escapes or lays out."""

from reconciler.core.exits import Why
from reconciler.core.job import Verb
from reconciler.core.report import Artifact, Outcome, OutcomeKind, Report
from reconciler.render.plan_words import PARTIAL
from reconciler.render.words import count, short, size

_SIGNALS = frozenset({129, 130, 143})

ADVICE = {
    OutcomeKind.FAILED: "mend the cause, then apply again",
    OutcomeKind.TIMED_OUT: "its job may still be running; apply again to follow it, with a longer timeout",
    OutcomeKind.SKIPPED: "its error says what it needs; plan again once that is so",
    OutcomeKind.IN_FLIGHT: "apply again to follow its job; nothing is started twice",
    OutcomeKind.UNCERTAIN: "its error says what settles it",
}
"""What to do about each end that is not success."""


def report_verdict(report: Report) -> str:
    """The report in one sentence."""
    if report.error is not None and not report.outcomes:
        return "Interrupted: nothing was done." if report.exit_code in _SIGNALS else "Failed: nothing was done."
    found = ((report.blocked, "blocked"), (report.failures, "unread"))
    left = [f"{len(entries):,} {word}" for entries, word in found if entries]
    counts = [f"{number:,} {kind.replace('_', ' ')}" for kind, number in report.summary.items() if number]
    if Why.GUARD in report.reasons:
        return f"Stopped by a guard: nothing was done; {', '.join((*counts, *left))}."
    if not counts and not left:
        return "Nothing to apply." if report.exit_code == 0 else "Nothing was applied."
    done = report.summary["succeeded"] == len(report.outcomes)
    word = "Interrupted" if report.exit_code in _SIGNALS else "Applied" if done else "Incomplete"
    return f"{word}: {'; '.join(filter(None, (', '.join(counts), ', '.join(left))))}."


def report_caveats(report: Report) -> tuple[str, ...]:
    """What the verdict does not cover: what was left out, and what no platform could confirm."""
    partial = (PARTIAL,) if report.partial else ()
    unverified = sum(
        outcome.kind is OutcomeKind.SUCCEEDED and outcome.verified is None and outcome.verb is not Verb.EXPORT
        for outcome in report.outcomes
    )
    if not unverified:
        return partial
    return (
        *partial,
        f"Unverified: {count(unverified, 'action')}, as the platform cannot say.",
    )


def verified_word(outcome: Outcome) -> str:
    """Whether the state that was read afterwards is the target."""
    if outcome.verified is None:
        succeeded = outcome.kind is OutcomeKind.SUCCEEDED
        return "unverified" if succeeded and outcome.verb is not Verb.EXPORT else ""
    return "verified" if outcome.verified else "differs"


def artifact_words(artifact: Artifact) -> str:
    """A fetched file: where, how large, and its digest."""
    return f"{artifact.path}, {size(artifact.size)}, {short(f'sha256:{artifact.sha256}')}"
