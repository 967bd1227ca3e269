"""`reconciler validate`."""

import click

from reconciler.cli import reading, streams
from reconciler.errors import Complaint, FileError, InventoryError
from reconciler.render.safe import ci


@click.command(name="validate")
@click.argument("inventory", nargs=-1)
def command(inventory: tuple[str, ...]) -> None:
    """Check inventories offline: files, folders of files, or - for stdin. Each is checked by itself; all complaints
    come at once."""
    complaints: list[Complaint] = []
    for path in dict.fromkeys(inventory) or (reading.DEFAULT,):
        try:
            _check(path)
        except FileError as error:
            complaints += error.complaints
    if complaints:
        raise InventoryError(tuple(dict.fromkeys(complaints)))


def _check(path: str) -> None:
    found = reading.read_inventory(path)
    platforms = {model.platform for model in found.models}
    models = "1 model" if len(found.models) == 1 else f"{len(found.models)} models"
    files = ci(", ".join(found.files))
    streams.out(f"{files}: {models} on {', '.join(sorted(platforms))}; nothing to complain about.")
