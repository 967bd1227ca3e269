"""Reads over connections that are kept: the only user of aiohttp. It sends nothing that may take effect, for aiohttp
repeats by itself what it takes for harmless."""

import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.platforms.access import Access
from reconciler.platforms.replies import HEADERS, AnswerLost, NotSent, Reply, whole, why
from reconciler.platforms.template import Call

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession


class Reader:
    """Reads from one origin with one key, over at most so many `connections`. `context` is for https, None for http;
    `connect` is seconds until a connection that is not made fails."""

    def __init__(
        self,
        access: Access,
        headers: Mapping[str, str],
        *,
        context: ssl.SSLContext | None,
        connections: int,
        connect: float,
    ) -> None:
        key = access.key.reveal() if access.key else ""
        self._origin, self._context = access.origin, context
        self._connections, self._connect = connections, connect
        self._headers = {**HEADERS, **{name: value.replace("{key}", key) for name, value in headers.items()}}
        self._session: ClientSession | None = None

    async def send(self, call: Call, limit: int) -> Reply:
        """The answer, of at most `limit` bytes, whatever its status. A redirect is an answer like any other.

        Raises `NotSent` and `AnswerLost`; sets no time limit but that of the connection."""
        import aiohttp
        from yarl import URL

        content, headers = call.encoded()
        try:
            url = URL(self._origin + call.target, encoded=True)  # as it stands: nothing in it is put right
            async with self._opened().request(
                call.method, url, data=content, headers=headers, allow_redirects=False
            ) as response:
                chunks = response.content.iter_any()
                return await whole(call, response.status, _headers(response), chunks, limit)
        # What aiohttp raises holds the request, key and all: it goes no further.
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(f"{call}: cannot connect to {self._origin}{why(error)}") from None
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise AnswerLost(f"{call}: the connection to {self._origin} broke ({type(error).__name__})") from None

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> "ClientSession":
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=self._context or True),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect),
                headers=self._headers,
                # An API that is reached by key needs no cookies; none is taken, so none can be sent.
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,  # it would send what it finds in ~/.netrc
            )
            # Tries are counted and told by the caller; a second one that nobody knows of is one too many.
            self._session._retry_connection = False
        return self._session


def _headers(response: "ClientResponse") -> dict[str, str]:
    """Names in lower case; of a name that stands twice all values, as httpx gives them."""
    found: dict[str, str] = {}
    for name, value in response.headers.items():
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found
