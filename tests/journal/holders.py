"""Processes that hold the lock of a journal: real ones, so that they can be killed and can leave others behind."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import reconciler

ROOT = Path(reconciler.__file__).parents[1]


class Holder:
    """A process of `child_locks`. It holds the lock when this is made, and until its input is closed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        word, pid = process.stdout.readline().split()
        assert word == "held"
        self.started = int(pid)
        """The id of the process that it has started, 0 for none."""

    @property
    def pid(self) -> int:
        return self.process.pid

    def end(self) -> None:
        """Let it free the lock and end."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)


@contextmanager
def holding(journal: str, run: str, *command: str) -> Iterator[Holder]:
    """A process that holds the lock, and has started `command`. It does not outlive the test; what it started does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.journal.child_locks", journal, run, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Holder(process)
    finally:
        process.kill()
        with suppress(BrokenPipeError), process:
            pass
