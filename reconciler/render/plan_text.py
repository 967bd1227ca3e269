"""A plan for people at a terminal. Decides nothing and reads nothing but the plan."""

from datetime import datetime

from reconciler.core.live import Failure
from reconciler.core.plan import Action, Blocked, Finding, Level, Plan, Warned
from reconciler.render.layout import Detail, Entry, Fact, Page, detail, head, next_fact, render
from reconciler.render.plan_words import (
    GOAL,
    NOT_DONE,
    Change,
    caveats,
    changes,
    known,
    lasts,
    limits,
    transition,
    verdict,
    waits,
    word,
)
from reconciler.render.style import Role, say
from reconciler.render.words import names, short, span, stamp

_NAMED = 5
"""How many names a line of counts gives."""

_SIGNS = {
    "undeploy": ("-", Role.DESTRUCTIVE),
    "deploy": ("+", Role.GOOD),
    "redeploy": ("~", Role.CAUTION),
    "adopt": (">", Role.CAUTION),
    "export": ("=", Role.GOOD),
}


def plan_text(
    plan: Plan, *, now: datetime, width: int = 80, colour: bool = False, next_command: str | None = None
) -> str:
    """The plan on one page: what would be done, destructive actions first, and what stands against it."""
    found = changes(plan)
    page = Page(
        head=(*head(verdict(plan), caveats(plan)), *((say(NOT_DONE, Role.MUTED),) if found else ())),
        groups=(
            tuple(_change(change, now) for change in found if change.destructive),
            tuple(_change(change, now) for change in found if not change.destructive),
            _obstacles(plan),
        ),
        facts=(*_counts(plan), *_waits(plan), *_digest(plan, now), *next_fact(next_command)),
    )
    return render(page, width=width, colour=colour)


def _change(change: Change, now: datetime) -> Entry:
    main = change.main
    sign, role = _SIGNS[word(main)]
    return Entry(
        sign=sign,
        word=word(main),
        role=Role.DESTRUCTIVE if change.destructive else role,
        address=change.address,
        summary=say(transition(main.before, main.after)),
        aside=str(main.source),
        details=_steps(change, now),
    )


def _steps(change: Change, now: datetime) -> tuple[Detail, ...]:
    evidence = tuple(dict.fromkeys(known(action.evidence, now) for action in change.actions))
    if len(change.actions) == 1:
        only = change.main
        return (detail(_why(only, _to(only).strip()), *waits(only), *lasts(only), muted=evidence),)
    steps = (
        detail(
            _why(action, f"{word(action)}{_to(action)}", word(action)),
            *waits(action),
            *lasts(action),
            prefix=f"{number}. ",
        )
        for number, action in enumerate(change.actions, 1)
    )
    return (*steps, detail(muted=evidence))


def _to(action: Action) -> str:
    return "" if action.adopts is not None else f" to {action.artifact}"


def _why(action: Action, with_artifact: str, without: str = "") -> str:
    what = with_artifact if action.artifact else without
    return f"{what}: {action.reason.text}" if what else action.reason.text


def _obstacles(plan: Plan) -> tuple[Entry, ...]:
    return (
        *(blocked_entry(entry) for entry in plan.blocked),
        *(failure_entry(failure) for failure in plan.failures),
        *(_finding(finding) for finding in plan.guards),
        *(_warned(warned) for warned in plan.warnings),
    )


def blocked_entry(entry: Blocked) -> Entry:
    """What is wanted and blocked, and what settles it."""
    return Entry(
        sign="!",
        word="blocked",
        role=Role.CAUTION,
        address=entry.address,
        summary=say(transition(entry.live, GOAL[entry.verb])),
        aside=str(entry.source),
        details=(detail(entry.text),),
    )


def failure_entry(failure: Failure) -> Entry:
    """A model or a platform that could not be read."""
    return Entry(
        sign="?",
        word="unread",
        role=Role.CAUTION,
        address=failure.address,
        summary=say("could not be read"),
        details=(detail(failure.error),),
    )


def _finding(finding: Finding) -> Entry:
    stops = finding.level is Level.STOP
    return Entry(
        sign="x" if stops else "*",
        word="guard",
        role=Role.DESTRUCTIVE if stops else Role.CAUTION,
        address=finding.name,
        summary=say("stops the apply" if stops else "warns"),
        details=(detail(finding.message), detail(names(finding.addresses, _NAMED))),
    )


def _warned(warned: Warned) -> Entry:
    return Entry(
        sign="*",
        word="warning",
        role=Role.CAUTION,
        address=warned.address,
        summary=say("nothing to do"),
        details=(detail(warned.text),),
    )


def _counts(plan: Plan) -> tuple[Fact, ...]:
    """How many models are left alone."""
    facts = [*unchanged_fact(plan)]
    if plan.unmanaged:
        listed = names(plan.unmanaged, _NAMED)
        facts.append(Fact(name="Unmanaged", text=f"{len(plan.unmanaged):,}, never touched: {listed}"))
    return tuple(facts)


def unchanged_fact(plan: Plan) -> tuple[Fact, ...]:
    """How many models are as wanted, where that is not the whole story."""
    counted = plan.unchanged and (plan.actions or plan.blocked)
    return (Fact(name="Unchanged", text=f"{len(plan.unchanged):,}"),) if counted else ()


def _waits(plan: Plan) -> tuple[Fact, ...]:
    text = limits(plan.actions)
    return (Fact(name="Waits", text=text),) if text else ()


def _digest(plan: Plan, now: datetime) -> tuple[Fact, ...]:
    if not plan.digest or not plan.actions:
        return ()
    left = (plan.expires_at - now).total_seconds()
    life = f"; expires {stamp(plan.expires_at)}" if left > 0 else f"; expired {span(-left)} ago"
    return (Fact(name="Digest", text=short(plan.digest) + life),)
