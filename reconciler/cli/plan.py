"""`reconciler plan`."""

import shlex

import click
from msgspec.structs import replace

from reconciler.cli import documents, reading, session, streams
from reconciler.cli.ending import ending
from reconciler.cli.options import Common, Duration, OutFile, common, guard_options
from reconciler.cli.progress import Reading
from reconciler.cli.signals import run_async
from reconciler.core.exits import Why, exit_code
from reconciler.engine.opening import open_world
from reconciler.engine.planning import Planned, plan, plan_reasons
from reconciler.engine.waiting import Stop
from reconciler.journal.opening import journal_command
from reconciler.render.plan_words import verdict


@click.command(name="plan")
@common(events=True)
@click.option(
    "--out", type=OutFile(), metavar="PLAN", help="Save the plan, to be applied with: reconciler apply --plan PLAN."
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there are changes.")
@click.option("--offline", is_flag=True, help="Ask nobody: nothing is verified, and the plan says so.")
@click.option("--expires", type=Duration(), default="24h", show_default=True, help="How long a saved plan holds.")
@guard_options
def command(
    options: Common,
    out: str | None,
    detailed_exitcode: bool,
    offline: bool,
    expires: float,
    max_undeploys: int | None,
    guards: str | None,
) -> int:
    """Read live states, print the plan, save it.

    Exit: 0 planned; 2 changes (with --detailed-exitcode); 6 not everything could be read; 1 no plan."""
    with ending(options, "plan") as end:
        inventory = reading.read_inventory(options.inventory)
        wanted = session.wanted(
            inventory, options, max_undeploys=max_undeploys, guards=guards, lifetime=expires, offline=offline
        )
        setup = session.setup(inventory, options, run=end.run, offline=offline)

        watch = Reading(len(wanted.selected), options)

        async def work(_stop: Stop) -> Planned:
            async with open_world(replace(setup, answered=watch.answered)) as world:
                return await plan(world, wanted)

        with watch.shown():
            made = run_async(work).plan
        end.events.planned(made)
        if out is not None:
            streams.save(out, documents.saved_plan(made))
        shown = _next(options, out, guards, max_undeploys) if made.applyable else None
        forms = documents.plan_forms(made, options, now=setup.clock.now(), next_command=shown)
        changes = [Why.CHANGES] if detailed_exitcode and (made.actions or made.blocked) else []
        reasons = [*(why for why in plan_reasons(made) if why is Why.UNREAD), *changes]
        code = exit_code(reasons)
        end.publish(
            forms,
            code=code,
            reasons=reasons,
            counts=made.summary,
            text=verdict(made),
            partial=made.partial,
            silent=out == "-",
        )
        return code


def _next(options: Common, out: str | None, guards: str | None, max_undeploys: int | None) -> str | None:
    """The command that applies what was shown: the saved plan, or one planned in the same way; None where what came
    by a pipe is gone."""
    piped = options.inventory == "-"
    if out == "-" or (piped and not out):
        return None
    chosen = (
        *(["--plan", out] if out else [options.inventory] if options.inventory else []),
        *(part for pattern in options.only if not out for part in ("--only", pattern)),
        *(part for pattern in options.exclude if not out for part in ("--exclude", pattern)),
        *(["INVENTORY"] if piped else []),
        *(["--guards", guards] if guards and not out else []),
        *(["--max-undeploys", str(max_undeploys)] if max_undeploys is not None and not out else []),
        *(["--journal", journal_command(options.journal)] if options.journal else []),
    )
    return shlex.join(["reconciler", "apply", *chosen])
