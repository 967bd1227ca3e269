"""`reconciler lock`."""

import click

from reconciler.cli import session, streams
from reconciler.journal.opening import break_lock, find_holder, journal_name
from reconciler.render.safe import ci


@click.command(name="lock")
@click.argument("inventory", required=False)
@click.option("--break", "breaks", is_flag=True, help="Take it from a run known to be dead (shared journal).")
@click.option("--journal", metavar="URL", help="Path or postgresql:// URL. [default: .reconciler/journal.db]")
def command(inventory: str | None, breaks: bool, journal: str | None) -> int:
    """Who holds the lock of the journal beside INVENTORY, or of --journal.

    Exit: 0 nobody, or it was broken; 7 somebody.
    A run whose lock is broken can write nothing more to the journal, and therefore starts nothing more."""
    where = session.journal_of(session.folder_of(inventory), journal)
    name = ci(journal_name(where))
    if breaks:
        broken = break_lock(where)
        streams.out(f"{name}: taken from {ci(broken)}" if broken else f"{name}: nobody holds the lock")
        return 0
    held = find_holder(where)
    streams.out(f"{name}: held by {ci(held)}" if held else f"{name}: nobody holds the lock")
    return 7 if held else 0
