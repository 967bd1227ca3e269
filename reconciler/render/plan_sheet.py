"""A plan as a sheet. Decides nothing and reads nothing but the plan."""

from collections.abc import Iterable
from datetime import datetime

from reconciler.core.live import Failure
from reconciler.core.plan import Action, Blocked, Level, Plan
from reconciler.render import sheet
from reconciler.render.plan_words import (
    GOAL,
    Change,
    caveats,
    changes,
    known,
    lasts,
    patience,
    transition,
    verdict,
    waits,
    word,
)
from reconciler.render.sheet import Line, Result, Sheet
from reconciler.render.words import short, stamp


def plan_sheet(plan: Plan, *, now: datetime, environment: str = "", next_command: str | None = None) -> Sheet:
    """Every action, then all that stands in its way, then what is left alone."""
    found = changes(plan)
    facts = [("Inventory", ", ".join(plan.inventory.files))]
    facts += [("Commit", plan.inventory.commit)] if plan.inventory.commit else []
    facts += [("Digest", short(plan.digest))] if plan.digest else []
    facts += [("Expires", stamp(plan.expires_at))] if plan.actions else []
    facts += [("Next", next_command)] if next_command else []
    return Sheet(
        kind="plan",
        verdict=verdict(plan),
        caveats=caveats(plan),
        lines=(*(_line(action, change, now) for change in found for action in change.actions), *_others(plan)),
        facts=tuple(facts),
        counts=plan.summary,
        at=plan.created_at,
        tool_version=plan.tool_version,
        partial=plan.partial,
        environment=environment,
        edges=edges(plan.actions),
        complete=plan.complete,
        file=first_file(plan),
        platforms=platforms(plan),
    )


def first_file(plan: Plan) -> str:
    """The file to show where no other is to blame."""
    return next(iter(plan.inventory.files), "inventory.yaml")


def platforms(plan: Plan) -> tuple[str, ...]:
    """The names of the platforms of a plan."""
    return tuple(platform.name for platform in plan.platforms)


def edges(actions: Iterable[Action]) -> tuple[tuple[str, str], ...]:
    """Which model is acted on before which other: pairs of addresses."""
    pairs = {(required.rpartition("#")[0], action.address): None for action in actions for required in action.requires}
    return tuple(pair for pair in pairs if pair[0] != pair[1])


def _line(action: Action, change: Change, now: datetime) -> Line:
    to = (f"to {action.artifact}",) if action.artifact and action.adopts is None else ()
    step = len(change.actions) > 1
    number = f"step {change.actions.index(action) + 1} of {len(change.actions)}"
    return Line(
        address=action.address,
        rule=word(action),
        level=sheet.Level.WARNING if action.destructive else sheet.Level.NOTE,
        result=Result.PASSED,
        word=word(action),
        summary=transition(action.before, action.after),
        details=(
            action.reason.text,
            *to,
            *waits(action),
            *((number,) if step else ()),
            *lasts(action),
            known(action.evidence, now),
            *patience(action),
        ),
        source=action.source,
        owner=action.owner,
        destructive=action.destructive,
        verb=word(action),
        before=action.before,
        after=action.after,
    )


def _others(plan: Plan) -> Iterable[Line]:
    for finding in plan.guards:
        stops = finding.level is Level.STOP
        yield Line(
            address=finding.name,
            rule="guard",
            level=sheet.Level.ERROR if stops else sheet.Level.WARNING,
            result=Result.FAILED if stops else Result.PASSED,
            word="guard",
            summary="stops the apply" if stops else "warns",
            details=(finding.message,),
        )
    yield from unread(plan.failures)
    yield from blocked(plan.blocked)
    for warned in plan.warnings:
        yield Line(
            address=warned.address,
            rule="warning",
            level=sheet.Level.WARNING,
            result=Result.PASSED,
            word="warning",
            summary="nothing to do",
            details=(warned.text,),
        )
    yield from unchanged(plan)
    for address in plan.unmanaged:
        yield _good(address, "unmanaged", "never touched", Result.SKIPPED)


def blocked(entries: Iterable[Blocked]) -> Iterable[Line]:
    """What is wanted and blocked."""
    for entry in entries:
        yield Line(
            address=entry.address,
            rule="blocked",
            level=sheet.Level.WARNING,
            result=Result.FAILED,
            word="blocked",
            summary=transition(entry.live, GOAL[entry.verb]),
            details=(entry.text,),
            source=entry.source,
            owner=entry.owner,
            before=entry.live,
            after=GOAL[entry.verb],
        )


def unread(failures: Iterable[Failure]) -> Iterable[Line]:
    """What could not be read."""
    for failure in failures:
        yield Line(
            address=failure.address,
            rule="unread",
            level=sheet.Level.ERROR,
            result=Result.ERROR,
            word="unread",
            summary="could not be read",
            details=(failure.error,),
        )


def unchanged(plan: Plan) -> Iterable[Line]:
    """The models that are left alone, but for those that a warning speaks of."""
    warned = {warned.address for warned in plan.warnings}
    return (_good(address, "unchanged", "", Result.PASSED) for address in plan.unchanged if address not in warned)


def _good(address: str, rule: str, summary: str, result: Result) -> Line:
    return Line(address=address, rule=rule, level=sheet.Level.GOOD, result=result, word=rule, summary=summary)
