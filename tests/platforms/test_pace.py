"""How many requests at once, and how many a minute: one pace for all that is asked of a platform."""

import asyncio
from collections.abc import Awaitable

import pytest

from reconciler.core.job import Verb
from reconciler.core.live import LiveState
from reconciler.platforms.pace import Pace
from reconciler.simulator import KORE_KEY

from .asking import go, job, live, model, opened
from .lines import channel, get, post
from .service import Said, Say, Seen, Service

pytestmark = pytest.mark.anyio


class Counting:
    """Answers after a moment, and counts how many requests it holds at once."""

    def __init__(self) -> None:
        self.now = 0
        self.most = 0
        self.at: list[float] = []

    async def __call__(self, _: Seen) -> Said:
        self.at.append(asyncio.get_running_loop().time())
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01)
        self.now -= 1
        return Say({"status": "IN_PROGRESS", "dockStatusId": "ds-1"})


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_reads_and_actions_together_keep_to_the_concurrency(concurrency: int) -> None:
    counting = Counting()
    async with Service(counting) as service, channel(service.origin, concurrency=concurrency) as line:
        reads: list[Awaitable[object]] = [line.read(get()) for _ in range(8)]
        await asyncio.gather(*reads, *(line.act(post()) for _ in range(8)))

    assert (len(service.seen), counting.most) == (16, concurrency)


@pytest.mark.parametrize(("wanted", "kept"), [(None, 4), (2, 2), (100, 4)])
async def test_the_inventory_may_only_lower_the_concurrency(wanted: int | None, kept: int) -> None:
    counting = Counting()
    jobs = [job(Verb.DEPLOY, "ds-1", address=f"kore/{number}") for number in range(20)]
    async with (
        Service(counting) as service,
        opened("kore", service.origin, key=KORE_KEY, concurrency=wanted) as platform,
    ):
        await platform.poll(jobs)
        stated = platform.capabilities.concurrency

    assert (stated, counting.most, len(service.seen)) == (kept, kept, 20)


async def test_probes_keep_to_the_same_concurrency() -> None:
    counting = Counting()
    async with Service(counting) as service:
        probe = (service.origin, "probe-key")
        async with opened("kore", service.origin, key=KORE_KEY, probe=probe, concurrency=2) as platform:
            probed = [model(f"cm-{number}", probe_path="/probe") for number in range(6)]
            asked = [platform.start(Verb.UNDEPLOY, one, live(one, LiveState.UNKNOWN), go) for one in probed]
            await asyncio.gather(platform.observe(probed, {}), *asked)

    assert (counting.most, len(service.seen)) == (2, 12)


async def test_requests_a_minute_are_spread_evenly() -> None:
    counting = Counting()
    async with Service(counting) as service, channel(service.origin, per_minute=1200) as line:
        before = asyncio.get_running_loop().time()
        await asyncio.gather(*(line.read(get()) for _ in range(7)))

    assert len(counting.at) == 7
    for number, at in enumerate(counting.at):
        assert at - before >= number * 0.05 - 0.01


async def test_an_idle_time_is_not_saved_up() -> None:
    counting = Counting()
    async with Service(counting) as service, channel(service.origin, per_minute=1200) as line:
        await line.read(get())
        await asyncio.sleep(0.2)
        before = asyncio.get_running_loop().time()
        await asyncio.gather(*(line.read(get()) for _ in range(3)))

    assert counting.at[3] - before >= 2 * 0.05 - 0.01


async def test_every_attempt_of_a_read_counts() -> None:
    at: list[float] = []

    def answer(_: Seen) -> Said:
        at.append(asyncio.get_running_loop().time())
        return Say(status=503)

    async with Service(answer) as service, channel(service.origin, per_minute=1200) as line:
        before = asyncio.get_running_loop().time()
        await line.read(get())

    assert len(at) == 3
    assert at[2] - before >= 2 * 0.05 - 0.01


async def test_who_is_cancelled_while_waiting_for_a_place_takes_none() -> None:
    pace, first_may_end = Pace(1, None), asyncio.Event()
    first = asyncio.create_task(hold(pace, first_may_end))
    second = asyncio.create_task(hold(pace, first_may_end))
    await asyncio.sleep(0.01)
    second.cancel()
    first_may_end.set()

    async with asyncio.timeout(1):
        await first
        await hold(pace, first_may_end)
    assert second.cancelled()


async def test_who_is_cancelled_while_waiting_for_the_time_gives_the_place_back() -> None:
    pace, at_once = Pace(1, 600), asyncio.Event()
    at_once.set()
    await hold(pace, at_once)
    waiting = asyncio.create_task(hold(pace, at_once))
    await asyncio.sleep(0.01)
    waiting.cancel()

    async with asyncio.timeout(1):
        await hold(pace, at_once)
    assert waiting.cancelled()


async def hold(pace: Pace, until: asyncio.Event) -> None:
    """Keep a place until something happens."""
    async with pace.turn():
        await until.wait()


@pytest.mark.parametrize(("wanted", "kept"), [(None, None), (600.0, 600.0)])
async def test_kore_states_no_rate_and_the_inventory_may(wanted: float | None, kept: float | None) -> None:
    async with opened("kore", "http://127.0.0.1:1", key=KORE_KEY, requests_per_minute=wanted) as platform:
        assert platform.capabilities.requests_per_minute == kept


async def test_the_inventorys_own_times_hold() -> None:
    async with opened("kore", "http://127.0.0.1:1", key=KORE_KEY, poll=1.5, settle=0.0) as platform:
        assert (platform.capabilities.poll, platform.capabilities.settle) == (1.5, 0.0)
    async with opened("kore", "http://127.0.0.1:1", key=KORE_KEY) as platform:
        assert (platform.capabilities.poll, platform.capabilities.settle) == (5.0, 60.0)


async def order(pace: Pace, plan: str) -> str:
    """In which order those get their turn who come in this order while the only place is taken: p is patient, and a
    letter in capitals leaves before its turn."""
    taken, turns = asyncio.Event(), []

    async def take(name: str) -> None:
        async with pace.turn(patient=name.lower() == "p"):
            turns.append(name)

    first = asyncio.create_task(hold(pace, taken))
    await asyncio.sleep(0)
    tasks = [asyncio.create_task(take(name)) for name in plan]
    await asyncio.sleep(0)
    for name, task in zip(plan, tasks, strict=True):
        if name.isupper():
            task.cancel()
    await asyncio.sleep(0)
    taken.set()
    async with asyncio.timeout(1):
        await asyncio.gather(first, *tasks, return_exceptions=True)
    return "".join(turns)


@pytest.mark.parametrize(
    ("plan", "turns"),
    [
        ("abc", "abc"),
        ("pap", "app"),
        ("ppabcdefgh", "abcpdefpgh"),
        ("pppp", "pppp"),
        ("aPpb", "abp"),
        ("AbpB", "bp"),
    ],
)
async def test_who_is_patient_lets_three_go_first_and_is_never_forgotten(plan: str, turns: str) -> None:
    assert await order(Pace(1, None), plan) == turns


async def test_a_turn_that_comes_as_its_taker_leaves_goes_to_the_next() -> None:
    pace, ends, later = Pace(1, None), asyncio.Event(), asyncio.Event()
    later.set()
    first = asyncio.create_task(hold(pace, ends))
    await asyncio.sleep(0)
    leaves, stays = (asyncio.create_task(hold(pace, later)) for _ in range(2))
    await asyncio.sleep(0)
    ends.set()
    leaves.cancel()  # and only then the first gives its place back

    async with asyncio.timeout(1):
        await first
        await stays
        await hold(pace, later)
    assert leaves.cancelled()


async def test_a_turn_that_came_before_its_taker_left_goes_to_the_next() -> None:
    pace, ends, later = Pace(1, None), asyncio.Event(), asyncio.Event()
    later.set()

    async def hold_and_cancel() -> None:
        await hold(pace, ends)
        leaves.cancel()  # its turn has come, and it has not run yet

    first = asyncio.create_task(hold_and_cancel())
    await asyncio.sleep(0)
    leaves, stays = (asyncio.create_task(hold(pace, later)) for _ in range(2))
    await asyncio.sleep(0)
    ends.set()

    async with asyncio.timeout(1):
        await first
        await stays
        await hold(pace, later)
    assert leaves.cancelled()
