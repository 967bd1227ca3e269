"""`reconciler drift`."""

import click

from reconciler.cli import documents, session
from reconciler.cli.options import Common, common
from reconciler.cli.signals import run_async
from reconciler.core.drift import Drift, DriftKind
from reconciler.core.exits import Why, exit_code
from reconciler.core.plan import Plan
from reconciler.engine.opening import open_world
from reconciler.engine.operations import drift
from reconciler.engine.planning import plan
from reconciler.engine.waiting import Stop


@click.command(name="drift")
@common()
@click.option(
    "--fail-on",
    type=click.Choice(("any", "never")),
    default="any",
    show_default=True,
    help="When to exit with 2: on any drift or pending change, or never.",
)
def command(options: Common, fail_on: str) -> int:
    """Live states against what was last applied, and what the inventory newly wants.

    Exit: 0 no drift; 2 drifted or pending; 6 something could not be read, or is unknown."""
    inventory = session.read_inventory(options.inventory)
    wanted = session.wanted(inventory, options)
    setup = session.setup(inventory, options, run=session.new_run())

    async def work(_stop: Stop) -> tuple[Plan, tuple[Drift, ...]]:
        async with open_world(setup) as world:
            planned = await plan(world, wanted)
            return planned.plan, drift(world, planned, wanted)

    made, drifts = run_async(work)
    documents.publish(documents.drift_forms(made, drifts, options, now=setup.clock.now()), options)
    unread = bool(made.failures) or any(entry.kind is DriftKind.UNKNOWN for entry in drifts)
    changed = fail_on == "any" and any(entry.kind is not DriftKind.UNKNOWN for entry in drifts)
    return exit_code([*([Why.UNREAD] if unread else []), *([Why.CHANGES] if changed else [])])
