"""Targets that answer real requests with any bytes: a server on loopback, and what reads from it: whole platforms, and
the downloader of exports."""

import asyncio
import random
import re
import selectors
import threading
from collections.abc import Coroutine
from typing import Any

from msgspec.structs import replace

from reconciler.core.job import JobStatus, Verb
from reconciler.core.live import Evidence, EvidenceSource, Live, LiveState
from reconciler.core.model import PlatformEntry
from reconciler.platforms.access import Access, Credentials
from reconciler.platforms.base import Opening
from reconciler.platforms.http import Downloader
from reconciler.platforms.replies import RequestFailed
from reconciler.platforms.rest import RestPlatform
from reconciler.secret import Secret

from .oracles import demand, line
from .replies import StillClock, any_job, check_answer, check_observation, check_status, definitions, models


class _NoPause(random.Random):
    def uniform(self, a: float, _b: float) -> float:
        return a


class _Jump(selectors.DefaultSelector):
    """Waits a moment for what loopback brings, then takes the time that was to be waited for as over."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if not found and timeout != 0:
            found = super().select(0.002)
            if not found and timeout:
                self.skipped += timeout
        return found


class _Loop(asyncio.SelectorEventLoop):
    """An event loop in which nobody waits for a time that is known."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return super().time() + self._jump.skipped


class _World:
    """One server, one loop and one platform of each definition, kept from input to input."""

    def __init__(self) -> None:
        self.loop = _Loop()
        self.answer = b""
        self.loop.run_until_complete(self._serve())
        self.platforms: dict[int, RestPlatform] = {}

    async def _serve(self) -> None:
        self.server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        self.origin = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
            await reader.readexactly(int(length.split(b":")[1]))
            writer.write(self.answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def platform(self, number: int) -> RestPlatform:
        """The platform of a definition, opened when it is first asked for."""
        if number not in self.platforms:
            spoken = definitions()[number]
            access = Access(origin=self.origin, key=Secret("kore-secret-1"))
            opening = Opening(
                entry=PlatformEntry(name="p", type=spoken.type.name, request_timeout=5.0),
                credentials=Credentials(api=access, probe=access),
                clock=StillClock(),
                chance=_NoPause(),
            )
            self.platforms[number] = RestPlatform(spoken, opening)
        return self.platforms[number]

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do some work in the loop."""
        self.loop.run_until_complete(work)


_worlds = threading.local()
_ELSEWHERE = re.compile(rb"//(?!127\.0\.0\.1[:/]|\[::1\]|\[[^0-9a-fA-F:])|\t")


def _world() -> _World:
    world: _World = getattr(_worlds, "world", None) or _World()
    _worlds.world = world
    return world


def download(data: bytes) -> None:
    """All that the server of an export sends: a file, or one line that says why not. Never leaves loopback."""
    if _ELSEWHERE.search(data):
        return
    world = _world()
    world.answer = data
    world.run(_download(world.origin))


async def _download(origin: str) -> None:
    got: list[bytes] = []
    try:
        await Downloader(timeout=5.0, limit=4096).fetch(f"{origin}/file.zip", got.append, near=origin)
    except RequestFailed as error:
        line(str(error))
    demand(sum(map(len, got)) <= 4096, "more than was allowed")


def wire(data: bytes) -> None:
    """The first byte is the definition, the second what is asked; the rest is all that the server sends."""
    world = _world()
    world.answer = data[2:]
    number, operation = (data[0] % len(definitions()), data[1]) if len(data) > 1 else (0, 0)
    world.run(_ask(world.platform(number), definitions()[number].starts.keys(), operation))


async def _ask(platform: RestPlatform, verbs: Any, operation: int) -> None:
    asked = [replace(models()[-1], probe_path="/v2/chat" if operation % 128 < 64 else None)]
    verb = sorted(verbs)[(operation // 3) % len(verbs)] if verbs else Verb.DEPLOY
    job = any_job(verb, "m-1" if operation < 128 else "m-1\nwith a line end")
    if operation % 3 == 0:
        found = await platform.observe(asked, {asked[0].address: job})
        check_observation(found, asked, "p")
    elif operation % 3 == 1:
        state = (await platform.poll([job]))[job]
        if isinstance(state, JobStatus):
            check_status(state)
        else:
            line(state.error)
            demand(state.address == job.address, "another address", state)
    elif verbs:
        seen = Live(
            address=asked[0].address,
            state=LiveState.UNDEPLOYED,
            evidence=Evidence(source=EvidenceSource.LIST),
            ids=("m-1", "m-2"),
        )
        check_answer(await platform.start(verb, asked[0], seen, _go))


async def _go() -> None:
    """Lets every request leave."""
