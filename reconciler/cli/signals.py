"""Signals: the first ends a run with care, the second at once. The only `asyncio.run`."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import click

from reconciler.cli.streams import err
from reconciler.engine.waiting import Stop

Result = TypeVar("Result")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Aside(ThreadPoolExecutor):
    """Threads that do not keep the process: a database that never answers must not outlast a signal."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """See `Executor.submit`: each call gets a thread of its own."""
        future: Future[Any] = Future()

        def work() -> None:
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        future.set_running_or_notify_cancel()
        threading.Thread(target=work, daemon=True).start()
        return future


def _tell(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say what went wrong where nobody waited for it: asyncio itself would log it with any key that it holds."""
    error = context.get("exception")
    err(f"Internal error: {context['message']}" + (f": {type(error).__name__}: {error}" if error else ""))


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
        loop.set_default_executor(_Aside())
        loop.set_exception_handler(_tell)

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
