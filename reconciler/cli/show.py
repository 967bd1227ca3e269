"""`reconciler show`."""

import click

from reconciler.cli import documents, environment, streams
from reconciler.cli.options import Common, common
from reconciler.clock import SystemClock
from reconciler.core.codec import read_drift, read_plan, read_report


@click.command(name="show")
@common()
def command(options: Common) -> None:
    """Print a saved plan, report or drift in any form. The argument is its file; - is stdin."""
    if options.inventory is None:
        raise click.UsageError("which file? reconciler show PLAN")
    if options.only or options.exclude:
        raise click.UsageError("a file is shown as it is: --only and --exclude go with planning")
    data = streams.load(options.inventory, "saved plan or report")
    kind = data.get("format") if isinstance(data, dict) else None
    if kind == "reconciler/report":
        forms = documents.report_forms(read_report(data), None, options)
    elif kind == "reconciler/drift":
        made, check = read_drift(data)
        forms = documents.drift_forms(made, check, options, now=SystemClock().now())
    else:
        plan = read_plan(data, key=environment.plan_key())
        next_command = f"reconciler apply --plan {options.inventory}" if plan.applyable else None
        forms = documents.plan_forms(plan, options, now=SystemClock().now(), next_command=next_command)
    documents.publish(forms, options)
