"""Channels straight to a server, without a platform above them."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from reconciler.clock import Clock
from reconciler.core.pointer import MISSING
from reconciler.platforms.access import Access
from reconciler.platforms.channel import Channel
from reconciler.platforms.pace import Pace
from reconciler.platforms.template import Call
from reconciler.secret import Secret

from .asking import NoPause, StillClock

KEY = "kg-key-that-nobody-may-see-0123456789"


@asynccontextmanager
async def channel(
    origin: str,
    *,
    timeout: float = 5.0,
    concurrency: int = 4,
    per_minute: float | None = None,
    clock: Clock | None = None,
    chance: random.Random | None = None,
) -> AsyncIterator[Channel]:
    """A channel with a key in two headers."""
    opened = Channel(
        Access(origin=origin, key=Secret(KEY)),
        {"x-api-key": "{key}", "authorization": "Bearer {key}"},
        pace=Pace(concurrency, per_minute),
        concurrency=concurrency,
        timeout=timeout,
        clock=clock or StillClock(),
        chance=chance or NoPause(),
    )
    try:
        yield opened
    finally:
        await opened.aclose()


def get(target: str = "/x") -> Call:
    """A request that changes nothing."""
    return Call(method="GET", target=target, template="/TEMPLATE", headers={})


def post(body: Any = MISSING, method: str = "POST") -> Call:
    """A request that may take effect."""
    return Call(method=method, target="/x", template="/TEMPLATE", headers={}, body=body)
