"""`reconciler drift`."""

import click
from msgspec.structs import replace

from reconciler.cli import documents, reading, session
from reconciler.cli.ending import Ending, ending
from reconciler.cli.options import Common, common
from reconciler.cli.progress import Reading
from reconciler.cli.signals import run_async
from reconciler.core.drift import DriftCheck, DriftKind
from reconciler.core.exits import Why, exit_code
from reconciler.core.plan import Plan
from reconciler.core.record import Record
from reconciler.engine.looking import look
from reconciler.engine.opening import open_world
from reconciler.engine.planning import plan
from reconciler.engine.waiting import Stop
from reconciler.errors import JournalError, LockHeld
from reconciler.journal.opening import append_journal
from reconciler.render.drift_words import drift_verdict


@click.command(name="drift")
@common(events=True)
@click.option(
    "--fail-on",
    type=click.Choice(("new", "any", "never")),
    default="any",
    show_default=True,
    help="When to exit with 2: on what no earlier look had found, on any drift or pending change, or never. With new,"
    " what is known already is only named.",
)
def command(options: Common, fail_on: str) -> int:
    """Live states against what was last applied, and what the inventory newly wants. What is seen goes on record, so
    that the next look tells new from ongoing and resolved.

    Exit: 0 no drift; 2 drifted or pending; 6 something could not be read, or is unknown. What the inventory
    acknowledges, or --fail-on leaves out, is shown and counts for nothing."""
    with ending(options, "drift") as end:
        return _drift(options, fail_on, end)


def _drift(options: Common, fail_on: str, end: Ending) -> int:
    inventory = reading.read_inventory(options.inventory)
    wanted = session.wanted(inventory, options)
    setup = session.setup(inventory, options, run=end.run)

    watch = Reading(len(wanted.selected), options)

    async def work(_stop: Stop) -> tuple[Plan, DriftCheck, tuple[Record, ...]]:
        async with open_world(replace(setup, answered=watch.answered)) as world:
            planned = await plan(world, wanted)
            return planned.plan, *look(world, planned, wanted, quiet=fail_on == "never")

    with watch.shown():
        made, check, records = run_async(work)
    now, brief = setup.clock.now(), fail_on == "new"
    end.events.planned(made)
    end.events.drifted(check)
    reasons = _reasons(made, check, fail_on)
    code = exit_code(reasons)
    following = session.command(options, "plan") if any(drift.alarming for drift in check.drifts) else None
    forms = documents.drift_forms(made, check, options, now=now, brief=brief, next_command=following)
    text = drift_verdict(made, check)
    end.publish(forms, code=code, reasons=reasons, counts=made.summary, text=text, partial=made.partial)
    try:
        append_journal(setup.journal, records)  # once it was told: what nobody was told must be new tomorrow
    except (JournalError, LockHeld) as error:
        setup.tell(f"This look is not on record: {error}")
    return code


def _reasons(made: Plan, check: DriftCheck, fail_on: str) -> list[Why]:
    alarms = [drift for drift in check.drifts if drift.acknowledged is None]
    counted = {"any": alarms, "new": [drift for drift in alarms if drift.alarming], "never": []}[fail_on]
    unread = bool(made.failures) or any(drift.kind is DriftKind.UNKNOWN for drift in counted)
    changed = any(drift.kind is not DriftKind.UNKNOWN for drift in counted)
    return [*([Why.UNREAD] if unread else []), *([Why.CHANGES] if changed else [])]
