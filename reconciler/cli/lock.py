"""`reconciler lock`."""

import click

from reconciler.cli import session, streams
from reconciler.journal.lock import holder


@click.command(name="lock")
@click.option("--journal", metavar="PATH", help="The journal. [default: .reconciler/journal.db]")
def command(journal: str | None) -> int:
    """Who holds the lock of the journal. Exit: 0 nobody; 7 somebody."""
    where = session.journal_of(".", journal)
    held = holder(where)
    streams.out(f"{where}: held by {held}" if held else f"{where}: nobody holds the lock")
    return 7 if held else 0
