"""`reconciler history`."""

import click

from reconciler.cli import session, streams
from reconciler.core.codec import history_json
from reconciler.journal.opening import journal_name, open_journal
from reconciler.render.safe import ci


@click.command(name="history")
@click.argument("address", required=False)
@click.option("--journal", metavar="URL", help="Path or postgresql:// URL. [default: .reconciler/journal.db]")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option("--no-color", is_flag=True, help="No colour.")
def command(address: str | None, journal: str | None, form: str, no_color: bool) -> None:
    """What was done, when, by which run; of one model with ADDRESS. The oldest comes first."""
    where = session.journal_of(".", journal)
    store = open_journal(where)
    nowhere = address is not None and not address.isprintable()
    records = [] if store is None or nowhere else list(store.read(address))
    if store is not None:
        store.close()
    if form == "json":
        streams.out(streams.as_json(history_json(records)))
        return
    if store is None and form == "text":
        streams.out(ci(f"There is no journal at {journal_name(where)}; name another with --journal."))
        return
    if not records:
        streams.out(ci(f"Nothing on record{f' of {address}' if address else ''} in {journal_name(where)}."))
        return
    from reconciler.render.status_text import history_text

    streams.out(history_text(records, width=streams.width(), colour=streams.colour(no_color)))
