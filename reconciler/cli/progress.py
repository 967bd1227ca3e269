"""Progress on stderr: a live table on a terminal, one line per change of state elsewhere, and a heartbeat."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from reconciler.cli import environment, streams
from reconciler.cli.options import Common
from reconciler.core.event import Event, Phase
from reconciler.core.plan import Action
from reconciler.core.report import OutcomeKind
from reconciler.render.safe import ci

Tell = Callable[[Event], None]
HEARTBEAT = 10.0
"""Seconds without a line after which one says what is still waited for."""


@contextmanager
def show_progress(actions: Sequence[Action], options: Common) -> Iterator[Tell]:
    """What an apply tells its events to, while it runs."""
    if options.quiet or options.no_progress or not actions:
        yield lambda _event: None
    elif streams.on_terminal(sys.stderr) and not environment.in_pipeline():
        with _table(actions, colour=streams.colour(options.no_color)) as tell:
            yield tell
    else:
        with _lines() as tell:
            yield tell


class Reading:
    """How far the reading of live states is: silent for a second, and where it takes longer told on stderr."""

    def __init__(self, models: int, options: Common) -> None:
        self._models, self._silent, self._answers = models, options.quiet or options.no_progress, 0

    def answered(self) -> None:
        """One more answer came."""
        self._answers += 1

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Tell it while the block runs: on a terminal in one line that is then gone, elsewhere every 10 seconds."""
        live = streams.on_terminal(sys.stderr) and not environment.in_pipeline()
        began, done = time.monotonic(), threading.Event()

        def beat() -> None:
            drawn = False
            while not done.wait(0.5 if drawn else 1.0 if live else HEARTBEAT):
                seconds = time.monotonic() - began
                if live:
                    drawn = True
                    streams.draw(f"reading live states: {self._told()}, {seconds:.0f} s")
                else:
                    streams.err(f"{seconds:6.1f}s  still reading live states: {self._told()}")
            if drawn:
                streams.draw("")

        heart = threading.Thread(target=beat, daemon=True)
        if not self._silent:
            heart.start()
        try:
            yield
        finally:
            done.set()
            if not self._silent:
                heart.join()

    def _told(self) -> str:
        return f"{self._answers:,} answers for {self._models:,} models"


@contextmanager
def _lines() -> Iterator[Tell]:
    began, last = time.monotonic(), {"said": time.monotonic()}
    running: dict[str, str] = {}
    done = threading.Event()

    def say(text: str) -> None:
        last["said"] = time.monotonic()
        streams.err(f"{last['said'] - began:6.1f}s  {text}")

    def tell(event: Event) -> None:
        action, text = f"{event.address}#{event.verb}", _words(event)
        if running.get(action) == text:
            return
        running[action] = text
        if event.phase is Phase.ENDED:
            del running[action]
        say(f"{ci(action)}  {ci(text)}")

    def beat() -> None:
        while not done.wait(0.5):
            if time.monotonic() - last["said"] >= HEARTBEAT and running:
                names = ", ".join(list(running)[:3]) + (f" and {len(running) - 3} more" if len(running) > 3 else "")
                say(f"still waiting for {ci(names)}")

    heart = threading.Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield tell
    finally:
        done.set()
        heart.join()


class _Row(Struct):
    began: float
    phase: Phase | None = None
    words: str = "waiting"
    ended: float | None = None
    good: bool = False
    percent: float | None = None


@contextmanager
def _table(actions: Sequence[Action], *, colour: bool) -> Iterator[Tell]:
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True, no_color=not colour, highlight=False)
    rows = {action.id: _Row(began=time.monotonic()) for action in actions}

    def tell(event: Event) -> None:
        row = rows[f"{event.address}#{event.verb}"]
        row.phase, row.words, row.percent = event.phase, _words(event), event.percent
        if event.phase is Phase.ENDED:
            row.ended, row.good = time.monotonic(), event.outcome == OutcomeKind.SUCCEEDED

    def draw() -> Any:
        return _drawn(rows, height=console.size.height - 2)

    with Live(get_renderable=draw, console=console, refresh_per_second=8, transient=True):
        yield tell


def _drawn(rows: dict[str, _Row], *, height: int) -> Any:
    """The table: running actions first when there are more than fit."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    now, table = time.monotonic(), Table.grid(padding=(0, 2))
    ended = sum(row.ended is not None for row in rows.values())
    order = sorted(rows.items(), key=lambda item: item[1].ended is not None) if len(rows) > height else rows.items()
    for action, row in list(order)[: max(1, height)]:
        sign = "•" if row.ended is None else "✓" if row.good else "✗"
        style = "" if row.ended is None else "green" if row.good else "red"
        seconds = (row.ended or now) - row.began
        told: Any = Text(ci(row.words), overflow="ellipsis", no_wrap=True)
        if row.percent is not None and row.ended is None:
            told = ProgressBar(total=100, completed=row.percent, width=20)
        table.add_row(Text(sign, style), Text(ci(action), no_wrap=True), Text(f"{seconds:5.1f}s", "dim"), told)
    table.add_row("", Text(f"{ended} of {len(rows)} done", "dim"), "", "")
    return table


def _words(event: Event) -> str:
    if event.phase is Phase.ENDED:
        return f"{event.outcome}" + (f": {event.text}" if event.text else "")
    percent = f" {event.percent:.0f} %" if event.percent is not None else ""
    return f"{event.phase}" + (f": {event.text}" if event.text else "") + percent
