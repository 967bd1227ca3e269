"""The only user of httpx. What sends actions opens a fresh connection for each and sends it once: a stale connection
is a common way to lose an answer, and some libraries repeat what they take for harmless. The *downloader* holds no key.
No client follows redirects."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ssl import SSLContext
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from reconciler.errors import ConfigurationError
from reconciler.platforms.access import Access, is_loopback
from reconciler.platforms.addresses import NotPublic, public_address
from reconciler.platforms.replies import HEADERS, AnswerLost, NotSent, Reply, RequestFailed, whole, why
from reconciler.platforms.template import Call
from reconciler.platforms.tls import ssl_context

REDIRECTS: Final = 3
"""How often a download may be sent elsewhere. An API call never is."""

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


def _place(url: httpx.URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host, url.port


class Sender:
    """Sends to one origin with one key. `kept`: so many connections are kept for the next request, with 0 each has its
    own; `connect` is seconds until a connection that is not made fails; `proxied`: over a proxy of the environment."""

    def __init__(
        self,
        access: Access,
        headers: Mapping[str, str],
        *,
        context: SSLContext | None,
        connect: float,
        kept: int,
        proxied: bool,
    ) -> None:
        self._origin = access.origin
        by = " over the proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names" if proxied else ""
        self._where = f"{access.origin}{by}"
        try:
            self._client = httpx.AsyncClient(
                verify=context or False,
                limits=httpx.Limits(max_connections=kept or None, max_keepalive_connections=kept),
                # A connection that is never made must fail as such: then nothing was sent.
                timeout=httpx.Timeout(None, connect=connect),
                follow_redirects=False,
                auth=_KeyFor(access, headers),
                headers=HEADERS,
                # An API that is reached by key needs no cookies; none is taken, so none can be sent.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                trust_env=proxied,
            )
        except (ValueError, ImportError, httpx.InvalidURL) as error:  # its text holds the address, password and all
            text = "the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is not an http:// or https:// address"
            raise ConfigurationError(f"{access.origin}: {text}") from error

    async def send(self, call: Call, limit: int) -> Reply:
        """The answer, of at most `limit` bytes, whatever its status. A redirect is an answer like any other.

        Raises `NotSent` and `AnswerLost`; sets no time limit but that of the connection."""
        content, headers = call.encoded()
        try:
            address = self._origin + call.target
            request = self._client.build_request(call.method, address, content=content, headers=headers)
            response = await self._client.send(request, stream=True)
            try:
                given = dict(response.headers.items())
                return await whole(call, response.status_code, given, response.aiter_raw(), limit)
            finally:
                await response.aclose()
        except _NEVER_SENT as error:
            raise NotSent(f"{call}: cannot connect to {self._where}{why(error)}") from error
        except OverflowError as error:  # the proxy's port
            raise NotSent(f"{call}: cannot connect to {self._where}: there is no such port") from error
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise AnswerLost(f"{call}: the connection to {self._where} broke ({type(error).__name__})") from error

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()


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
