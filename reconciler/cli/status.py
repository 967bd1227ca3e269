"""`reconciler status`."""

import click
from msgspec.structs import replace

from reconciler.cli import reading, session, streams
from reconciler.cli.options import Common, common
from reconciler.cli.progress import Reading
from reconciler.cli.signals import run_async
from reconciler.core.codec import status_json
from reconciler.core.exits import Why, exit_code
from reconciler.core.status import Status
from reconciler.engine.opening import open_world
from reconciler.engine.operations import status
from reconciler.engine.waiting import Stop


@click.command(name="status")
@common(formats=("text", "json"), reports=False)
def command(options: Common) -> int:
    """Live states of all models, how each is known, and what was last done. Exit: 0; 6 not everything could be read."""
    inventory = reading.read_inventory(options.inventory)
    wanted = session.wanted(inventory, options)
    setup = session.setup(inventory, options, run=session.new_run())

    watch = Reading(len(wanted.selected), options)

    async def work(_stop: Stop) -> tuple[Status, ...]:
        async with open_world(replace(setup, answered=watch.answered)) as world:
            return await status(world, wanted.selected)

    with watch.shown():
        rows = run_async(work)
    if options.format == "json":
        streams.out(streams.as_json(status_json(rows, partial=wanted.partial)))
    else:
        from reconciler.render.status_text import status_text

        colour = streams.colour(options.no_color)
        now, width = setup.clock.now(), streams.width()
        streams.out(status_text(rows, now=now, width=width, colour=colour, partial=wanted.partial))
    return exit_code([Why.UNREAD] if any(row.error for row in rows) else [])
