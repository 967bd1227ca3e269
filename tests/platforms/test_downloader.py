"""Fetching an exported file: from the open Internet without any key, or from loopback where the API itself is there."""

import asyncio
import socket
from typing import Any

import pytest

from reconciler.core.job import Verb
from reconciler.platforms.http import Downloader
from reconciler.platforms.replies import RequestFailed
from reconciler.simulator import KORE_KEY, SimulatedPlatforms
from reconciler.simulator import Verb as JobVerb
from reconciler.simulator.kore import package

from .asking import job, opened, polled
from .conftest import Time
from .service import HANG_UP, Said, Say, Seen, Service

pytestmark = pytest.mark.anyio

NEAR = "http://127.0.0.1:1"
"""An API on loopback."""

FAR = "https://api.example"
"""An API in the world."""


async def fetched(url: str, *, near: str = NEAR, limit: int = 10_000, timeout: float = 5.0) -> bytes:
    parts: list[bytes] = []
    await Downloader(timeout=timeout, limit=limit).fetch(url, parts.append, near=near)
    return b"".join(parts)


async def refusal(url: str, *, near: str = NEAR, limit: int = 10_000, timeout: float = 5.0) -> str:
    with pytest.raises(RequestFailed) as caught:
        await fetched(url, near=near, limit=limit, timeout=timeout)
    return str(caught.value)


async def test_an_exported_file_arrives_whole(simulated: SimulatedPlatforms, time: Time) -> None:
    found = simulated.kore.model("cm-up")
    export = job(Verb.EXPORT, simulated.kore.start(found, JobVerb.EXPORT).id)
    time.passes(10)
    async with opened("kore", simulated.kore_url, key=KORE_KEY) as kore:
        artifact = (await polled(kore, export)).artifact

    assert artifact is not None
    assert await fetched(artifact, near=simulated.kore_url) == package(found)
    (entry,) = simulated.kore.log.find(operation="download")
    assert {"x-api-key", "authorization", "cookie"}.isdisjoint(entry.headers)


async def test_nothing_is_sent_that_says_who_asks() -> None:
    async with Service(lambda _: Say(b"file", headers={"set-cookie": "a=b"})) as service:
        await fetched(f"{service.origin}/a%2Fb?sig=c%20d")
        await fetched(f"{service.origin}/again")

    first, second = service.seen
    assert first.line == "GET /a%2Fb?sig=c%20d"
    for seen in (first, second):
        assert {"x-api-key", "authorization", "cookie", "referer"}.isdisjoint(seen.headers)
        assert (seen.headers["host"], seen.headers["accept-encoding"]) == (service.origin[7:], "identity")


async def test_the_spaces_of_the_samples_are_taken_off() -> None:
    async with Service(lambda _: Say(b"file")) as service:
        assert await fetched(f"  {service.origin}/f\n") == b"file"


@pytest.mark.parametrize("near", [FAR, NEAR, "http://localhost:1", "http://[::1]:1"])
@pytest.mark.parametrize(
    "url",
    [
        "http://files.example/SECRET",
        "http://10.0.0.1/SECRET",
        "http://169.254.169.254/latest/SECRET",
        "http://[fe80::1]/SECRET",
        "http://2130706433/SECRET",
        "http://127.1/SECRET",
        "http://0.0.0.0/SECRET",
        "http://localhost.example/SECRET",
        "ftp://files.example/SECRET",
        "file:///etc/SECRET",
        "file://localhost/etc/SECRET",
        "gopher://127.0.0.1:25/SECRET",
        "javascript:alert('SECRET')",
        "data:text/plain,SECRET",
        "//files.example/SECRET",
        "/SECRET",
        "SECRET",
        "",
    ],
)
async def test_only_https_is_fetched(url: str, near: str) -> None:
    scheme = url.split(":")[0] if ":" in url else "no"

    assert await refusal(url, near=near) == f"the download address is {scheme}://, only https is fetched"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
async def test_http_on_loopback_is_not_fetched_for_an_api_in_the_world(host: str) -> None:
    assert (
        await refusal(f"http://{host}:1/SECRET", near=FAR) == "the download address is http://, only https is fetched"
    )


@pytest.mark.parametrize("near", [FAR, NEAR])
@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "192.0.2.1",
        "[fe80::1]",
        "[fd00::1]",
        "[ff02::1]",
        "[::]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "3232235777",
        "0xa9fea9fe",
    ],
)
async def test_no_address_of_this_network_is_fetched_from(host: str, near: str) -> None:
    text = await refusal(f"https://{host}/SECRET?sig=SECRET", near=near)

    assert text == f"the download from {host.strip('[]')} is refused: not a public address"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "[::1]", "2130706433", "0x7f000001", "127.1"])
async def test_no_way_of_writing_loopback_is_fetched_from_for_an_api_in_the_world(host: str) -> None:
    assert (
        await refusal(f"https://{host}/SECRET", near=FAR)
        == f"the download from {host.strip('[]')} is refused: not a public address"
    )


@pytest.mark.parametrize(
    "url",
    ["https://[::1/SECRET", "https://files.example:99999/SECRET", "https://a[b]/SECRET", "https://ex℀mple/SECRET"],
)
async def test_what_is_no_address_is_refused(url: str) -> None:
    assert await refusal(url) == "the download address is not one"


@pytest.mark.parametrize("url", ["https://user:SECRET@files.example/", "https://SECRET@files.example/"])
async def test_an_address_with_a_user_is_refused(url: str) -> None:
    assert await refusal(url) == "the download address holds a user name"


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 64 + ".example", "a..example", "xn--.example", "."])
async def test_a_name_that_leads_nowhere_is_a_failure(host: str) -> None:
    text = await refusal(f"https://{host}/SECRET", near=FAR)

    assert text.startswith(f"the download from {host} broke (")


async def test_no_host_at_all_is_a_failure() -> None:
    assert (await refusal("https:///SECRET", near=FAR)).startswith("the download from  broke (")


@pytest.mark.parametrize("status", [201, 204, 206, 300, 302, 304, 401, 403, 404, 410, 500, 503])
async def test_only_a_whole_file_is_a_file(status: int) -> None:
    said = Say(b"" if status in (204, 304) else b"page", status=status)
    async with Service(lambda _: said) as service:
        text = await refusal(f"{service.origin}/SECRET")

    assert text == f"the download from 127.0.0.1 answered {status}"
    assert len(service.seen) == 1


# Redirects: each new address is checked like the first.


def hops(count: int) -> Say:
    return Say(b"file") if count == 0 else Say(status=302, headers={"location": f"/{count - 1}?sig=SECRET"})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_leads_to_the_file(status: int) -> None:
    async with Service(lambda _: Say(b"file")) as elsewhere:
        said = Say(b"page", status=status, headers={"location": f"{elsewhere.origin}/f", "set-cookie": "a=b"})
        async with Service(lambda _: said) as service:
            assert await fetched(f"{service.origin}/SECRET") == b"file"

    (seen,) = elsewhere.seen
    assert {"x-api-key", "authorization", "cookie", "referer"}.isdisjoint(seen.headers)
    assert seen.headers["host"] == elsewhere.origin[7:]


@pytest.mark.parametrize(("count", "whole"), [(1, True), (3, True), (4, False), (50, False)])
async def test_it_is_sent_on_three_times_at_most(count: int, whole: bool) -> None:
    async with Service(lambda seen: hops(int(seen.target[1:].split("?")[0]))) as service:
        if whole:
            assert await fetched(f"{service.origin}/{count}") == b"file"
        else:
            text = await refusal(f"{service.origin}/{count}")
            assert text == "the download from 127.0.0.1 redirects more than 3 times"

    assert len(service.seen) == min(count, 3) + 1


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("http://files.example/SECRET", "the download address is http://, only https is fetched"),
        ("file:///etc/SECRET", "the download address is file://, only https is fetched"),
        ("https://u:SECRET@files.example/", "the download address holds a user name"),
        ("https://169.254.169.254/latest/SECRET", "the download from 169.254.169.254 is refused: not a public address"),
        ("//10.0.0.1/SECRET", "the download address is http://, only https is fetched"),
        ("https://10.0.0.1/SECRET", "the download from 10.0.0.1 is refused: not a public address"),
        ("https://[::ffff:10.0.0.1]/SECRET", "the download from ::ffff:10.0.0.1 is refused: not a public address"),
        ("https://files.example:99999/SECRET", "the download address is not one"),
    ],
)
async def test_a_redirect_leads_nowhere_that_is_not_fetched_from(target: str, says: str) -> None:
    async with Service(lambda _: Say(status=302, headers={"location": target})) as service:
        assert await refusal(f"{service.origin}/SECRET") == says

    assert len(service.seen) == 1


@pytest.mark.parametrize(("size", "whole"), [(1000, True), (1001, False), (500_000, False)])
async def test_a_file_may_be_as_large_as_the_limit(size: int, whole: bool) -> None:
    async with Service(lambda _: Say(b"x" * size)) as service:
        if whole:
            assert await fetched(f"{service.origin}/f", limit=1000) == b"x" * size
        else:
            text = await refusal(f"{service.origin}/f", limit=1000)
            assert text == "the download from 127.0.0.1 is larger than 1000 bytes"


@pytest.mark.parametrize(
    "said",
    [HANG_UP, b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", b"garbage\r\n\r\n"],
    ids=["none", "half", "odd"],
)
async def test_a_file_that_breaks_off_is_a_failure(said: Said) -> None:
    async with Service(lambda _: said) as service:
        text = await refusal(f"{service.origin}/SECRET")

    assert text == "the download from 127.0.0.1 broke (RemoteProtocolError)"
    assert len(service.seen) == 1


async def test_a_file_that_does_not_end_in_time_is_a_failure() -> None:
    async def answer(_: Seen) -> Said:
        await asyncio.sleep(5)
        return HANG_UP

    async with Service(answer) as service:
        text = await refusal(f"{service.origin}/SECRET", timeout=0.1)

    assert text == "the download from 127.0.0.1 did not end in 0.1 s"


# Names.


class Names(asyncio.SelectorEventLoop):
    """An event loop with a name server of its own, which answers anew each time, and with no way out."""

    def __init__(self, *answers: list[str]) -> None:
        super().__init__()
        self.answers = list(answers)
        self.reached: list[tuple[object, object]] = []

    async def getaddrinfo(self, host: object, port: object, **_: object) -> Any:
        return [(socket.AF_UNSPEC, socket.SOCK_STREAM, 6, "", (address, port)) for address in self.answers.pop(0)]

    async def create_connection(self, *given: Any, **_: Any) -> Any:
        self.reached.append((given[1], given[2]))
        raise ConnectionRefusedError


@pytest.mark.parametrize(
    "answer",
    [
        ["10.0.0.1"],
        ["93.184.216.34", "10.0.0.1"],
        ["10.0.0.1", "93.184.216.34"],
        ["93.184.216.34", "::1"],
        ["fe80::1%eth0"],
        [],
    ],
)
def test_a_name_that_leads_into_this_network_by_any_of_its_addresses_is_refused(answer: list[str]) -> None:
    names = Names(answer)
    with asyncio.Runner(loop_factory=lambda: names) as runner:
        text = runner.run(refusal("https://files.example/SECRET", near=FAR))

    assert text == "the download from files.example is refused: not a public address"
    assert names.reached == []


@pytest.mark.parametrize(("address", "port"), [("93.184.216.34", 443), ("2606:4700::1111", 443), ("8.8.8.8", 8443)])
def test_the_address_that_was_checked_is_the_one_that_is_reached(address: str, port: int) -> None:
    names = Names([address], ["127.0.0.1"])  # a second answer would be another
    with asyncio.Runner(loop_factory=lambda: names) as runner:
        runner.run(refusal(f"https://files.example:{port}/SECRET", near=FAR))

    assert names.reached == [(address, port)]
    assert names.answers == [["127.0.0.1"]]
