"""`reconciler schema`."""

import click

from reconciler.cli import streams
from reconciler.schemas import NAMES, schema_text


@click.command(name="schema")
@click.argument("name", type=click.Choice(NAMES))
def command(name: str) -> None:
    """Print a JSON Schema: of the inventory, a platform definition, a saved plan, or a report."""
    streams.out(schema_text(name).rstrip("\n"))
