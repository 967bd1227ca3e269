"""Where the key goes, and that no text about a failure holds it."""

import asyncio
import logging
import traceback

import pytest
from msgspec.structs import replace

from reconciler.core.job import Refused, Verb
from reconciler.core.model import PlatformEntry
from reconciler.platforms.access import Access, Credentials
from reconciler.platforms.base import Opening
from reconciler.platforms.replies import RequestFailed
from reconciler.secret import MASK, Secret
from reconciler.simulator import Fault, FaultKind, SimulatedPlatforms

from .asking import NoPause, StillClock, job, model, observed, opened, started, unpolled
from .lines import KEY, channel, get, post
from .service import HANG_UP, Said, Say, Seen, Service

pytestmark = pytest.mark.anyio

FAILURES: list[Said] = [
    HANG_UP,
    b"garbage\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
    Say(b"", headers={"content-encoding": "gzip"}),
    Say(b"x" * 2_000_000),
]


@pytest.mark.parametrize("said", FAILURES, ids=["none", "garbage", "half", "compressed", "large"])
@pytest.mark.parametrize("acting", [True, False])
async def test_no_failure_shows_the_key(said: Said, acting: bool) -> None:
    async with Service(lambda _: said) as service, channel(service.origin) as line:
        with pytest.raises(RequestFailed) as caught:
            await (line.act(post()) if acting else line.read(get()))

    assert KEY in service.seen[0].headers["x-api-key"]
    shown = "".join(traceback.format_exception(caught.value))
    assert KEY not in shown + repr(caught.value) + repr(caught.value.__cause__)


@pytest.mark.parametrize("acting", [True, False])
async def test_a_redirect_to_nowhere_shows_no_key_and_is_not_followed(acting: bool) -> None:
    said = Say(status=302, headers={"location": "http://[::1"})
    async with Service(lambda _: said) as service, channel(service.origin) as line:
        try:
            shown = repr(await (line.act(post()) if acting else line.read(get())))
        except RequestFailed as error:
            shown = "".join(traceback.format_exception(error))

    assert len(service.seen) == 1
    assert KEY not in shown


async def test_a_timeout_shows_no_key() -> None:
    async def answer(_: Seen) -> Said:
        await asyncio.sleep(5)
        return HANG_UP

    async with Service(answer) as service, channel(service.origin, timeout=0.4) as line:
        with pytest.raises(RequestFailed, match="no whole answer") as caught:
            await line.act(post())

    assert KEY not in "".join(traceback.format_exception(caught.value))


async def test_no_request_is_logged_with_its_key(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with Service(lambda _: Say({})) as service, channel(service.origin) as line:
            await line.read(get())
            await line.act(post())

    assert KEY not in caplog.text


async def test_a_key_that_an_answer_repeats_is_taken_out_at_the_door(simulated: SimulatedPlatforms) -> None:
    body = f'{{"error": "Invalid key {KEY}, not {KEY}"}}'
    simulated.kore.fault(Fault(FaultKind.REPLY, status=401, body=body, times=None))
    async with opened("kore", simulated.kore_url, key=KEY) as kore, channel(simulated.kore_url) as line:
        answer = await started(kore, Verb.UNDEPLOY, model("cm-up"))
        failure = await unpolled(kore, job(Verb.UNDEPLOY, "ds-1"))
        reply = await line.read(get())

    assert isinstance(answer, Refused)
    for text in (answer.reason, failure.error):
        assert text.endswith(f"answered 401: Invalid key {MASK}, not {MASK}; check RECONCILER_KORE_KEY")
    assert reply.body == f'{{"error": "Invalid key {MASK}, not {MASK}"}}'.encode()


async def test_a_short_key_does_not_spoil_the_words_of_an_answer() -> None:
    rows = [{"alignment_id": "test-model", "deployment_status": "DEPLOYED"}]
    async with (
        Service(lambda _: Say({"domain_aligned_models": rows})) as service,
        opened("nugen", service.origin, key="test") as platform,
    ):
        found = await observed(platform, model("test-model", "nugen"))

    assert (found.state, found.ids) == ("deployed", ("test-model",))


async def test_what_a_platform_is_opened_with_prints_no_key() -> None:
    access = Access(origin="http://127.0.0.1:1", key=Secret(KEY))
    opening = Opening(
        entry=PlatformEntry(name="kore", type="kore"),
        credentials=Credentials(api=access, probe=access),
        clock=StillClock(),
        chance=NoPause(),
    )
    async with channel(access.origin) as line, opened("kore", access.origin, key=KEY) as platform:
        shown = f"{opening} {opening!r} {access} {line!r} {platform!r} {vars(line)} {vars(platform)}"

    assert KEY not in shown


async def test_a_target_that_would_change_the_host_is_not_sent_with_the_key() -> None:
    async with Service(lambda _: Say({})) as own, Service(lambda _: Say({})) as elsewhere, channel(own.origin) as line:
        call = replace(post(), target=f"@{elsewhere.origin[7:]}/x")
        with pytest.raises(RuntimeError, match="a key is sent to its own origin and nowhere else"):
            await line.act(call)

    assert (own.connections, elsewhere.connections) == (0, 0)


async def test_the_key_of_the_probe_and_that_of_the_api_do_not_meet() -> None:
    asked = model("cm-up", probe_path="/v2/chat/completions")
    async with (
        Service(lambda _: Say({})) as api,
        Service(lambda _: Say({})) as inference,
        opened("kore", api.origin, key="the-api-key", probe=(inference.origin, "the-probe-key")) as platform,
    ):
        await platform.observe([asked], {})
        await started(platform, Verb.UNDEPLOY, asked)

    assert [seen.headers["x-api-key"] for seen in inference.seen] == ["the-probe-key"]
    assert [seen.headers["x-api-key"] for seen in api.seen] == ["the-api-key"]
    assert inference.lines == ["POST /v2/chat/completions"]
