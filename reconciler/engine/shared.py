"""One look for all who ask, on a platform that shows all its models at once."""

import asyncio
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from reconciler.core.job import Job
from reconciler.core.live import Failure, Live, Observation
from reconciler.core.model import Model
from reconciler.engine.waiting import Patience
from reconciler.platforms.base import Platform


class _Asking(Struct, frozen=True, eq=False):
    """One who asks for a model, and is given what a look showed."""

    model: Model
    jobs: Mapping[str, Job]
    answer: asyncio.Future[Live | Failure] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Shared:
    """The looks at one platform."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._waiting: list[_Asking] = []
        self._following: dict[_Asking, None] = {}  # in the order they came, so that a run can be repeated
        self._reader: asyncio.Task[None] | None = None
        self._requests = 1  # that the last look took

    async def ask(self, model: Model, jobs: Mapping[str, Job]) -> Live | Failure:
        """A look at `model` now; those who ask while one is under way share the next. `jobs` is as for `observe`."""
        return await self._look(_Asking(model, jobs))

    async def follow(self, model: Model, job: Job, patience: Patience) -> Live | Failure | None:
        """Wait one step; what a look then shows, None where to ask for the job alone takes no more requests.

        Whose step is over first looks for all who follow a job here, and they all wait again. Raises what `patience`
        does."""
        mine = _Asking(model, {model.address: job})
        self._following[mine] = None
        step = asyncio.create_task(patience.next())
        try:
            await asyncio.wait((mine.answer, step), return_when=asyncio.FIRST_COMPLETED)
            if mine in self._following:
                await step
                if len(self._following) <= self._requests:
                    return None
                del self._following[mine]
                others, self._following = self._following, {}
                self._waiting += others
                return await self._look(mine)
            return await mine.answer
        finally:
            self._following.pop(mine, None)
            if not step.cancel() and not step.cancelled():
                step.exception()  # the look was there first

    async def _look(self, asking: _Asking) -> Live | Failure:
        self._waiting.append(asking)
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read())
        return await asking.answer

    async def _read(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            models = list({asking.model.address: asking.model for asking in group}.values())
            jobs = {address: job for asking in group for address, job in asking.jobs.items()}
            try:
                observation = await self._platform.observe(models, jobs)
            except Exception as error:  # a fault in a platform's class: told to each, and not to the loop
                for asking in group:
                    if not asking.answer.done():
                        asking.answer.set_exception(error)
                        asking.answer.exception()  # who asked may be gone
                continue
            self._requests = observation.requests
            pick = picker(observation)
            for asking in group:
                if not asking.answer.done():
                    asking.answer.set_result(pick(asking.model))


def picker(observation: Observation) -> Callable[[Model], Live | Failure]:
    """What tells what an observation says of a model."""
    lives = {live.address: live for live in observation.lives}
    failures = {failure.address: failure for failure in reversed(observation.failures)}

    def pick(model: Model) -> Live | Failure:
        found = lives.get(model.address) or failures.get(model.address) or failures.get(model.platform)
        return found or Failure(address=model.address, error="the platform's answer does not hold it")

    return pick
