"""Runs a plan: one task per action, each waiting for what it requires. A failure becomes an outcome, never an
exception."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from reconciler.core.event import Phase
from reconciler.core.memory import NOTHING, Memory
from reconciler.core.model import Model
from reconciler.core.plan import Action
from reconciler.core.report import Outcome, OutcomeKind
from reconciler.engine.action_run import ActionRun, Means
from reconciler.engine.perform import broken, interrupted, perform, settle
from reconciler.engine.waiting import Patience
from reconciler.engine.world import World

LAST_SECONDS: Final = 4.0
"""After a stop: how long answers to requests already sent are waited for. CI systems kill after 7.5 to 10 seconds."""


class Applier:
    """Runs the actions of one plan."""

    def __init__(
        self, world: World, actions: Sequence[Action], means: Means, *, hurry: Callable[[], object] = lambda: None
    ) -> None:
        """`hurry` is called when the run was told to stop."""
        self._world, self._actions, self._means, self._hurry = world, actions, means, hurry
        self._models: Mapping[str, Model] = {model.address: model for model in world.inventory.models}
        self._memories: Mapping[str, Memory] = world.memories()
        self._tasks: dict[str, asyncio.Task[Outcome]] = {}
        self._turns = {action.address: asyncio.Lock() for action in actions}
        self._groups = {action.concurrency: asyncio.Lock() for action in actions if action.concurrency}
        self._runs: dict[str, ActionRun] = {}

    async def run(self) -> tuple[Outcome, ...]:
        """Exactly one outcome per action, in the order of the actions."""
        self._tasks = {a.id: asyncio.create_task(self._one(a), name=a.id) for a in self._actions}
        await self._watch()
        return tuple([await self._outcome(action) for action in self._actions])

    async def _watch(self) -> None:
        """Wait for all tasks; once told to stop, for a few seconds only."""
        stopped = asyncio.create_task(self._means.stop.wait())
        everything = asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await asyncio.wait((everything, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if self._means.stop.is_set:
            self._hurry()
        running = {task for task in self._tasks.values() if not task.done()}
        if running:
            _, running = await asyncio.wait(running, timeout=LAST_SECONDS)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def _outcome(self, action: Action) -> Outcome:
        task = self._tasks[action.id]
        if not task.cancelled() and task.exception() is None:
            return task.result()
        run = self._runs.get(action.id) or self._run_of(action)
        if run.ended is not None:
            return run.ended
        if task.cancelled():
            return await settle(run, interrupted(run))
        return await settle(run, broken(run, task.exception()))

    async def _one(self, action: Action) -> Outcome:
        for needed in action.requires:
            task = self._tasks.get(needed)
            if task is None:
                continue
            if not task.done():
                self._run_of(action).tell(Phase.WAITING, f"for {needed}")
                await asyncio.wait([task])
            kind = "broken off" if task.cancelled() or task.exception() else task.result().kind
            if kind != OutcomeKind.SUCCEEDED:
                run = self._run_of(action)
                text = f"needs {needed}, which is {kind}"
                return await settle(run, run.outcome(OutcomeKind.SKIPPED, error=text))
        async with self._turns[action.address]:  # platforms run one job per model
            group = self._groups.get(action.concurrency or "")
            if group is None:
                return await self._perform(action)
            if group.locked():
                self._run_of(action).tell(Phase.WAITING, f"for its turn in {action.concurrency}")
            async with group:
                return await self._perform(action)

    async def _perform(self, action: Action) -> Outcome:
        run = self._runs[action.id] = self._run_of(action)
        run.began = self._world.clock.now()
        return await perform(run)

    def _run_of(self, action: Action) -> ActionRun:
        model = self._models[action.address]
        platform = self._world.accounts[model.platform].platform
        assert platform is not None
        capabilities = platform.capabilities
        return ActionRun(
            action=action,
            model=model,
            memory=self._memories.get(action.address, NOTHING),
            platform=platform,
            means=self._means,
            patience=Patience(
                self._means.stop,
                limit=capabilities.limit(model, action.verb),
                first=capabilities.poll,
                chance=self._world.chance,
            ),
        )
