"""Where goals are measured: worlds, and runs of our commands over them. What was run for one goal is not run again for
another."""

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .measure import ROOT, Server, Spent, serving, spend
from .rivals import scratch
from .worlds import KEY

FIRST_POLL = 0.25
"""Seconds until a job is first asked for, for us and for the scripts beside us."""


def reconciler() -> list[str]:
    """Our command as it is installed beside this Python."""
    installed = Path(sys.executable).with_name("reconciler")
    return [str(installed)] if installed.exists() else [sys.executable, "-m", "reconciler"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run of a command, and what the server saw of it."""

    spent: Spent
    seen: Mapping[str, Any]

    @property
    def requests(self) -> int:
        return sum(self.seen["operations"].values())


@dataclass(slots=True, kw_only=True)
class Lab:
    """`quick`: one round instead of several, and none of the peers that take a minute."""

    quick: bool = False
    _ran: dict[tuple[Any, ...], Ran] = field(default_factory=dict)
    _number: int = 0

    @property
    def folder(self) -> Path:
        """The scratch folder."""
        made = scratch()
        made.mkdir(parents=True, exist_ok=True)
        return made

    def rounds(self, full: int) -> int:
        """How many rounds."""
        return max(1, full // 3) if self.quick else full

    def say(self, line: str) -> None:
        """Tell the person who waits."""
        print(line, file=sys.stderr, flush=True)

    def plan(self, kind: str, models: int, **more: Any) -> Ran:
        """`plan`; see `run`."""
        return self.run(kind, models, ["plan"], **more)

    def apply(self, models: int, **more: Any) -> Ran:
        """`apply --yes`; see `run`."""
        kind = more.pop("kind", "kore")
        return self.run(kind, models, ["apply", "--yes", "--quiet"], **more)

    def run(
        self,
        kind: str,
        models: int,
        words: list[str],
        *,
        every: int,
        flying: int = 50,
        latency: float = 0.0,
        shortest: float = 0.5,
        longest: float = 0.5,
        per_minute: int = 0,
        again: int = 0,
    ) -> Ran:
        """A command of ours over a fresh world of so many models, each `every`-th differing. `again` is the number of
        the round: the same round is run once, whoever asks for it."""
        key = (kind, models, tuple(words), every, flying, latency, shortest, longest, per_minute, again)
        if key not in self._ran:
            with World(
                kind, models, every=every, flying=flying, latency=latency, jobs=(shortest, longest), per=per_minute
            ) as world:
                self._ran[key] = world.run(words)
            spent = self._ran[key].spent
            self.say(
                f"  {words[0]} {kind} {models:,}, {flying} in flight: "
                f"cpu {spent.cpu:.2f} s, wall {spent.wall:.2f} s, {spent.memory:.0f} MB"
            )
        return self._ran[key]


class World:
    """A folder with inventory and journal, and the server that belongs to it, until the end of the block."""

    def __init__(
        self,
        kind: str,
        models: int,
        *,
        every: int,
        flying: int = 50,
        latency: float = 0.0,
        jobs: tuple[float, float] = (0.5, 0.5),
        per: int = 0,
    ) -> None:
        self._kind, self._models, self._every, self._flying, self._per = kind, models, every, flying, per
        self._latency, self._jobs, self._stack = latency, jobs, ExitStack()

    def __enter__(self) -> "World":
        scratch().mkdir(parents=True, exist_ok=True)
        self._root = Path(tempfile.mkdtemp(prefix="world-", dir=scratch()))
        self._stack.callback(shutil.rmtree, self._root)
        self.folder = self._root / "models"
        shown = {"models": self._models, "every": self._every} if self._kind == "nugen" else {}
        shortest, longest = self._jobs
        serves = serving(latency=self._latency, shortest=shortest, longest=longest, **shown)
        self.server: Server = self._stack.enter_context(serves)
        make = ["--origin", self.server.origin, "--every", self._every, "--concurrency", self._flying]
        words = [sys.executable, "-m", "tests.benchmarks.worlds", self.folder, self._kind, self._models, *make]
        spend([*map(str, words), "--per-minute", str(self._per)], cwd=ROOT)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def environment(self) -> dict[str, str]:
        """The variables that lead to the server."""
        name = f"RECONCILER_{self._kind.upper()}_BENCH"
        return {
            f"{name}_URL": self.server.origin,
            f"{name}_KEY": KEY,
            "RECONCILER_POLL_SECONDS": str(FIRST_POLL),
            "RECONCILER_SETTLE_SECONDS": "5",
        }

    def run(self, words: list[str]) -> Ran:
        """A command over the inventory."""
        self.server.tally()
        out = self._root / "stdout"
        spent = spend([*reconciler(), *words, str(self.folder)], env=self.environment(), out=out)
        return Ran(spent=spent, seen=self.server.tally())


def machine() -> str:
    """What it runs on, and how busy that is."""
    cores = os.cpu_count() or 1
    python = ".".join(map(str, sys.version_info[:3]))
    return f"{cores} cores, Python {python}, load {os.getloadavg()[0]:.1f}"
