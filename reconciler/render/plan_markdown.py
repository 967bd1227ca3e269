"""A plan for a pull request's comment. Decides nothing and reads nothing but the plan."""

from collections.abc import Sequence
from datetime import datetime

from reconciler.core.live import Failure
from reconciler.core.plan import Action, Blocked, Finding, Plan
from reconciler.render.markdown_page import (
    LIMIT,
    Form,
    Section,
    address_cell,
    cell,
    fenced,
    folded,
    grouped,
    heading,
    listing,
    page,
    row,
    table,
)
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
from reconciler.render.safe import markdown_code, terminal
from reconciler.render.words import names, owned, stamp

_NAMED = 20
"""How many addresses a guard names; those it may stop stand in the plan anyway."""

BLOCKED_COLUMNS = ("Model", "From → to", "Why, and what settles it", "Where")
UNREAD_COLUMNS = ("Model or platform", "Why")
_COLUMNS = ("Action", "Model", "From → to", "Why", "How we know", "Where")


def plan_markdown(
    plan: Plan, *, now: datetime, marker: str = "default", limit: int = LIMIT, next_command: str | None = None
) -> str:
    """The plan in at most `limit` characters: models taken out of service first, and every one of them, even where
    that alone takes more; a comment that is refused is better than one that hides an undeploy."""
    found = changes(plan)
    sections = (
        *_destructive([change for change in found if change.destructive], now),
        *_others([change for change in found if not change.destructive], now),
        *_obstacles(plan),
        *_left_alone(plan),
    )
    notes = (*caveats(plan), *((NOT_DONE,) if found else ()))
    return page("plan", marker, heading(verdict(plan), notes), sections, _foot(plan, now, next_command), limit=limit)


def _destructive(found: Sequence[Change], now: datetime) -> tuple[Section, ...]:
    if not found:
        return ()
    title = "Taken out of service"
    full = table(title, _COLUMNS, [_change_row(change, now) for change in found])
    brief = table(title, ("Model", "From → to"), [_brief_row(change) for change in found])
    addresses = [change.address for change in found]
    forms = (full, brief, listing(title, addresses), grouped(title, addresses))
    return (Section(rank=0, forms=forms, kept=True),)


def _others(found: Sequence[Change], now: datetime) -> tuple[Section, ...]:
    rows = [_change_row(change, now) for change in found]
    return (Section(rank=4, forms=(table("Other actions", _COLUMNS, rows),)),) if rows else ()


def _change_row(change: Change, now: datetime) -> str:
    main = change.main
    evidence = dict.fromkeys(known(action.evidence, now) for action in change.actions)
    return row(
        cell(*map(word, change.actions)),
        address_cell(change.address),
        cell(transition(main.before, main.after, "→")),
        cell(*(step for action in change.actions for step in _steps(action, alone=len(change.actions) == 1))),
        cell(*evidence),
        cell(str(main.source), owned(main.owner)),
    )


def _brief_row(change: Change) -> str:
    return row(address_cell(change.address), cell(transition(change.main.before, change.main.after, "→")))


def _steps(action: Action, *, alone: bool) -> tuple[str, ...]:
    to = f" to {action.artifact}" if action.artifact else ""
    why = f"{word(action)}{to}: {action.reason.text}" if to or not alone else action.reason.text
    return (why, *waits(action), *lasts(action))


def _obstacles(plan: Plan) -> tuple[Section, ...]:
    stopping = [_finding_row(finding) for finding in plan.guards]
    unread = [unread_row(failure) for failure in plan.failures]
    blocked = [blocked_row(entry) for entry in plan.blocked]
    warned = [row(address_cell(warned.address), cell(warned.text)) for warned in plan.warnings]
    tables: tuple[tuple[int, Form], ...] = (
        (1, table("Guards", ("Guard", "Level", "What it says", "Models"), stopping)),
        (3, table("Blocked", BLOCKED_COLUMNS, blocked)),
        (2, table("Could not be read", UNREAD_COLUMNS, unread)),
        (5, table("Warnings", ("Model", "What"), warned)),
    )
    return tuple(Section(rank=rank, forms=(form,)) for rank, form in tables if form.entries)


def _finding_row(finding: Finding) -> str:
    models = names(finding.addresses, _NAMED)
    return row(cell(finding.name, strong=True), cell(finding.level), cell(finding.message), cell(models))


def unread_row(failure: Failure) -> str:
    """What could not be read."""
    return row(address_cell(failure.address), cell(failure.error))


def blocked_row(entry: Blocked) -> str:
    """What is wanted and blocked."""
    return row(
        address_cell(entry.address),
        cell(transition(entry.live, GOAL[entry.verb], "→")),
        cell(entry.text),
        cell(str(entry.source), owned(entry.owner)),
    )


def _left_alone(plan: Plan) -> tuple[Section, ...]:
    unmanaged = folded(f"{len(plan.unmanaged):,} unmanaged, never touched", plan.unmanaged)
    unchanged = folded(f"{len(plan.unchanged):,} unchanged", plan.unchanged)
    ranked = ((6, unmanaged), (7, unchanged))
    return tuple(Section(rank=rank, forms=(form,)) for rank, form in ranked if form.entries)


def _foot(plan: Plan, now: datetime, next_command: str | None) -> str:
    parts = [f"Digest {markdown_code(plan.digest)}"] if plan.digest else []
    parts += [f"ages as of {stamp(now)}"]
    parts += [f"expires {stamp(plan.expires_at)}"] if plan.actions else []
    parts += [f"waits {text}"] if (text := limits(plan.actions)) else []
    foot = " · ".join(parts)
    return f"{foot}\n\n{fenced(terminal(next_command))}" if next_command else foot
