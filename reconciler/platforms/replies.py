"""What comes of a request, whichever library sent it: an answer, or why there is none."""

from collections.abc import AsyncIterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from msgspec import Struct

from reconciler.clock import Clock
from reconciler.platforms.template import Call

REPLY_LIMIT: Final = 1024 * 1024
"""The most bytes of an ordinary answer."""

LIST_LIMIT: Final = 64 * 1024 * 1024
"""The most bytes of a page of a list."""

HEADERS: Final = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "reconciler"}
"""What every request says of itself. Compression is not asked for: a small answer must not grow."""


class RequestFailed(Exception):
    """A request came to no usable answer. The text is one line, without ids, headers or bodies."""


class NotSent(RequestFailed):
    """The request never left this machine: it took no effect."""


class AnswerLost(RequestFailed):
    """The request may have arrived."""


class Reply(Struct, frozen=True, kw_only=True):
    """An answer: its status, the headers (names in lower case) and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def retry_after(self, clock: Clock) -> float | None:
        """Seconds that a `Retry-After` header asks for, from its number or its date; None without one."""
        value = self.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return float(value[:9])
        try:
            return max(0.0, (parsedate_to_datetime(value) - clock.now()).total_seconds()) if value else None
        except (ValueError, TypeError, OverflowError):
            return None


async def whole(call: Call, status: int, headers: Mapping[str, str], chunks: AsyncIterable[bytes], limit: int) -> Reply:
    """An answer with its body, of at most `limit` bytes. Compression is not asked for and not accepted: a small answer
    must not grow. Raises `AnswerLost`."""
    if headers.get("content-encoding", "identity") != "identity":
        raise AnswerLost(f"{call}: the answer is compressed though that was not asked for")
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise AnswerLost(f"{call}: the answer is larger than {limit} bytes")
    return Reply(status=status, headers=headers, body=bytes(body))


def why(error: Exception) -> str:
    """Why a connection could not be made, in a few words behind its address; empty where nobody can tell."""
    text = f"{error} {getattr(error, 'os_error', '')} {getattr(error, 'certificate_error', '')}".lower()
    for words, meaning in (
        ("refused", ": connection refused"),
        ("all connection attempts failed", ": connection refused"),
        ("connect call failed", ": connection refused"),
        ("certificate", ": its certificate is not trusted; SSL_CERT_FILE may name a file of those that sign it"),
        ("name or service", ": no such host"),
        ("nodename", ": no such host"),
        ("temporary failure in name", ": no such host"),
    ):
        if words in text:
            return meaning
    return ""
