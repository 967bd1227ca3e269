"""What a command costs: CPU of it and of all its children, wall time, peak memory."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Seconds of CPU and of wall time, MB of peak memory."""

    cpu: float
    wall: float
    memory: float


def spend(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    expect: int | None = 0,
    out: Path | None = None,
) -> Spent:
    """Run a command to its end, its stdout into `out`. Fails, with what it said, where it ends with another code."""
    began = monotonic()
    log = Path(os.devnull) if out is None else out
    with log.open("wb") as stdout:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=clean(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
        )
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if expect is not None and process.returncode != expect:
        text = said.decode("utf-8", "replace")[-2000:]
        raise RuntimeError(f"{[str(part) for part in command]} ended with {process.returncode}:\n{text}")
    return Spent(cpu=usage.ru_utime + usage.ru_stime, wall=monotonic() - began, memory=usage.ru_maxrss / 1024)


def clean(more: Mapping[str, str]) -> dict[str, str]:
    """This environment without what would change what is measured."""
    ours = ("RECONCILER_", "GITHUB_", "CI", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **more}


def middle(*spent: Spent) -> Spent:
    """The median of each, and the most memory."""
    return Spent(
        cpu=median(one.cpu for one in spent),
        wall=median(one.wall for one in spent),
        memory=max(one.memory for one in spent),
    )


def interleaved(rounds: int, **work: Callable[[], Spent]) -> dict[str, Spent]:
    """The medians of several things, done in turn so that a noisy neighbour disturbs them alike."""
    found: dict[str, list[Spent]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, do in work.items():
            found[name].append(do())
    return {name: middle(*spent) for name, spent in found.items()}


class Server:
    """The server for trials, running."""

    def __init__(self, port: int) -> None:
        self.port, self.origin = port, f"http://127.0.0.1:{port}"

    def _ask(self, path: str) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
            return answer
        finally:
            connection.close()

    def tally(self) -> dict[str, Any]:
        """What it has seen since the last time it was asked."""
        seen = self._ask("/_bench/tally")
        self._ask("/_bench/reset")
        return seen


@contextmanager
def serving(**options: float) -> Iterator[Server]:
    """The server in a process of its own, until the end of the block."""
    words = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "tests.benchmarks.server", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=clean({})) as process:
        try:
            assert process.stdout is not None
            yield Server(int(process.stdout.readline()))
        finally:
            process.terminate()
