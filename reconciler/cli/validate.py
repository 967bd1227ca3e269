"""`reconciler validate`."""

import click

from reconciler.cli import session, streams
from reconciler.render.safe import ci


@click.command(name="validate")
@click.argument("inventory", required=False)
def command(inventory: str | None) -> None:
    """Check an inventory offline: a file, a folder of files, or - for stdin. All complaints come at once."""
    found = session.read_inventory(inventory)
    platforms = {model.platform for model in found.models}
    models = "1 model" if len(found.models) == 1 else f"{len(found.models)} models"
    files = ci(", ".join(found.files))
    streams.out(f"{files}: {models} on {', '.join(sorted(platforms))}; nothing to complain about.")
