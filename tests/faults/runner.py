"""Runs `reconciler` commands in processes of their own, forked from one that has imported everything already.

The commands run as `reconciler` on the command line does: own signals, own event loop, own exit code."""

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
_PRELOADED: Final = ("httpx", "reconciler.engine.applying", "reconciler.cli.main", "reconciler.cli.apply", "rich")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command came to, and how long it took."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def text(self) -> str:
        """All that it said, on one line."""
        return " ".join(f"{self.out} {self.err}".split())


@dataclass(slots=True)
class Runner:
    """Starts commands; safe to use from several threads."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp()))
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.faults.runner", str(self._address)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)
        while not self._address.exists():
            assert self._process.poll() is None, "the runner did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._address.unlink(missing_ok=True)
        self.folder.rmdir()

    @property
    def _address(self) -> Path:
        return self.folder / "socket"

    def run(
        self, folder: Path, variables: Mapping[str, str], *arguments: str, quick: float = 1.0, lookups: str = ""
    ) -> Ran:
        """Run `reconciler` with `arguments` in `folder`. `quick`: its seconds are that much shorter. `lookups`: which
        of its first look-ups of names succeed (y) and which do not (n); all after those do."""
        order = {"folder": str(folder), "variables": dict(variables), "arguments": arguments, "quick": quick}
        began = time.monotonic()
        with socket.socket(socket.AF_UNIX) as line, tempfile.TemporaryDirectory(dir=self.folder) as said:
            line.connect(str(self._address))
            line.sendall(json.dumps({**order, "said": said, "lookups": lookups}).encode() + b"\n")
            answer = line.makefile().read()
            seconds = time.monotonic() - began
            out, err = ((Path(said) / name).read_text() for name in ("out", "err"))
        assert answer, f"the command died: {arguments}\n{err}"
        return Ran(int(answer), out, err, seconds)


def _serve(address: str) -> None:
    for name in _PRELOADED:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the commands: they answer themselves
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address + ".new")
        listening.listen(100)
        os.rename(address + ".new", address)
        while True:
            ready, _, _ = select.select([listening, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            line, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _work(line)
            line.close()


def _work(line: socket.socket) -> None:
    """One command, in its own process, to its end."""
    code = 70
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        order = json.loads(line.makefile().readline())
        code = _run(order)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        line.sendall(str(code).encode())
        os._exit(0)


def _run(order: Mapping[str, Any]) -> int:
    from reconciler.cli.main import run
    from tests.faults.quick import Quick

    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(order["said"]) / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    for name in list(os.environ):
        if name.startswith("RECONCILER_"):
            del os.environ[name]
    os.environ.update(order["variables"])
    os.chdir(order["folder"])
    if order["quick"] != 1.0:
        asyncio.set_event_loop_policy(Quick(order["quick"]))
    if order["lookups"]:
        _forget_names(order["lookups"])
    try:
        return run(order["arguments"])
    except SystemExit as end:
        return int(end.code or 0)


def _forget_names(lookups: str) -> None:
    """Let some look-ups of names fail, as a name server does that is out of order."""
    look_up, left = socket.getaddrinfo, list(lookups)

    def perhaps(*arguments: Any, **more: Any) -> Any:
        if left and left.pop(0) == "n":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(*arguments, **more)

    socket.getaddrinfo = perhaps


if __name__ == "__main__":
    _serve(sys.argv[1])
