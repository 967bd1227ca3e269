"""How an answer travels, well or badly. Knows bytes and connections, no platform."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import struct
from collections.abc import Iterator
from functools import lru_cache

from starlette.types import Scope, Send

from reconciler.simulator.exchange import Answer
from reconciler.simulator.faults import Fault, FaultKind

TRANSPORT = "simulator.transport"  # key of the scope under which the server puts the connection's asyncio transport
_CHUNK = 65_536


class Line:
    """The connection one answer is to be sent on."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._transport: asyncio.Transport = scope[TRANSPORT]
        self._send = send

    async def send(self, answer: Answer) -> None:
        """Send an answer as it should be."""
        content = answer.content
        await self._start(answer, length=len(content))
        await self._send({"type": "http.response.body", "body": content})

    async def drop(self, *, reset: bool) -> None:
        """Close the connection without a word, or (`reset`) with a TCP reset. What was not sent yet is lost."""
        if reset:
            connection = self._transport.get_extra_info("socket")
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
        await self._gone()

    async def spoil(self, fault: Fault, answer: Answer) -> None:
        """Send an answer as a fault wants it."""
        match fault.kind:
            case FaultKind.DROP_BEFORE | FaultKind.DROP_AFTER | FaultKind.DROP_LATE_EFFECT:
                await self.drop(reset=fault.reset)
            case FaultKind.TRUNCATED:
                await self._truncate(answer, reset=fault.reset)
            case FaultKind.DRIP:
                await self._drip(answer, fault.seconds)
            case FaultKind.GZIP_BOMB:
                headers = {"content-type": "application/json", "content-encoding": "gzip"}
                await self.send(Answer(status=answer.status, body=_bomb(fault.size), headers=headers))
            case FaultKind.OVERSIZE:
                await self._flood(answer, fault.size)
            case _:
                await self.send(answer)

    async def _start(self, answer: Answer, *, length: int) -> None:
        headers = {"content-type": answer.content_type, **answer.headers, "content-length": str(length)}
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": answer.status, "headers": raw})

    async def _more(self, body: bytes) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def _truncate(self, answer: Answer, *, reset: bool) -> None:
        content = answer.content
        await self._start(answer, length=len(content) + 1000)
        await self._more(content[: len(content) // 2])
        if reset:
            await asyncio.sleep(0.05)  # a reset also throws away what the client's kernel has not handed over
            await self.drop(reset=True)
        else:
            self._transport.close()
            await self._gone()

    async def _drip(self, answer: Answer, seconds: float) -> None:
        content = answer.content
        await self._start(answer, length=len(content))
        for at in range(len(content)):
            await self._send({"type": "http.response.body", "body": content[at : at + 1], "more_body": True})
            await asyncio.sleep(seconds)
            if self._transport.is_closing():
                return
        await self._send({"type": "http.response.body", "body": b""})

    async def _flood(self, answer: Answer, size: int) -> None:
        await self._start(answer, length=size)
        for chunk in _padding(size):
            await self._more(chunk)
            if self._transport.is_closing():
                return
        await self._send({"type": "http.response.body", "body": b""})

    async def _gone(self) -> None:
        # The protocol learns that the connection is lost in a later turn of the loop; returning earlier would make it
        # complain about an answer that was never given.
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def _padding(size: int) -> Iterator[bytes]:
    """Give a valid JSON document of `size` bytes (at least 12), in pieces."""
    opening, closing = b'{"padding":"', b'"}'
    left = size - len(opening) - len(closing)
    yield opening
    while left > 0:
        yield b"x" * min(left, _CHUNK)
        left -= _CHUNK
    yield closing


@lru_cache(maxsize=4)
def _bomb(size: int) -> bytes:
    return gzip.compress(b"".join(_padding(size)))
