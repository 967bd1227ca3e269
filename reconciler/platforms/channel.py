"""Requests to one origin: how many at once and a minute, how long for each, what is tried again.

Where no proxy is in between, reads go over aiohttp (`reader.py`), at a tenth of what httpx costs. Actions go over httpx
(`http.py`), once. Every request has one deadline for all of it, body included."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from msgspec.structs import replace

from reconciler.clock import Clock
from reconciler.platforms.access import Access, is_loopback
from reconciler.platforms.pace import Pace
from reconciler.platforms.reader import Reader
from reconciler.platforms.replies import REPLY_LIMIT, AnswerLost, Reply, RequestFailed
from reconciler.platforms.template import Call
from reconciler.platforms.tls import ssl_context
from reconciler.secret import Redactor

if TYPE_CHECKING:
    from reconciler.platforms.http import Sender

ATTEMPTS: Final = 3
"""How often a read is tried."""

_RETRIED: Final = frozenset({429, 500, 502, 503, 504})
_LONGEST_PAUSE: Final = 30.0


def _proxied(origin: str) -> bool:
    """Whether the environment names a proxy for requests to `origin`."""
    parts = urlsplit(origin)
    proxies = getproxies()
    return bool(proxies.get(parts.scheme) or proxies.get("all")) and not proxy_bypass(parts.netloc)


class Channel:
    """Requests to one origin with one key. `timeout` is seconds for a whole request; `answered` is called at each
    answer to a read."""

    def __init__(
        self,
        access: Access,
        headers: Mapping[str, str],
        *,
        pace: Pace,
        concurrency: int,
        timeout: float,
        clock: Clock,
        chance: random.Random,
        answered: Callable[[], object] = lambda: None,
    ) -> None:
        self.origin = access.origin
        self._filter = Redactor([access.key] if access.key else [])
        self._pace, self._timeout, self._clock, self._chance = pace, timeout, clock, chance
        self._answered = answered
        self._access, self._headers, self._connect = access, headers, timeout / 3
        self._context = ssl_context() if access.origin.startswith("https") else None
        # A proxy from the environment may be needed to reach the world, and can only be in the way on loopback.
        outside = not is_loopback(urlsplit(access.origin).hostname or "")
        self._proxied = outside and _proxied(access.origin)
        self._reader: Reader | Sender
        if self._proxied:
            self._reader = self._sender(concurrency)
        else:
            self._reader = Reader(
                access, headers, context=self._context, connections=concurrency, connect=self._connect
            )

    def _sender(self, kept: int) -> "Sender":
        from reconciler.platforms.http import Sender  # most runs only read, and need none of it

        access, headers, proxied = self._access, self._headers, self._proxied
        return Sender(access, headers, context=self._context, connect=self._connect, kept=kept, proxied=proxied)

    @cached_property
    def _actor(self) -> "Sender":
        return self._sender(0)

    async def read(self, call: Call, *, limit: int = REPLY_LIMIT, patient: bool = False) -> Reply:
        """The answer to a request that changes nothing, whatever its status; tried three times where it may pass. Who
        is `patient` lets others go first.

        Raises `RequestFailed` when no answer came in three attempts."""
        failure: RequestFailed | None = None
        for attempt in range(ATTEMPTS):
            try:
                async with self._pace.turn(patient=patient):
                    reply = await self._send(self._reader, call, limit)
                self._answered()
                failure = None
            except RequestFailed as error:
                reply, failure = None, error
            last = attempt + 1 == ATTEMPTS
            if reply is not None and (last or reply.status not in _RETRIED):
                return reply
            if not last:
                asked = reply.retry_after(self._clock) if reply is not None else None
                await asyncio.sleep(min(pause(attempt, self._chance) if asked is None else asked, _LONGEST_PAUSE))
        raise failure or RequestFailed(f"{call}: no answer")

    async def act(self, call: Call, go: Callable[[], Awaitable[None]] | None = None) -> Reply:
        """The answer to a request that may take effect, sent at most once on a connection of its own. `go` is awaited
        when its turn has come, right before it leaves.

        Raises `NotSent` when it never left, `AnswerLost` when it may have arrived."""
        async with self._pace.turn():
            if go is not None:
                await go()
            return await self._send(self._actor, call, REPLY_LIMIT)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._reader.aclose()
        if "_actor" in self.__dict__:
            await self._actor.aclose()

    async def _send(self, line: "Reader | Sender", call: Call, limit: int) -> Reply:
        """Send a request once; its answer without a key in it."""
        try:
            async with asyncio.timeout(self._timeout):
                return self._without_key(await line.send(call, limit))
        except TimeoutError as error:
            raise AnswerLost(f"{call}: no whole answer in {self._timeout:g} s") from error

    def _without_key(self, reply: Reply) -> Reply:
        """A service may repeat the key in an error: it is taken out at the door, so that nothing behind can keep it.

        A key of a few letters, as of a server for trials, is left: it may be part of any id or word."""
        headers, together = reply.headers, "\n".join(reply.headers.values())
        if self._filter(together) != together:
            headers = {name: self._filter(value) for name, value in headers.items()}
        return replace(reply, headers=headers, body=self._filter.clean(reply.body))


def pause(attempt: int, chance: random.Random) -> float:
    """Seconds before the next attempt: anywhere up to a bound that doubles (full jitter)."""
    return chance.uniform(0, min(10.0, 0.5 * 2**attempt))
