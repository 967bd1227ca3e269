"""Bounds over real connections: deadlines, sizes, attempts, waits, redirects. The finer cases of each are in
`tests/platforms/test_http_reads.py` and `test_http_actions.py`."""

import asyncio
import dataclasses
import random
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeVar

import pytest
from msgspec.structs import replace

from reconciler.core.job import Verb
from reconciler.platforms.channel import pause
from reconciler.platforms.replies import LIST_LIMIT, AnswerLost
from reconciler.simulator import KORE_KEY, NUGEN_KEY, Fault, FaultKind, JobTime, SimulatedPlatforms
from reconciler.simulator.models import Verb as SimulatedVerb
from tests.platforms.asking import job, model, opened, unobserved
from tests.platforms.lines import channel, get, post
from tests.platforms.service import Say, Service

from .mix import LINE, stir
from .quick import QuickLoop
from .rows import Row
from .runner import Runner
from .table import Table

Result = TypeVar("Result")
FAR: Final = "Fri, 31 Dec 9999 23:59:59 GMT"


def hurry(work: Callable[[], Awaitable[Result]], factor: float) -> Result:
    """Run `work` where seconds are short."""

    async def whole() -> Result:
        return await work()

    with asyncio.Runner(loop_factory=lambda: QuickLoop(factor)) as runner:
        return runner.run(whole())


# Time and size.


@pytest.mark.anyio
@pytest.mark.parametrize("seconds", [0.02, 0.3, 0.9])
async def test_a_dripping_answer_ends_within_half_a_second_of_its_deadline(seconds: float) -> None:
    with SimulatedPlatforms() as platforms:
        platforms.kore.add("cm-1")
        platforms.kore.fault(Fault(FaultKind.DRIP, seconds=seconds, times=None))
        async with channel(platforms.kore_url, timeout=1.0) as line:
            took = []
            for _ in range(2):  # the better of two: this machine may be busy with other things
                began = asyncio.get_running_loop().time()
                with pytest.raises(AnswerLost, match="no whole answer in 1 s"):
                    await line.act(replace(post(), target="/api/public/models/cm-1/undeploy"))
                took.append(asyncio.get_running_loop().time() - began)

    assert 1.0 <= min(took) <= 1.5


@pytest.mark.anyio
async def test_a_list_beyond_64_mebibytes_is_not_kept() -> None:
    with SimulatedPlatforms() as platforms:
        platforms.nugen.fault(Fault(FaultKind.OVERSIZE, operation="list", size=LIST_LIMIT + 1, times=None))
        async with opened("nugen", platforms.nugen_url, key=NUGEN_KEY, request_timeout=30.0) as nugen:
            failure = await unobserved(nugen, model("alignment_1", "nugen"))

    assert failure.error == "GET /api/v3/models/aligned: the answer is larger than 67108864 bytes"


# Attempts and the waits between them.


@pytest.mark.parametrize("platform", ["kore", "nugen"])
def test_no_read_is_tried_more_than_three_times_and_only_what_may_pass_is_tried_again(platform: str) -> None:
    with SimulatedPlatforms(job_time=JobTime(seconds=0.5)) as platforms:
        world, url, key, operation = {
            "kore": (platforms.kore, platforms.kore_url, KORE_KEY, "dock-status"),
            "nugen": (platforms.nugen, platforms.nugen_url, NUGEN_KEY, "undeploy-status"),
        }[platform]
        started = world.start(world.add("model-1"), SimulatedVerb.UNDEPLOY)
        mix = stir(world, 7, 0.5)
        asked = job(Verb.UNDEPLOY, started.id if platform == "kore" else "model-1", address=f"{platform}/model-1")

        async def ask() -> list[list[str]]:
            tries = []
            async with opened(platform, url, key=key, request_timeout=6.0, chance=random.Random(1)) as line:
                for _ in range(70):
                    hits, before = len(mix.hits), len(world.log)
                    await line.poll([asked])
                    entries = world.log.entries[before:]
                    assert {entry.operation for entry in entries} <= {operation}
                    tries.append(
                        [hit.name for hit in mix.hits[hits:]] + ["fine"] * (len(entries) - len(mix.hits) + hits)
                    )
            return tries

        tries = hurry(ask, 20.0)

    assert {1, 2, 3} <= {len(names) for names in tries} <= {0, 1, 2, 3}
    for names in tries:
        # A busy machine may be late with a fine answer; what came and was odd is never asked for again.
        assert all(name in LINE or name == "fine" for name in names[:-1]), names


def test_pauses_are_spread_evenly_over_their_whole_length() -> None:
    for attempt, most in ((0, 0.5), (1, 1.0), (4, 8.0), (9, 10.0)):
        chance = random.Random(attempt)
        drawn = [pause(attempt, chance) / most for _ in range(20_000)]
        tenths = [sum(low <= value < low + 0.1 for value in drawn) for low in (n / 10 for n in range(10))]
        assert sum((count - 2000) ** 2 / 2000 for count in tenths) < 27.9  # chi-squared, 9 degrees, one in a thousand
        assert abs(sum(x * y for x, y in pairwise(v - 0.5 for v in drawn))) / 20_000 < 0.005  # and independently


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("1000000000", 60, 110),
        ("99999999999999999999999", 60, 110),
        (FAR, 60, 110),
        ("31", 60, 110),
        ("5", 10, 40),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0, 30),
        ("-1000000000", 0, 30),
        ("soon", 0, 30),
        ("1e9", 0, 30),
        ("", 0, 30),
    ],
)
def test_a_read_never_waits_longer_than_half_a_minute_twice(value: str, least: float, most: float) -> None:
    async def ask() -> tuple[float, int]:
        answer = Say(status=429, headers={"Retry-After": value})
        async with Service(lambda _: answer) as service, channel(service.origin, timeout=60) as line:
            began = asyncio.get_running_loop().time()
            await line.read(get())
            return asyncio.get_running_loop().time() - began, len(service.seen)

    took, asked = hurry(ask, 20.0)

    assert asked == 3
    assert least <= took <= most


ABSURD: Final = {
    "seconds": ("1000000000", 1, "failed"),
    "far": (FAR, 1, "failed"),
    "negative": ("-7", 3, "failed"),
    "past": ("Mon, 01 Jan 2001 00:00:00 GMT", 3, "failed"),
    "garbage": ("soon", 3, "failed"),
}


def test_an_absurd_retry_after_of_a_start_is_not_waited_for(runner: Runner, tmp_path: Path) -> None:
    def row(platform: str, name: str, value: str) -> Row:
        limited = Fault(FaultKind.REPLY, status=429, headers={"retry-after": value}, times=None)
        return Row(name=name, platform=platform, verb="undeploy", fault=limited, fields=", timeout: 5s")

    rows = [row(platform, name, ABSURD[name][0]) for platform in ("kore", "nugen") for name in ABSURD]
    with SimulatedPlatforms() as platforms:
        table = Table(rows, tmp_path, runner, platforms)
        ran = table.apply()

    assert ran.code == 5
    for row_ in rows:
        _, sent, outcome = ABSURD[row_.name]
        assert table.outcomes[row_.address]["outcome"] == outcome
        assert table.outcomes[row_.address]["seconds"] < 6
        assert len(table.starts(row_)) == sent


# Redirects.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_start_is_redirected_and_no_key_goes_elsewhere(runner: Runner, tmp_path: Path, status: int) -> None:
    ways = (("kore", "undeploy"), ("nugen", "deploy"), ("nugen", "undeploy"))
    with SimulatedPlatforms() as platforms, SimulatedPlatforms() as elsewhere:
        away = Fault(FaultKind.REDIRECT, url=f"{elsewhere.kore_url}/take?it=1", status=status, times=None)
        rows = [Row(name="away", platform=platform, verb=verb, fault=away) for platform, verb in ways]
        table = Table(rows, tmp_path, runner, platforms)
        ran = table.apply()
        assert len(elsewhere.kore.log) == 0

    assert ran.code == 5
    for row in rows:
        assert len(table.starts(row)) == 1
        assert table.journal(row) == ["intent", "refused", "settled"]
        assert "redirects are not followed" in table.outcomes[row.address]["error"]
    assert "take" not in ran.text


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_list_is_redirected_and_no_key_goes_elsewhere(runner: Runner, tmp_path: Path, status: int) -> None:
    row = Row(name="away", platform="nugen", verb="undeploy")
    with SimulatedPlatforms() as platforms, SimulatedPlatforms() as elsewhere:
        table = Table([row], tmp_path, runner, platforms)
        away = Fault(FaultKind.REDIRECT, url=f"{elsewhere.nugen_url}/take?it=1", status=status, times=None)
        platforms.nugen.fault(dataclasses.replace(away, operation="list"))
        ran = table.apply()
        assert len(elsewhere.nugen.log) == 0

    assert ran.code == 6
    assert f"answered {status}" in ran.text
    assert len(platforms.nugen.log) == 1
    assert "take" not in ran.text


def test_no_poll_is_redirected_and_no_key_goes_elsewhere(runner: Runner, tmp_path: Path) -> None:
    row = Row(name="away", platform="kore", verb="undeploy")
    with SimulatedPlatforms() as platforms, SimulatedPlatforms() as elsewhere:
        table = Table([row], tmp_path, runner, platforms, settle=0.3)
        url = f"{elsewhere.kore_url}/take?it=1"
        platforms.kore.fault(Fault(FaultKind.REDIRECT, url=url, operation="dock-status", times=None))
        ran = table.apply()
        assert len(elsewhere.kore.log) == 0

    assert ran.code == 5
    assert table.outcomes[row.address]["outcome"] == "in-flight"
    assert "answered 307" in table.outcomes[row.address]["error"]
