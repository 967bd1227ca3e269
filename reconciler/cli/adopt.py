"""`reconciler adopt`."""

import click

from reconciler.cli import environment, reading, session, streams
from reconciler.cli.options import Common
from reconciler.cli.signals import run_async
from reconciler.core.live import LiveState
from reconciler.engine.opening import open_world
from reconciler.engine.operations import adopt
from reconciler.engine.waiting import Stop
from reconciler.errors import ConfigurationError


@click.command(name="adopt")
@click.argument("address")
@click.argument("inventory", required=False)
@click.option("--as", "state", type=click.Choice(("deployed", "undeployed")), required=True, help="What the model is.")
@click.option("--journal", metavar="URL", help="Path or postgresql:// URL. [default: .reconciler/journal.db]")
def command(address: str, inventory: str | None, state: str, journal: str | None) -> None:
    """Record by hand what the model at ADDRESS is, where the platform can't say. Nothing is asked of the platform."""
    options = Common(inventory=inventory, journal=journal)
    read = reading.read_inventory(inventory)
    model = next((model for model in read.models if model.address == address), None)
    if model is None:
        close = ", ".join(model.address for model in read.models if model.name in address or address in model.address)
        raise ConfigurationError(
            f"the inventory has no model {address}" + (f"; did you mean {close}?" if close else "")
        )
    setup = session.setup(read, options, run=session.new_run(), write=True, offline=True)
    if model.platform not in setup.credentials:
        session.setup(read, options, run="", offline=False)  # says which variable is missing

    async def work(_stop: Stop) -> None:
        async with open_world(setup) as world:
            adopt(world, model, LiveState(state), at=setup.clock.now(), who=environment.who())

    run_async(work)
    shown = session.types_of(read)[model.platform].capabilities.reads_state or model.probe_path is not None
    until = "what the platform itself shows of it counts for more" if shown else "until a job of ours says otherwise"
    streams.out(f"On record: {address} is {state}; {until}.")
