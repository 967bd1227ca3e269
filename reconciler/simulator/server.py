"""The simulated platforms on loopback: three ports, one thread, one event loop, started and stopped at once."""

from __future__ import annotations

import asyncio
import functools
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from reconciler.simulator.control import control
from reconciler.simulator.kore import Kore
from reconciler.simulator.kore_shapes import SHAPES as KORE_SHAPES
from reconciler.simulator.models import JobTime
from reconciler.simulator.nugen import NugenA, NugenB, ids
from reconciler.simulator.nugen_shapes import SHAPES as NUGEN_SHAPES
from reconciler.simulator.site import Platform, Site
from reconciler.simulator.story import quickstart
from reconciler.simulator.wire import TRANSPORT
from reconciler.simulator.world import DEFAULT_JOB_TIME, World

HOST = "127.0.0.1"
KORE_KEY = "kg-simulator-key"
KORE_PROBE_KEY = "simulator-probe-key"
NUGEN_KEY = "nugen-0123456789abcdef"

Seed = Callable[[World, World], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Urls:
    """Where the platforms are served: scheme, host and port, without a slash at the end."""

    kore: str
    nugen: str
    nugen_b: str


class SimulatedPlatforms:
    """Kore.ai, Nugen (generation A) and Nugen (generation B, same account), each on its own port of loopback.

    Use as a context manager, or call `start` and `stop`. `seed` fills the two worlds (Kore.ai, Nugen) and is called
    again by `reset`; without it they are empty. `port` N serves on N, N+1 and N+2; 0 takes free ports. `job_time` is
    what jobs take until told otherwise; `now` is a monotonic clock in seconds that tests may replace.
    """

    def __init__(
        self,
        *,
        seed: Seed | None = None,
        port: int = 0,
        job_time: JobTime = DEFAULT_JOB_TIME,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.kore = World(key=KORE_KEY, probe_key=KORE_PROBE_KEY, shapes=KORE_SHAPES, job_time=job_time, now=now)
        self.nugen = World(key=NUGEN_KEY, shapes=NUGEN_SHAPES, aliases=ids, job_time=job_time, now=now)
        self._seed = seed
        self._port = port
        self._sockets: list[socket.socket] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        if seed:
            seed(self.kore, self.nugen)

    @property
    def kore_url(self) -> str:
        """Kore.ai's address."""
        return self._url(0)

    @property
    def nugen_url(self) -> str:
        """The address of Nugen's documented routes (generation A)."""
        return self._url(1)

    @property
    def nugen_b_url(self) -> str:
        """The address of Nugen's newer routes (generation B), the same account as `nugen_url`."""
        return self._url(2)

    @property
    def urls(self) -> Urls:
        """All three addresses."""
        return Urls(kore=self.kore_url, nugen=self.nugen_url, nugen_b=self.nugen_b_url)

    def _url(self, index: int) -> str:
        if not self._sockets:
            raise RuntimeError("the simulated platforms are not started")
        return f"http://{HOST}:{self._sockets[index].getsockname()[1]}"

    def reset(self) -> None:
        """Put both worlds back to their beginning."""
        with self.kore.lock, self.nugen.lock:
            self.kore.reset()
            self.nugen.reset()
            if self._seed:
                self._seed(self.kore, self.nugen)

    def start(self) -> Self:
        """Serve from now on. Raises OSError where a port is taken."""
        try:
            for index in range(3):
                self._sockets.append(_listen(self._port + index if self._port else 0))
        except OSError:
            self._close_sockets()
            raise
        ready = threading.Event()

        def run() -> None:
            try:
                asyncio.run(self._serve(ready))
            finally:
                ready.set()  # nobody shall wait for a thread that died

        self._thread = threading.Thread(target=run, name="simulator", daemon=True)
        self._thread.start()
        ready.wait()
        return self

    def stop(self) -> None:
        """Cut all connections and free the ports. Stopping twice is allowed."""
        if self._thread and self._loop and self._stopping:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
            self._thread = None
        self._close_sockets()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _close_sockets(self) -> None:
        for listening in self._sockets:
            listening.close()
        self._sockets = []

    def _sites(self) -> list[ASGIApp]:
        platforms: list[tuple[str, Platform]] = [
            ("kore", Kore(self.kore)),
            ("nugen", NugenA(self.nugen)),
            ("nugen-b", NugenB(self.nugen)),
        ]
        return [Site(name, platform, control(platform.world, self.reset)) for name, platform in platforms]

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        state = ServerState()
        servers = []
        for listening, site in zip(self._sockets, self._sites(), strict=True):
            config = uvicorn.Config(site, http=_Protocol, lifespan="off", ws="none", log_config=None, access_log=False)
            config.load()
            make = functools.partial(_Protocol, config=config, server_state=state, app_state={})
            servers.append(await self._loop.create_server(make, sock=listening, backlog=2048))
        ready.set()
        await self._stopping.wait()
        for server in servers:
            server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # lets the connections learn it; nobody is left to get a cancelled task's answer
        tasks = list(state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, with the connection's transport in the scope so that a fault can cut it, and no logging."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._site = self.app
        self.app = self._with_transport
        self.logger = _silent

    async def _with_transport(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[TRANSPORT] = self.transport
        await self._site(scope, receive, send)


_silent = logging.getLogger("reconciler.simulator.http")  # cut connections are meant: uvicorn need not report them
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


def _listen(port: int) -> socket.socket:
    # With the protocol named, asyncio turns Nagle off; without, each kept-alive answer waits 40 ms for an ack.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(2048)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def serve_forever(
    *,
    port: int = 0,
    seed: Seed | None = quickstart,
    job_time: JobTime = DEFAULT_JOB_TIME,
    ready: Callable[[Urls], None] = lambda _urls: None,
) -> None:
    """Serve in the foreground until SIGINT, SIGTERM or SIGHUP; call from the main thread.

    `ready` is called once the ports are open; shapes and faults that hold from the start are for `seed` to set. Raises
    OSError where a port is taken.
    """
    done = threading.Event()

    def finish(_number: int, _frame: FrameType | None) -> None:
        done.set()

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    previous = {number: signal.signal(number, finish) for number in signals}
    try:
        with SimulatedPlatforms(seed=seed, port=port, job_time=job_time) as platforms:
            ready(platforms.urls)
            done.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
