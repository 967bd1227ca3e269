"""Reads: what is tried again and how often, how long it waits in between, and how much of an answer is taken."""

import asyncio
import random
from datetime import UTC, datetime
from itertools import count

import pytest

from reconciler.platforms.channel import pause
from reconciler.platforms.replies import LIST_LIMIT, REPLY_LIMIT, AnswerLost, NotSent, Reply, RequestFailed
from reconciler.simulator import NUGEN_KEY, Fault, FaultKind, SimulatedPlatforms

from .asking import StillClock, model, observed, opened
from .lines import KEY, channel, get
from .service import HANG_UP, Said, Say, Seen, Service

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_what_may_pass_is_tried_three_times_and_then_given_as_it_is(status: int) -> None:
    async with Service(lambda _: Say({"n": 1}, status=status)) as service, channel(service.origin) as line:
        reply = await line.read(get())

    assert (reply.status, reply.body) == (status, b'{"n": 1}')
    assert len(service.seen) == 3


@pytest.mark.parametrize("status", [200, 201, 204, 301, 302, 307, 400, 401, 403, 404, 408, 409, 410, 422, 501, 505])
async def test_any_other_answer_is_taken_at_once(status: int) -> None:
    async with Service(lambda _: Say(status=status)) as service, channel(service.origin) as line:
        reply = await line.read(get())

    assert reply.status == status
    assert len(service.seen) == 1


@pytest.mark.parametrize("failures", [1, 2])
async def test_a_later_attempt_may_succeed(failures: int) -> None:
    attempt = count()

    def answer(_: Seen) -> Said:
        return HANG_UP if next(attempt) < failures else Say({"ok": True})

    async with Service(answer) as service, channel(service.origin) as line:
        reply = await line.read(get())

    assert (reply.status, reply.body) == (200, b'{"ok": true}')
    assert len(service.seen) == failures + 1


async def test_a_connection_that_always_breaks_is_given_up_after_three_attempts() -> None:
    async with Service(lambda _: HANG_UP) as service, channel(service.origin) as line:
        with pytest.raises(AnswerLost) as caught:
            await line.read(get())

    assert str(caught.value).startswith(f"GET /TEMPLATE: the connection to {service.origin} broke (")
    assert len(service.seen) == 3


async def test_a_mixture_of_failures_is_three_attempts_too() -> None:
    answers = iter([HANG_UP, Say(status=503), b"HTTP/1.1 nonsense\r\n\r\n"])
    async with Service(lambda _: next(answers)) as service, channel(service.origin) as line:
        with pytest.raises(AnswerLost):
            await line.read(get())

    assert len(service.seen) == 3


async def test_a_service_that_is_not_there_is_not_reached() -> None:
    async with Service(lambda _: Say()) as gone:
        pass
    async with channel(gone.origin) as line:
        with pytest.raises(NotSent) as caught:
            await line.read(get())

    assert str(caught.value) == f"GET /TEMPLATE: cannot connect to {gone.origin}: connection refused"


# How long it waits.


class AtPoint9(StillClock):
    """A tenth of a second before a whole one, the finest that a date can say."""

    def now(self) -> datetime:
        return datetime(2026, 2, 2, 14, 0, 0, 900_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("1", 1.0), ("Mon, 02 Feb 2026 14:00:01 GMT", 0.1), ("Mon, 02 Feb 2026 14:00:00 GMT", 0.0), ("0", 0.0)],
)
async def test_a_read_waits_as_long_as_it_is_asked_to(retry_after: str, seconds: float) -> None:
    answers = iter([Say(status=429, headers={"Retry-After": retry_after}), Say({})])
    async with Service(lambda _: next(answers)) as service, channel(service.origin, clock=AtPoint9()) as line:
        before = asyncio.get_running_loop().time()
        reply = await line.read(get())
        took = asyncio.get_running_loop().time() - before

    assert reply.status == 200
    assert seconds <= took < seconds + 2


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("99999999999999999999", 999_999_999.0),
        ("Mon, 02 Feb 2026 14:01:00 GMT", 60.0),
        ("Mon, 02 Feb 2026 16:01:00 +0200", 60.0),
        ("Mon, 02 Feb 2026 13:00:00 GMT", 0.0),
        ("Mon, 02 Feb 2026 14:01:00 -0000", None),
        ("Mon, 02 Feb 99999 14:01:00 GMT", None),
        ("-5", None),
        ("1.5", None),
        ("\u0667", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert Reply(status=429, headers={"retry-after": value}, body=b"").retry_after(StillClock()) == seconds
    assert Reply(status=429, headers={}, body=b"").retry_after(StillClock()) is None


def test_pauses_grow_and_are_jittered_over_their_whole_length() -> None:
    class Longest(random.Random):
        def uniform(self, _a: float, b: float) -> float:
            return b

    assert [pause(attempt, Longest()) for attempt in range(7)] == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    drawn = [pause(1, random.Random(seed)) for seed in range(200)]
    assert all(0 <= seconds <= 1 for seconds in drawn)
    assert min(drawn) < 0.1
    assert max(drawn) > 0.9


# How many connections.


async def test_reads_one_after_the_other_share_a_connection() -> None:
    async with Service(lambda _: Say({})) as service, channel(service.origin) as line:
        for _ in range(5):
            await line.read(get())

    assert (len(service.seen), service.connections) == (5, 1)


async def test_reads_side_by_side_take_no_more_connections_than_allowed() -> None:
    async def answer(_: Seen) -> Said:
        await asyncio.sleep(0.005)
        return Say({})

    async with Service(answer) as service, channel(service.origin, concurrency=3) as line:
        await asyncio.gather(*(line.read(get()) for _ in range(40)))

    assert len(service.seen) == 40
    assert service.connections == service.open_most == 3


# How much of an answer.


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_answer_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(chunked: bool) -> None:
    sizes = {"/fits": 5000, "/too-large": 5001}

    def answer(seen: Seen) -> Said:
        body = b"x" * sizes[seen.target]
        if not chunked:
            return Say(body)
        return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)

    async with Service(answer) as service, channel(service.origin) as line:
        reply = await line.read(get("/fits"), limit=5000)
        with pytest.raises(RequestFailed) as caught:
            await line.read(get("/too-large"), limit=5000)

    assert reply.body == b"x" * 5000
    assert str(caught.value) == "GET /TEMPLATE: the answer is larger than 5000 bytes"


def test_the_limits_are_a_mebibyte_and_for_lists_64() -> None:
    assert (REPLY_LIMIT, LIST_LIMIT) == (1 << 20, 64 << 20)


async def test_an_ordinary_answer_has_the_small_limit_and_a_list_the_large_one(simulated: SimulatedPlatforms) -> None:
    simulated.nugen.add("alignment_1", facts={"evaluation_data": "x" * 2_000_000})
    async with opened("nugen", simulated.nugen_url, key=NUGEN_KEY) as nugen:
        found = await observed(nugen, model("alignment_1", "nugen"))
    simulated.kore.fault(Fault(FaultKind.OVERSIZE, size=REPLY_LIMIT + 1, times=None))
    async with channel(simulated.kore_url) as line:
        with pytest.raises(AnswerLost, match="larger than 1048576 bytes"):
            await line.read(get("/api/public/dock-status/ds-1"))

    assert found.state == "deployed"


async def test_a_compressed_answer_is_refused_before_it_can_grow(simulated: SimulatedPlatforms) -> None:
    simulated.kore.fault(Fault(FaultKind.GZIP_BOMB, size=5_000_000, times=None))
    async with channel(simulated.kore_url) as line:
        with pytest.raises(AnswerLost) as caught:
            await line.read(get())

    assert str(caught.value) == "GET /TEMPLATE: the answer is compressed though that was not asked for"


async def test_an_answer_may_say_that_it_is_not_compressed() -> None:
    said = Say(b"{}", headers={"content-encoding": "identity"})
    async with Service(lambda _: said) as service, channel(service.origin) as line:
        assert (await line.read(get())).body == b"{}"


async def test_headers_of_an_answer_are_given_in_lower_case() -> None:
    async with Service(lambda _: Say(headers={"X-Odd": "1"})) as service, channel(service.origin) as line:
        assert (await line.read(get())).headers["x-odd"] == "1"


async def test_a_cookie_is_not_kept() -> None:
    async with (
        Service(lambda _: Say({}, headers={"set-cookie": "session=1; Path=/"})) as service,
        channel(service.origin) as line,
    ):
        await line.read(get())
        await line.read(get())
        await line.act(get())

    assert ["cookie" in seen.headers for seen in service.seen] == [False] * 3


# Deadlines.


@pytest.mark.parametrize("fault", [FaultKind.DRIP, FaultKind.DELAY])
async def test_a_deadline_is_for_the_whole_answer(simulated: SimulatedPlatforms, fault: FaultKind) -> None:
    seconds = 0.02 if fault is FaultKind.DRIP else 5.0
    simulated.kore.fault(Fault(fault, seconds=seconds, times=None))
    async with channel(simulated.kore_url, timeout=0.3) as line:
        before = asyncio.get_running_loop().time()
        with pytest.raises(AnswerLost) as caught:
            await line.read(get())
        took = asyncio.get_running_loop().time() - before

    assert str(caught.value) == "GET /TEMPLATE: no whole answer in 0.3 s"
    assert 0.9 <= took < 3  # three attempts


# Redirects.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_is_not_followed(simulated: SimulatedPlatforms, status: int) -> None:
    async with Service(lambda _: Say({})) as elsewhere:
        simulated.kore.fault(Fault(FaultKind.REDIRECT, url=f"{elsewhere.origin}/take", status=status))
        async with channel(simulated.kore_url) as line:
            reply = await line.read(get())

    assert reply.status == status
    assert (len(simulated.kore.log), elsewhere.connections) == (1, 0)


async def test_a_redirect_of_a_list_is_a_failure(simulated: SimulatedPlatforms) -> None:
    simulated.nugen.fault(Fault(FaultKind.REDIRECT, url="http://elsewhere.example/login?next=x", times=None))
    async with opened("nugen", simulated.nugen_url, key=NUGEN_KEY) as nugen:
        observation = await nugen.observe([model("a", "nugen")], {})

    assert [failure.error for failure in observation.failures] == ["GET /api/v3/models/aligned answered 307"]


async def test_what_every_read_carries() -> None:
    async with Service(lambda _: Say({})) as service, channel(service.origin) as line:
        await line.read(get("/a/b?c=d"))

    (seen,) = service.seen
    assert seen.line == "GET /a/b?c=d"
    assert (seen.headers["x-api-key"], seen.headers["authorization"]) == (KEY, f"Bearer {KEY}")
    assert (seen.headers["accept"], seen.headers["accept-encoding"]) == ("application/json", "identity")
    assert seen.headers["user-agent"] == "reconciler"
    assert seen.body == b""
    assert "content-type" not in seen.headers


async def test_a_wrong_key_is_answered_once(simulated: SimulatedPlatforms) -> None:
    async with channel(simulated.kore_url) as line:
        reply = await line.read(get("/api/public/dock-status/ds-1"))

    assert reply.status == 401
    assert len(simulated.kore.log) == 1
