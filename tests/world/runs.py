"""One seeded story: an inventory, then applies that end, are killed or stopped, edits and drift; then calm until
nothing is left to do. Runs the real engine, one life of it per session, on virtual time."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import httpx
from msgspec.structs import replace

from reconciler.core.capabilities import PlatformType
from reconciler.core.drift import find_drift
from reconciler.core.live import LiveState
from reconciler.core.model import (
    Deployment,
    Export,
    Inventory,
    Limits,
    Model,
    OnBroken,
    OnUnknown,
    PlatformEntry,
    Source,
    Target,
)
from reconciler.core.plan import Plan
from reconciler.core.record import Record
from reconciler.core.report import OutcomeKind
from reconciler.engine.applying import Orders, apply
from reconciler.engine.operations import adopt
from reconciler.engine.planning import Planned, Wanted, permit, plan
from reconciler.engine.waiting import Stop
from reconciler.engine.world import Account, Recollection, World
from reconciler.errors import LockHeld, PlanRefused
from reconciler.journal import sqlite
from reconciler.journal.lock import Lock
from reconciler.journal.sqlite import SqliteStore

from .invariants import Invariants, Session, Violation
from .loop import JumpyClock, Killed, Stuck, VirtualLoop, abandon
from .world import NEVER, SETTLED, FakePlatform, JobsPlatform, ListedPlatform, Request, Service, Weather

ROUNDS: Final = 12
"""So many applies in calm weather are enough for anything."""


class Journal(SqliteStore):
    """The real store, which may die before or after its next writes."""

    history: list[Record]
    on_write: Callable[[Callable[[], None]], None]

    def write(self, records: Sequence[Record]) -> None:
        def done() -> None:
            super(Journal, self).write(records)
            self.history.extend(records)

        self.on_write(done)


@dataclass(slots=True, kw_only=True)
class Ending:
    """How a session ends before its time: `kill` or stop, at an instant, around the nth write (`before` or after it is
    on disk), or `seconds` after the nth request."""

    kill: bool
    at: float | None = None
    write: int | None = None
    before: bool = False
    request: int | None = None
    seconds: float = 0.0


Work = Callable[[World, Session, Stop], Awaitable[None]]


class Story:
    """All that happens under one seed. `lines` is what happened, for comparing."""

    def __init__(self, seed: int, folder: Path, *, late: bool = False) -> None:
        self.chance = random.Random(seed)
        chance = self.chance
        flips = chance.random() < 0.15
        self.weather = Weather(chance, heat=chance.choice((0.0, 0.05, 0.15, 0.3)), flips=flips, late=late)
        self.services = {
            "listed": Service("listed", "http://127.0.0.1:1", self.weather, by_model=True),
            "jobs": Service("jobs", "http://127.0.0.1:2", self.weather, by_model=False),
        }
        self.folder, self.time, self.offset, self.runs = folder, 1000.0, 0.0, 0
        self.jumps = chance.random() < 0.1
        self.rules = Invariants(services=self.services, exports=folder / "exports", late=late, flips=flips)
        self.models = {model.name: model for model in self._models(chance.randint(5, 15))}
        self.removed: dict[str, Model] = {}
        self.limits = Limits(max_undeploy_percent=chance.choice((100, 100, 30)))
        self.lines: list[str] = []
        self._ends: Callable[[], None] = lambda: None
        self._timers: list[asyncio.TimerHandle] = []

    # The inventory.

    def _models(self, count: int) -> Iterator[Model]:
        chance, names = self.chance, list[str]()
        for number in range(count):
            platform = chance.choice(("listed", "jobs"))
            jobs = platform == "jobs"
            deployment = chance.choice((*Deployment, *SETTLED, *SETTLED))
            export = None
            if chance.random() < (0.4 if jobs else 0.03):
                export = Export(before_undeploy=chance.random() < 0.7, max_age=chance.choice((None, 3600.0, 604800.0)))
            yield Model(
                platform=platform,
                name=f"m{number}",
                id=f"id-{number}",
                target=Target(deployment=Deployment(deployment), export=export),
                source=Source(file="inventory.yaml", line=number + 1),
                after=tuple(sorted(chance.sample(names, min(len(names), chance.choice((0, 0, 0, 1, 2)))))),
                protect=True if deployment is Deployment.DEPLOYED and chance.random() < 0.15 else None,
                on_unknown=chance.choice((OnUnknown.BLOCK,) * 6 + (OnUnknown.ACT,)),
                on_broken=chance.choice(tuple(OnBroken)),
                settings={"size": 1},
                probe_path="/probe" if jobs and chance.random() < 0.3 else None,
                timeout=300.0 if chance.random() < 0.15 else None,
            )
            names.append(f"{platform}/m{number}")
            self._create(platform, f"id-{number}")

    def _create(self, platform: str, identity: str) -> None:
        chance, service = self.chance, self.services[platform]
        if service.things and chance.random() < 0.03:
            return  # it is only in the inventory
        odd = platform == "listed" and chance.random() < 0.06
        state = chance.choice((LiveState.BROKEN, LiveState.NOT_READY) if odd else SETTLED)
        service.add(identity, state)
        if state is LiveState.NOT_READY:
            ready = chance.uniform(1000, 4000)
            service.at(ready, lambda: service.things[identity].shown.append((ready, LiveState.UNDEPLOYED)))

    def edit(self) -> None:
        """A pull request changes a few entries."""
        chance = self.chance
        for name, model in list(self.models.items()):
            dice = chance.random()
            if dice < 0.15:
                wanted = chance.choice((Deployment.DEPLOYED, Deployment.UNDEPLOYED))
                self.models[name] = replace(model, target=replace(model.target, deployment=wanted))
            elif dice < 0.25:
                self.models[name] = replace(model, settings={"size": chance.randint(1, 3)})
            elif dice < 0.29 and len(self.models) > 3:
                self.removed[name] = self.models.pop(name)
        for name in list(self.removed):
            if chance.random() < 0.3:
                self.models[name] = replace(self.removed.pop(name), protect=None)

    def _inventory(self) -> Inventory:
        known = {model.address for model in self.models.values()}
        models = (replace(m, after=tuple(a for a in m.after if a in known)) for m in self.models.values())
        return Inventory(
            files=("inventory.yaml",),
            directory=str(self.folder),
            digest="sha256:0",
            platforms=tuple(PlatformEntry(name=name, type=name) for name in self.services),
            models=tuple(sorted(models, key=lambda model: model.address)),
            limits=self.limits,
        )

    # One life of the engine.

    def session(self, work: Work, ending: Ending | None = None) -> Session:
        """Do `work` with a world of its own. Nothing of the engine outlives this but what is on disk."""
        self.runs += 1
        path = str(self.folder / "journal.db")
        with Lock(path, run=f"r-{self.runs}"):
            loop = VirtualLoop(self.time, self.chance)
            loop.ends = loop.now + 86400.0
            loop.set_exception_handler(lambda _, context: self.rules.check(False, f"unhandled: {context}"))
            clock = JumpyClock(lambda: loop.now)
            clock.offset = self.offset
            sqlite.make_folder(Path(path))
            sqlite.prepare(Path(path), create=True)
            store = Journal(Path(path))
            store.check(create=True)
            inventory = self._inventory()
            history = list(store.read())
            store.history = history
            session = Session(
                run=f"r-{self.runs}",
                models={model.address: model for model in inventory.models},
                history=history,
                began=loop.now,
            )
            world = self._world(inventory, store, clock, session, loop, ending)
            try:
                self._live(loop, clock, work, world, session, ending)
            finally:
                self.time, self.offset = loop.now, clock.offset
                store.close()
                abandon(loop)
        for service in self.services.values():
            service.advance(self.time)
        self.lines += [f"{request.at:.3f} {request}" for request in session.requests]
        # A plan's id is random, and nothing hangs on it.
        self.lines += [str(replace(record, plan=None)) for record in history if record.run == session.run]
        self.lines += [str(outcome) for outcome in (session.report.outcomes if session.report else ())]
        self.rules.remembered(session)
        if self.rules.violations:
            raise Violation("\n".join(self.rules.violations))
        return session

    def _live(
        self, loop: VirtualLoop, clock: JumpyClock, work: Work, world: World, session: Session, ending: Ending | None
    ) -> None:
        stop = Stop()
        timers: list[asyncio.TimerHandle] = []

        def end() -> None:
            self.lines.append(f"{loop.now:.3f} {ending}")
            if ending is not None and ending.kill:
                raise Killed
            session.stopped_at = loop.now
            stop.set()

        if ending is not None and ending.at is not None:
            timers.append(loop.call_later(ending.at, end))
        for service in self.services.values():
            for _ in range(self.chance.choice((0, 0, 1, 3)) if self.weather.heat and service.things else 0):
                service.at(loop.now + self.chance.uniform(0, 1200), service.by_hand)
        if self.jumps:
            jump = self.chance.choice((-86400.0, 86400.0))
            self.rules.blind = self.rules.blind or jump > 0
            timers.append(loop.call_later(self.chance.uniform(0, 300), lambda: setattr(clock, "offset", jump)))
        self._ends, self._timers = end, timers
        task = loop.create_task(_done(work(world, session, stop)), name=session.run)
        try:
            loop.run_until_complete(task)
        except Killed:
            return
        except Stuck as error:
            raise Violation(f"{session.run}: {error}") from error
        for timer in timers:
            timer.cancel()
        left = [task for task in asyncio.all_tasks(loop) if not task.done()]
        if session.stopped_at is None:
            self.rules.check(not left, f"{session.run}: tasks are left: {left}")
            waiting = [handle for handle in loop._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]
            self.rules.check(not waiting, f"{session.run}: timers are left: {waiting}")
        for other in left:
            other.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left))

    def _world(
        self,
        inventory: Inventory,
        store: Journal,
        clock: JumpyClock,
        session: Session,
        loop: VirtualLoop,
        ending: Ending | None,
    ) -> World:
        count = {"write": 0}

        def on_write(done: Callable[[], None]) -> None:
            count["write"] += 1
            due = ending is not None and ending.write == count["write"]
            if due and ending is not None and ending.before:
                self._ends()
            done()
            if due and ending is not None and not ending.before:
                self._ends()

        def sends(request: Request) -> None:
            self.rules.sent(session, request)
            if ending is not None and ending.request == len(session.requests):
                self._timers.append(loop.call_later(ending.seconds, self._ends))

        store.on_write = on_write
        kinds: dict[str, type[FakePlatform]] = {"listed": ListedPlatform, "jobs": JobsPlatform}
        accounts = {}
        for name, service in self.services.items():
            service.advance(loop.now)
            platform = kinds[name](service, clock, session.run, sends)
            type_ = PlatformType(name=name, id_pattern=".*", capabilities=platform.capabilities)
            accounts[name] = Account(name=name, type=type_, origin=service.origin, platform=platform)
        return World(
            inventory=inventory,
            accounts=accounts,
            store=store,
            recollection=Recollection.of(tuple(session.history)),
            clock=clock,
            chance=self.chance,
            run=session.run,
            tool_version="1.0",
        )

    # What a session does.

    def wanted(self, session: Session, *, approve: bool) -> Wanted:
        session.approved = frozenset(session.models) if approve else frozenset()
        return Wanted(selected=frozenset(session.models), partial=False, limits=self.limits, approved=session.approved)

    def applying(
        self, *, approve: bool = False, reissue: bool = False, saved: Plan | None = None, skip_stale: bool = False
    ) -> Work:
        async def work(world: World, session: Session, stop: Stop) -> None:
            wanted = self.wanted(session, approve=approve)
            planned = await plan(world, wanted)
            if saved is not None:
                try:
                    planned, _ = permit(world, saved, planned, wanted, expect=None, skip_stale=skip_stale)
                except PlanRefused:
                    return
            self._note(session, planned)
            if planned.plan.stopped:
                return
            orders = Orders(
                exports=self.folder / "exports",
                tell=lambda event: self.rules.told(session, event),
                warn=lambda _line: None,
                stop=stop,
                reissue=reissue,
                saved=saved.id if saved else None,
            )
            report = await apply(world, planned, planned.plan.actions, orders)
            self.rules.reported(session, report, asyncio.get_running_loop().time())

        return work

    def planning(self, found: list[Plan], *, approve: bool = False) -> Work:
        async def work(world: World, session: Session, _stop: Stop) -> None:
            wanted, before = self.wanted(session, approve=approve), len(session.history)
            planned = await plan(world, wanted)
            find_drift(world.inventory.models, planned.snapshot, world.memories())
            found.append(planned.plan)
            self.rules.check(len(session.history) == before, f"{session.run}: a plan wrote to the journal")

        return work

    def operator(self) -> Work:
        """A person looks at every model at rest that reconciler knows nothing of, and says what it is."""

        async def work(world: World, session: Session, _stop: Stop) -> None:
            planned = await plan(world, self.wanted(session, approve=False))
            for address, live in planned.snapshot.lives.items():
                model = session.models[address]
                thing = self.services[model.platform].things.get(model.id)
                at_rest = thing is not None and thing.state in SETTLED
                if live.state is LiveState.UNKNOWN and at_rest and not self._under_way(model):
                    assert thing is not None
                    await asyncio.to_thread(adopt, world, model, thing.state, at=world.clock.now(), who="a person")

        return work

    def _under_way(self, model: Model) -> bool:
        return bool(self.services[model.platform].pending(model.id))

    @staticmethod
    def _note(session: Session, planned: Planned) -> None:
        session.actions = planned.plan.actions
        blocked = {entry.address for entry in planned.plan.blocked}
        session.stuck = frozenset(blocked | {failure.address for failure in planned.plan.failures})

    # The story.

    def play(self) -> str:
        """Everything in order; the digest of what happened. Raises `Violation`."""
        with downloads(self.services, self.weather):
            self.session(self.operator())
            for _ in range(self.chance.randint(2, 5)):
                self._step()
                self.time += self.chance.choice((0.0, 1.0, 30.0, 600.0, 7200.0))
            self._calm()
        return sha256("\n".join(self.lines).encode()).hexdigest()

    def _step(self) -> None:
        chance = self.chance
        orders: dict[str, Any] = {"approve": chance.random() < 0.3, "reissue": chance.random() < 0.2}
        match chance.choice(("apply", "kill", "kill", "kill", "stop", "edit", "saved", "operator", "plan", "lock")):
            case "apply":
                self.session(self.applying(**orders))
            case "kill" | "stop" as how:
                self.session(self.applying(**orders), self._ending(kill=how == "kill"))
            case "edit":
                self.edit()
                self.session(self.applying(**orders), self._ending(kill=True) if chance.random() < 0.3 else None)
            case "saved":
                self._saved(orders)
            case "operator":
                self.session(self.operator())
            case "plan":
                self.session(self.planning([]))
            case "lock":
                self._excluded()

    def _ending(self, *, kill: bool) -> Ending:
        chance = self.chance
        match chance.choice(("at", "write", "request", "request")):
            case "at":
                return Ending(kill=kill, at=chance.choice((chance.uniform(0, 5), chance.uniform(0, 300))))
            case "write":
                return Ending(kill=kill, write=chance.randint(1, 30), before=chance.random() < 0.5)
        return Ending(kill=kill, request=chance.randint(1, 6), seconds=chance.choice((0, 0.1, 0.5, 2, 20)))

    def _saved(self, orders: dict[str, Any]) -> None:
        found: list[Plan] = []
        self.session(self.planning(found, approve=orders["approve"]))
        self.time += self.chance.choice((1.0, 3600.0))
        used = self.session(self.applying(**orders, saved=found[0], skip_stale=self.chance.random() < 0.5))
        again = self.session(self.applying(**orders, saved=found[0], skip_stale=True))
        twice = used.report is not None and (again.report is not None or again.requests)
        self.rules.check(not twice, f"{again.run}: a saved plan was used twice")

    def _excluded(self) -> None:
        with Lock(str(self.folder / "journal.db"), run="another"):
            try:
                self.session(self.applying())
            except LockHeld:
                return
        raise Violation("two held the lock at once")

    def _calm(self) -> None:
        """No more faults: apply until nothing is left to do, or only what cannot be done."""
        self.weather.clear_up()
        self.jumps = False
        self.time += NEVER
        failing: list[str] = []
        for _ in range(ROUNDS):
            self.time += 600.0
            self.session(self.operator())
            done = self.session(self.applying(approve=True))
            outcomes = done.report.outcomes if done.report else ()
            before, failing = failing, [outcome.id for outcome in outcomes]
            vain = all(outcome.kind in (OutcomeKind.FAILED, OutcomeKind.SKIPPED) for outcome in outcomes)
            if not outcomes or (vain and failing == before):
                break
        else:
            raise Violation(f"still something to do after {ROUNDS} calm applies: {outcomes}")
        found: list[Plan] = []
        last = self.session(self.planning(found, approve=True))
        self.rules.converged(last, found[0], failing)
        if not failing:
            quiet = self.session(self.applying(approve=True))
            self.rules.check(not quiet.requests, f"{quiet.run}: asked for something when nothing was left to do")
        if self.rules.violations:
            raise Violation("\n".join(self.rules.violations))


async def _done(work: Awaitable[None]) -> None:
    await work


@contextmanager
def downloads(services: dict[str, Service], weather: Weather) -> Iterator[None]:
    """Exported files without a network: httpx's own transport answers from the truth."""

    async def answer(_transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(weather.chance.uniform(0, 20))
        if weather.strikes():
            raise httpx.ReadError("the connection broke")
        work = services["jobs"].works.get(request.url.path.strip("/"))
        whole = work is not None and work.ended and not work.fails and not weather.strikes()
        return httpx.Response(200 if whole else 404, stream=_Bytes(b"PK\x03\x04" + request.url.path.encode()))

    with patch.object(httpx.AsyncHTTPTransport, "handle_async_request", answer):
        yield


class _Bytes(httpx.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> Any:
        yield self._content
