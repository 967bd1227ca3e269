"""Actions: sent once, each on a connection of its own, and what is known of one whose answer did not come."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from reconciler.platforms.replies import AnswerLost, NotSent, RequestFailed
from reconciler.platforms.template import Call
from reconciler.simulator import Fault, FaultKind, SimulatedPlatforms

from .lines import channel, get, post
from .service import HANG_UP, Said, Say, Seen, Service

pytestmark = pytest.mark.anyio

HALF = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"
UNDEPLOY = Call(method="POST", target="/api/public/models/cm-up/undeploy", template="/U", headers={})


@pytest.mark.parametrize("status", [200, 202, 301, 307, 400, 404, 409, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
async def test_an_action_is_sent_once_whatever_is_answered(method: str, status: int) -> None:
    async with Service(lambda _: Say(status=status)) as service, channel(service.origin) as line:
        reply = await line.act(post(method=method))

    assert reply.status == status
    assert service.lines == [f"{method} /x"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_an_action_is_not_led_elsewhere(status: int) -> None:
    async with Service(lambda _: Say({})) as elsewhere:
        said = Say(status=status, headers={"location": f"{elsewhere.origin}/take"})
        async with Service(lambda _: said) as service, channel(service.origin) as line:
            reply = await line.act(post())

    assert (reply.status, len(service.seen), elsewhere.connections) == (status, 1, 0)


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
@pytest.mark.parametrize("said", [HANG_UP, HALF, b"garbage\r\n\r\n"], ids=["none", "half", "odd"])
async def test_an_action_whose_answer_is_lost_is_not_sent_again(method: str, said: Said) -> None:
    async with Service(lambda _: said) as service, channel(service.origin) as line:
        with pytest.raises(AnswerLost) as caught:
            await line.act(post(method=method))

    assert str(caught.value).startswith(f"{method} /TEMPLATE: the connection to {service.origin} broke (")
    assert len(service.seen) == 1


async def test_every_action_has_a_connection_of_its_own() -> None:
    async with Service(lambda _: Say({})) as service, channel(service.origin) as line:
        for _ in range(3):
            await line.read(get())
            await line.act(post())
        await asyncio.gather(*(line.act(post()) for _ in range(5)))

    reads = {seen.connection for seen in service.seen if seen.method == "GET"}
    actions = [seen.connection for seen in service.seen if seen.method == "POST"]
    assert len(reads) == 1
    assert len(set(actions)) == len(actions) == 8
    assert reads.isdisjoint(actions)


async def test_a_connection_that_the_service_closed_meanwhile_costs_no_action() -> None:
    async def answer(_: Seen) -> Said:
        return b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"  # and closes, though it promised not to

    async with Service(answer) as service, channel(service.origin) as line:
        replies = [(await line.act(post())).status for _ in range(5)]

    assert replies == [200] * 5
    assert len(service.seen) == 5


@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER])
@pytest.mark.parametrize("reset", [False, True])
async def test_whether_a_dropped_action_took_effect_is_not_guessed(
    simulated: SimulatedPlatforms, kind: FaultKind, reset: bool
) -> None:
    simulated.kore.fault(Fault(kind, reset=reset))
    async with channel(simulated.kore_url) as line:
        with pytest.raises(AnswerLost):
            await line.act(UNDEPLOY)

    assert len(simulated.kore.log) == 1


async def test_a_service_that_is_not_there_took_nothing() -> None:
    async with Service(lambda _: Say()) as gone:
        pass
    async with channel(gone.origin) as line:
        with pytest.raises(NotSent, match=r"cannot connect to .*: connection refused$"):
            await line.act(post())


async def test_a_name_that_does_not_exist_took_nothing() -> None:
    async with channel("http://nobody.invalid") as line:
        with pytest.raises(NotSent, match=r"cannot connect to http://nobody\.invalid"):
            await line.act(post())


def secured(service: Service) -> str:
    """The address of a service as if it spoke TLS."""
    return service.origin.replace("http://", "https://")


async def test_a_service_without_tls_took_nothing() -> None:
    async with Service(lambda _: Say()) as service, channel(secured(service), timeout=0.9) as line:
        with pytest.raises(NotSent, match="cannot connect to https://"):
            await line.act(post())

    assert service.seen == []


@pytest.fixture
def deaf() -> Iterator[str]:
    """An address that takes no connection and refuses none: its queue is full."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(0)
    waiting = []
    for _ in range(4):
        caller = socket.socket()
        caller.setblocking(False)
        caller.connect_ex(listening.getsockname())
        waiting.append(caller)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    for caller in (*waiting, listening):
        caller.close()


async def test_a_connection_that_is_never_made_took_nothing(deaf: str) -> None:
    async with channel(deaf, timeout=0.9) as line:
        with pytest.raises(NotSent, match=f"^POST /TEMPLATE: cannot connect to {deaf}$"):
            await line.act(post())


async def test_an_answer_that_does_not_come_in_time_is_lost(simulated: SimulatedPlatforms) -> None:
    simulated.kore.fault(Fault(FaultKind.DELAY, seconds=5.0))
    async with channel(simulated.kore_url, timeout=0.4) as line:
        with pytest.raises(AnswerLost) as caught:
            await line.act(UNDEPLOY)

    assert str(caught.value) == "POST /U: no whole answer in 0.4 s"
    assert len(simulated.kore.log) == 1


async def test_a_body_in_drips_has_the_same_deadline(simulated: SimulatedPlatforms) -> None:
    simulated.kore.fault(Fault(FaultKind.DRIP, seconds=0.02, operation="undeploy"))
    async with channel(simulated.kore_url, timeout=0.4) as line:
        with pytest.raises(AnswerLost, match="no whole answer"):
            await line.act(UNDEPLOY)

    assert len(simulated.kore.log) == 1


@pytest.mark.parametrize(("kind", "text"), [(FaultKind.OVERSIZE, "larger than"), (FaultKind.GZIP_BOMB, "compressed")])
async def test_an_answer_that_is_not_taken_is_lost(simulated: SimulatedPlatforms, kind: FaultKind, text: str) -> None:
    simulated.kore.fault(Fault(kind, size=2_000_000))
    async with channel(simulated.kore_url) as line:
        with pytest.raises(AnswerLost, match=text):
            await line.act(UNDEPLOY)

    assert len(simulated.kore.log) == 1


async def test_a_body_is_json_with_its_type_and_no_body_has_none() -> None:
    async with Service(lambda _: Say({})) as service, channel(service.origin) as line:
        await line.act(post({"a": ["é", None, 1.5]}))
        await line.act(post(None))
        await line.act(post())

    told = [(seen.body, seen.headers.get("content-type")) for seen in service.seen]
    assert told == [
        ('{"a":["é",null,1.5]}'.encode(), "application/json"),
        (b"null", "application/json"),
        (b"", None),
    ]


async def test_own_headers_of_a_request_are_sent() -> None:
    call = Call(method="POST", target="/x", template="/x", headers={"X-Provider": "fwai"})
    async with Service(lambda _: Say({})) as service, channel(service.origin) as line:
        await line.act(call)

    assert service.seen[0].headers["x-provider"] == "fwai"


async def test_a_header_that_cannot_be_sent_is_not_sent() -> None:
    call = Call(method="POST", target="/x", template="/x", headers={"X-Provider": "two\r\nX-Evil: 1"})
    async with Service(lambda _: Say({})) as service, channel(service.origin) as line:
        with pytest.raises(RequestFailed):
            await line.act(call)

    assert service.seen == []
