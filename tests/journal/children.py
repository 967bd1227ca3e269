"""Other processes that use a journal: real ones, so that they can be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import reconciler

ROOT = Path(reconciler.__file__).parents[1]


class Child:
    """A module of this folder in a process of its own."""

    def __init__(self, module: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"tests.journal.{module}", *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    def line(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def go(self) -> None:
        """Send it a line."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def close_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def kill(self) -> list[str]:
        """SIGKILL it; every whole line that it had printed and that nobody read."""
        os.kill(self.pid, signal.SIGKILL)
        assert self.process.stdout is not None
        return [line.rstrip("\n") for line in self.process.stdout if line.endswith("\n")]

    def rest(self) -> list[str]:
        """Wait for its end; every line up to there."""
        assert self.process.stdout is not None
        lines = self.process.stdout.read().splitlines()
        assert self.process.wait(timeout=30) == 0
        return lines


@contextmanager
def child(module: str, *arguments: str) -> Iterator[Child]:
    """A child that does not outlive the test."""
    made = Child(module, *arguments)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        for stream in (made.process.stdin, made.process.stdout):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()
