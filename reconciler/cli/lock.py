"""`reconciler lock`."""

from pathlib import Path

import click

from reconciler.cli import environment, streams
from reconciler.journal.lock import holder


@click.command(name="lock")
@click.option("--journal", metavar="URL", help="The journal. [default: .reconciler/journal.db]")
def command(journal: str | None) -> int:
    """Who holds the lock of the journal. Exit: 0 nobody; 7 somebody."""
    where = journal or environment.journal() or str(Path(".reconciler") / "journal.db")
    held = holder(where)
    streams.out(f"{where}: held by {held}" if held else f"{where}: nobody holds the lock")
    return 7 if held else 0
