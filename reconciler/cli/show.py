"""`reconciler show`."""

import click

from reconciler.cli import documents, environment, streams
from reconciler.cli.options import Common, common
from reconciler.clock import SystemClock
from reconciler.core.codec import read_plan, read_report


@click.command(name="show")
@common()
def command(options: Common) -> None:
    """Print a saved plan or report in any form. The argument is its file."""
    if options.inventory is None:
        raise click.UsageError("which file? reconciler show PLAN")
    data = streams.load(options.inventory, "saved plan or report")
    if isinstance(data, dict) and data.get("format") == "reconciler/report":
        forms = documents.report_forms(read_report(data), None, options)
    else:
        plan = read_plan(data, key=environment.plan_key())
        next_command = f"reconciler apply --plan {options.inventory}" if plan.applyable else None
        forms = documents.plan_forms(plan, options, now=SystemClock().now(), next_command=next_command)
    documents.publish(forms, options)
