"""Signals: the first ends a run with care, the second at once. The only `asyncio.run`."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click

from reconciler.cli.streams import err
from reconciler.engine.waiting import Stop

Result = TypeVar("Result")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_async(
    work: Callable[[Stop], Coroutine[Any, Any, Result]],
    finish: Callable[[Result, int | None], object] = lambda _, __: None,
) -> Result:
    """Run `work`, which gets a `Stop` that the first signal sets; work that does not mind it is broken off.

    `finish` gets the result and, after a signal, the exit code 128 + its number, with which it then all ends."""
    received: list[int] = []

    async def guarded() -> Result:
        stop, task = Stop(), asyncio.current_task()
        loop = asyncio.get_running_loop()

        def handle(number: int) -> None:
            if received:
                os._exit(128 + number)
            received.append(number)
            stop.set()
            if not stop.minded and task is not None:
                task.cancel()

        # Python ignores SIGINT where its parent did (`reconciler apply &` in a script): all three are set here.
        for number in SIGNALS:
            loop.add_signal_handler(number, handle, number)
        return await work(stop)

    try:
        result = asyncio.run(guarded())
    except (asyncio.CancelledError, KeyboardInterrupt):
        if not received:
            raise
        err(f"Ended by {signal.Signals(received[0]).name}.")
        raise click.exceptions.Exit(128 + received[0]) from None
    finish(result, 128 + received[0] if received else None)
    if received:
        raise click.exceptions.Exit(128 + received[0])
    return result
