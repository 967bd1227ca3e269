"""The only user of httpx: three clients over one seam.

The *reader* keeps connections and repeats what may be repeated; where no proxy is in between it is aiohttp's
(`reader.py`), at a tenth of the cost. The *actor* opens a fresh connection for each action and sends it once: a stale
connection is a common way to lose an answer, and some libraries repeat what they take for harmless. The *downloader*
holds no key. No client follows redirects; every request has one deadline for all of it, body included, which httpx
itself does not offer."""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
import msgspec

from reconciler.clock import Clock
from reconciler.core.pointer import MISSING
from reconciler.errors import ConfigurationError
from reconciler.platforms.access import Access, is_loopback
from reconciler.platforms.addresses import NotPublic, public_address
from reconciler.platforms.reader import Reader
from reconciler.platforms.replies import HEADERS, REPLY_LIMIT, AnswerLost, NotSent, Reply, RequestFailed, why
from reconciler.platforms.template import Call
from reconciler.secret import Redactor

ATTEMPTS: Final = 3
"""How often a read is tried."""

REDIRECTS: Final = 3
"""How often a download may be sent elsewhere. An API call never is."""

_RETRIED: Final = frozenset({429, 500, 502, 503, 504})
_LONGEST_PAUSE: Final = 30.0
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class _KeyFor(httpx.Auth):
    """Adds headers with the key, to requests for one origin only."""

    def __init__(self, access: Access, headers: Mapping[str, str]) -> None:
        self._origin = httpx.URL(access.origin)
        key = access.key.reveal() if access.key else ""
        self._headers = {name: value.replace("{key}", key) for name, value in headers.items()}

    def sync_auth_flow(self, request: httpx.Request) -> object:  # type: ignore[override]
        raise RuntimeError("only asynchronous requests are made here")

    async def async_auth_flow(self, request: httpx.Request) -> AsyncIterator[httpx.Request]:  # type: ignore[override]
        if _place(request.url) != _place(self._origin):
            raise RuntimeError("a key is sent to its own origin and nowhere else")
        for name, value in self._headers.items():
            request.headers[name] = value
        yield request


def _proxied(origin: str) -> bool:
    """Whether the environment names a proxy for requests to `origin`."""
    parts = urlsplit(origin)
    proxies = getproxies()
    return bool(proxies.get(parts.scheme) or proxies.get("all")) and not proxy_bypass(parts.netloc)


def _place(url: httpx.URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host, url.port


class Pace:
    """At most `concurrency` requests at once and, where stated, `per_minute` a minute."""

    def __init__(self, concurrency: int, per_minute: float | None) -> None:
        self._places = asyncio.Semaphore(concurrency)
        self._gap = 60.6 / per_minute if per_minute else 0.0  # who waits wakes together with others, and early
        self._next = 0.0

    async def __aenter__(self) -> None:
        await self._places.acquire()
        if self._gap:
            now = asyncio.get_running_loop().time()
            self._next = max(self._next, now) + self._gap
            try:
                await asyncio.sleep(self._next - self._gap - now)
            except BaseException:
                self._places.release()
                raise

    async def __aexit__(self, *_: object) -> None:
        self._places.release()


def _client(
    auth: httpx.Auth, context: ssl.SSLContext | None, connect: float, limits: httpx.Limits, *, proxies: bool
) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=context or False,
        limits=limits,
        # A connection that is never made must fail as such: then nothing was sent.
        timeout=httpx.Timeout(None, connect=connect),
        follow_redirects=False,
        auth=auth,
        headers=HEADERS,
        # An API that is reached by key needs no cookies; none is taken, so none can be sent.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        trust_env=proxies,
    )


class Channel:
    """Requests to one origin with one key. `timeout` is seconds for a whole request."""

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
    ) -> None:
        self.origin = access.origin
        self._filter = Redactor([access.key] if access.key else [])
        self._pace, self._timeout, self._clock, self._chance = pace, timeout, clock, chance
        context = ssl_context() if access.origin.startswith("https") else None
        # A proxy from the environment may be needed to reach the world, and can only be in the way on loopback.
        outside = not is_loopback(urlsplit(access.origin).hostname or "")
        kept = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
        self._client = partial(_client, _KeyFor(access, headers), context, timeout / 3, proxies=outside)
        self._pooled: httpx.AsyncClient | None = None
        self._reader: Reader | None = None
        if not (outside and _proxied(access.origin)):
            self._reader = Reader(access, headers, context=context, connections=concurrency, connect=timeout / 3)
            return
        try:
            self._pooled = self._client(kept)
        except (ValueError, ImportError, httpx.InvalidURL) as error:  # its text holds the address, password and all
            text = "the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is not an http:// or https:// address"
            raise ConfigurationError(f"{access.origin}: {text}") from error

    @cached_property
    def _actor(self) -> httpx.AsyncClient:
        """Made for the first action: most runs only read."""
        return self._client(httpx.Limits(max_connections=None, max_keepalive_connections=0))

    async def read(self, call: Call, *, limit: int = REPLY_LIMIT) -> Reply:
        """The answer to a request that changes nothing, whatever its status; tried three times where it may pass.

        Raises `RequestFailed` when no answer came in three attempts."""
        failure: RequestFailed | None = None
        for attempt in range(ATTEMPTS):
            try:
                async with self._pace:
                    reply = await self._ask(call, limit)
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
        async with self._pace:
            if go is not None:
                await go()
            return await self._send(self._actor, call, REPLY_LIMIT)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._reader is not None:
            await self._reader.aclose()
        if self._pooled is not None:
            await self._pooled.aclose()
        if "_actor" in self.__dict__:
            await self._actor.aclose()

    async def _ask(self, call: Call, limit: int) -> Reply:
        """Send a request that changes nothing, without a key in its answer."""
        if self._reader is None:
            assert self._pooled is not None
            return await self._send(self._pooled, call, limit)
        try:
            async with asyncio.timeout(self._timeout):
                return self._without_key(await self._reader.send(call, limit))
        except TimeoutError as error:
            raise AnswerLost(f"{call}: no whole answer in {self._timeout:g} s") from error

    async def _send(self, client: httpx.AsyncClient, call: Call, limit: int) -> Reply:
        content, headers = None, dict(call.headers)
        if call.body is not MISSING:
            content = msgspec.json.encode(call.body)
            headers["content-type"] = "application/json"
        try:
            request = client.build_request(call.method, self.origin + call.target, content=content, headers=headers)
            async with asyncio.timeout(self._timeout):
                response = await client.send(request, stream=True)
                try:
                    return self._without_key(await _whole(response, limit, call))
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise AnswerLost(f"{call}: no whole answer in {self._timeout:g} s") from error
        except _NEVER_SENT as error:
            raise NotSent(f"{call}: cannot connect to {self.origin}{why(error)}") from error
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise AnswerLost(f"{call}: the connection to {self.origin} broke ({type(error).__name__})") from error

    def _without_key(self, reply: Reply) -> Reply:
        """A service may repeat the key in an error: it is taken out at the door, so that nothing behind can keep it.

        A key of a few letters, as of a server for trials, is left: it may be part of any id or word."""
        headers = {name: self._filter(value) for name, value in reply.headers.items()}
        return replace(reply, headers=headers, body=self._filter.clean(reply.body))


async def _whole(response: httpx.Response, limit: int, call: Call) -> Reply:
    """The answer with its body. Compression is not asked for and not accepted: a small answer must not grow."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise AnswerLost(f"{call}: the answer is compressed though that was not asked for")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limit:
            raise AnswerLost(f"{call}: the answer is larger than {limit} bytes")
    return Reply(status=response.status_code, headers=dict(response.headers.items()), body=bytes(body))


class Downloader:
    """Fetches exported files: no key, no cookies, no address of this network, except where the API itself is there."""

    def __init__(self, *, timeout: float, limit: int) -> None:
        self._timeout, self._limit = timeout, limit

    async def fetch(self, url: str, write: Callable[[bytes], object], *, near: str) -> None:
        """Pass the bytes at `url` to `write`. `near` is the API's origin: loopback is reached only from loopback.

        A redirect is followed, at most three times, each new address checked like the first. Raises `RequestFailed`;
        the text never shows an address beyond its host, since it opens the file to anyone."""
        local, url = is_loopback(urlsplit(near).hostname or ""), url.strip()
        try:
            async with asyncio.timeout(self._timeout):
                for _ in range(REDIRECTS + 1):
                    host, port = _download_host(url, local)
                    address = host if local and is_loopback(host) else await public_address(host, port)
                    following = await self._stream(url, host, address, write)
                    if following is None:
                        return
                    url = urljoin(url, following)
        except TimeoutError as error:
            raise RequestFailed(f"the download from {host} did not end in {self._timeout:g} s") from error
        except NotPublic as error:
            raise RequestFailed(f"the download from {host} is refused: not a public address") from error
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, ValueError) as error:
            raise RequestFailed(f"the download from {host} broke ({type(error).__name__})") from error
        raise RequestFailed(f"the download from {host} redirects more than {REDIRECTS} times")

    async def _stream(self, url: str, host: str, address: str, write: Callable[[bytes], object]) -> str | None:
        """Pass the bytes on; or return the address that the server says to ask instead."""
        # Connecting to the address that was checked, under the host's name, leaves no room for a second, other answer
        # of the name server.
        target = httpx.URL(url).copy_with(host=address)
        extensions = {"sni_hostname": host} if target.scheme == "https" else {}
        verify = ssl_context() if target.scheme == "https" else False
        async with (
            httpx.AsyncClient(verify=verify, timeout=None, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "GET",
                target,
                headers={"host": httpx.URL(url).netloc.decode("ascii"), "accept-encoding": "identity"},
                extensions=extensions,
            ) as response,
        ):
            if response.has_redirect_location:
                return str(response.headers["location"])
            if response.status_code != 200:
                raise RequestFailed(f"the download from {host} answered {response.status_code}")
            size = 0
            async for chunk in response.aiter_raw():
                size += len(chunk)
                if size > self._limit:
                    raise RequestFailed(f"the download from {host} is larger than {self._limit} bytes")
                write(chunk)
        return None


def _download_host(url: str, local: bool) -> tuple[str, int]:
    """Host and port of a download address. `local`: the API is on loopback itself. Raises `RequestFailed`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError as error:
        raise RequestFailed("the download address is not one") from error
    if parts.scheme != "https" and not (parts.scheme == "http" and local and is_loopback(host)):
        raise RequestFailed(f"the download address is {parts.scheme or 'no'}://, only https is fetched")
    if parts.username or parts.password:
        raise RequestFailed("the download address holds a user name")
    return host, port


def pause(attempt: int, chance: random.Random) -> float:
    """Seconds before the next attempt: anywhere up to a bound that doubles (full jitter)."""
    return chance.uniform(0, min(10.0, 0.5 * 2**attempt))


_context: ssl.SSLContext | None = None


def ssl_context() -> ssl.SSLContext:
    """The one TLS context of the process: making one costs more than a request."""
    global _context
    if _context is None:
        _context = httpx.create_ssl_context()
    return _context
