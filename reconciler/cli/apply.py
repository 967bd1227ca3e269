"""`reconciler apply`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from msgspec import Struct
from msgspec.structs import replace

from reconciler.cli import documents, environment, reading, session, streams
from reconciler.cli.ending import Ending, ending
from reconciler.cli.options import Common, Duration, common, guard_options
from reconciler.cli.progress import Reading, show_progress
from reconciler.cli.signals import run_async
from reconciler.core.codec import read_plan
from reconciler.core.event import Event
from reconciler.core.model import Inventory
from reconciler.core.plan import Action, Plan
from reconciler.core.report import Outcome, OutcomeKind, Report
from reconciler.engine.applying import Orders, apply, refusal
from reconciler.engine.artifacts import check_root
from reconciler.engine.opening import Setup, open_world
from reconciler.engine.planning import Planned, Wanted, permit, plan
from reconciler.engine.waiting import Stop
from reconciler.engine.world import World
from reconciler.errors import ConfigurationError
from reconciler.render.report_words import report_verdict
from reconciler.render.safe import ci


class _Permission(Struct, frozen=True, kw_only=True):
    """The plan that may be applied: `saved` came from a file; else it was shown a moment ago."""

    plan: Plan
    saved: bool
    expect: str | None = None
    skip_stale: bool = False


@click.command(name="apply")
@common(events=True)
@click.option("--plan", "plan_file", metavar="PLAN", help="Apply this saved plan, exactly.")
@click.option("--expect", metavar="DIGEST", help="Only if the saved plan has this digest.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--skip-stale", is_flag=True, help="Leave out what moved since the plan was saved; apply the rest.")
@click.option("--approve", multiple=True, metavar="ADDRESS", help="Let this model be undeployed all the same.")
@click.option("--reissue-unknown", is_flag=True, help="Send again a deploy or export whose answer was lost.")
@click.option("--lock-timeout", type=Duration(), default="0s", show_default=True, help="How long to wait for the lock.")
@click.option("--exports", metavar="DIR", help="Where exports go. [default: exports/ beside the inventory]")
@guard_options
def command(
    options: Common,
    plan_file: str | None,
    expect: str | None,
    yes: bool,
    skip_stale: bool,
    approve: tuple[str, ...],
    reissue_unknown: bool,
    lock_timeout: float,
    exports: str | None,
    max_undeploys: int | None,
    guards: str | None,
) -> int:
    """Apply a saved plan exactly, or plan, ask and apply.

    Exit: 0 applied and verified; 5 some action did not succeed; 3 stopped by a guard, or entries are blocked; 4 the
    plan is stale, expired, used or altered; 7 another run holds the lock; 6 not everything could be read."""
    _check_usage(options, plan_file, only_with_plan=bool(expect or skip_stale))
    asks = plan_file is None and not yes
    if asks and not sys.stdin.isatty():
        raise click.UsageError("without a terminal to ask on, apply needs --yes or a saved plan (--plan PLAN)")
    with ending(options, "apply") as end:
        inventory, permission = _start(options, plan_file, expect, skip_stale)
        wanted = session.wanted(inventory, options, max_undeploys=max_undeploys, guards=guards, approved=approve)
        wanted = replace(wanted, reissue=reissue_unknown)
        setup = session.setup(inventory, options, run=end.run, write=True, lock_timeout=lock_timeout)
        if asks:
            permission = _ask(setup, wanted, options)
        root = Path(exports) if exports else _exports(Path(inventory.directory) / "exports")
        if any(model.target.export for model in inventory.models if model.address in wanted.selected):
            check_root(root)
        chosen = _Apply(setup=setup, wanted=wanted, options=options, permission=permission, exports=root, end=end)
        return run_async(chosen.run, chosen.publish)[0].exit_code


def _exports(default: Path) -> Path:
    """The export root that nobody named: a link there came with the inventory, and says where files would go."""
    if default.is_symlink():
        raise ConfigurationError(f"{default} is a link: name the folder for exports yourself, with --exports DIR")
    return default


def _check_usage(options: Common, plan_file: str | None, *, only_with_plan: bool) -> None:
    if plan_file is None and only_with_plan:
        raise click.UsageError("--expect and --skip-stale go with --plan")
    if plan_file is not None and (options.only or options.exclude):
        raise click.UsageError(
            "a saved plan says itself which models it is about: --only and --exclude go with planning"
        )


class _Apply(Struct, frozen=True, kw_only=True):
    """One apply, all its choices made."""

    setup: Setup
    wanted: Wanted
    options: Common
    permission: _Permission | None
    exports: Path
    end: Ending

    async def run(self, stop: Stop) -> tuple[Report, Plan]:
        watch = Reading(len(self.wanted.selected), self.options)
        async with open_world(replace(self.setup, answered=watch.answered)) as world:
            with watch.shown():
                planned = await plan(world, self.wanted)
            left_out: tuple[Outcome, ...] = ()
            if self.permission is not None:
                planned, left_out = self._permitted(world, planned, self.permission)
            elif self.options.format == "text" and not self.options.stdout_is_taken:
                _show(planned.plan, self.options, self.setup)
            self.end.events.planned(planned.plan)
            if planned.plan.stopped:
                return refusal(world, planned), planned.plan
            stop.minded = True
            actions = planned.plan.actions
            with show_progress(actions, self.options) as show:

                def tell(event: Event) -> None:
                    show(event)
                    self.end.events.tell(event)

                saved = self.permission.plan.id if self.permission is not None and self.permission.saved else None
                orders = Orders(
                    exports=self.exports,
                    tell=tell,
                    warn=lambda line: streams.err(ci(line)),
                    stop=stop,
                    reissue=self.wanted.reissue,
                    where=self.wanted.where,
                    saved=saved,
                    left_out=left_out,
                    approved=self._approved(actions),
                    who=environment.who(),
                )
                return await apply(world, planned, actions, orders), planned.plan

    def _approved(self, actions: Sequence[Action]) -> tuple[str, ...]:
        """The addresses that were named and are undeployed."""
        undeployed = {action.address for action in actions if action.destructive}
        return tuple(sorted(undeployed & self.wanted.approved))

    def _permitted(
        self, world: World, planned: Planned, permission: _Permission
    ) -> tuple[Planned, tuple[Outcome, ...]]:
        """The fresh plan with only the actions that are permitted, and the outcomes of those that are left out."""
        permitted, found = permit(
            world,
            permission.plan,
            planned,
            self.wanted,
            expect=permission.expect,
            skip_stale=permission.skip_stale,
        )
        moved = dict(line.split(": ", 1) for line in found.moved)
        left_out = tuple(
            Outcome(address=a.address, verb=a.verb, kind=OutcomeKind.SKIPPED, error=f"left out: {moved[a.id]}")
            for a in permission.plan.actions
            if a.id in moved
        )
        if found.new and not permission.plan.partial:
            streams.err(ci(f"not in this plan, so not done: {', '.join(found.new)}"))
        return permitted, left_out

    def publish(self, result: tuple[Report, Plan], code: int | None) -> None:
        report, made = result
        if code is not None:
            report = replace(report, exit_code=code, reasons=("interrupted", *report.reasons))
        self.end.publish(
            documents.report_forms(report, made, self.options),
            code=report.exit_code,
            reasons=report.reasons,
            counts=report.summary,
            text=report_verdict(report),
            partial=report.partial,
        )


def _start(
    options: Common, plan_file: str | None, expect: str | None, skip_stale: bool
) -> tuple[Inventory, _Permission | None]:
    """The inventory, and what a saved plan permits."""
    if plan_file is None:
        return reading.read_inventory(options.inventory), None
    saved = read_plan(streams.load(plan_file, "saved plan"), key=environment.plan_key())
    paths = (options.inventory,) if options.inventory else saved.inventory.files
    if paths == ("-",) and options.inventory is None:
        raise click.UsageError(f"this plan is of an inventory that was piped in: name it too, --plan {plan_file} FILE")
    permission = _Permission(plan=saved, saved=True, expect=expect, skip_stale=skip_stale)
    return reading.read_inventories(paths), permission


async def _plan(setup: Setup, wanted: Wanted, watch: Reading) -> Planned:
    async with open_world(replace(setup, write=False, answered=watch.answered)) as world:
        return await plan(world, wanted)


def _ask(setup: Setup, wanted: Wanted, options: Common) -> _Permission:
    """Show the plan and ask; what was shown is then applied like a saved plan, for the world may move meanwhile. Ends
    the run with 1 where the answer is no."""
    watch = Reading(len(wanted.selected), options)
    with watch.shown():
        shown = run_async(lambda _stop: _plan(setup, wanted, watch)).plan
    _show(shown, options, setup)
    if shown.actions and not shown.stopped and not click.confirm(f"Apply {_count(shown)}?", err=True):
        streams.err("Nothing was done.")
        raise click.exceptions.Exit(1)
    return _Permission(plan=shown, saved=False)


def _show(made: Plan, options: Common, setup: Setup) -> None:
    forms = documents.plan_forms(made, options, now=setup.clock.now(), next_command=None)
    aside = options.format != "text" or options.stdout_is_taken
    (streams.err if aside else streams.out)(forms["text"]())


def _count(made: Plan) -> str:
    return "this action" if len(made.actions) == 1 else f"these {len(made.actions)} actions"
