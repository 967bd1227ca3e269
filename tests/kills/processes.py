"""Real `reconciler` processes: forked from a warm one or started afresh, watched and hit through their pidfd."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

ROOT: Final = Path(__file__).parents[2]
LONGEST: Final = 60.0
"""Seconds after which a process that has not ended is a failure."""


@dataclass(slots=True)
class Process:
    """One process. `began` and `ended` are wall times."""

    pid: int
    out: Path
    err: Path
    collect: Callable[[], int]
    began: float
    handle: int = -1
    ended: float | None = None
    code: int | None = None
    killed: bool = False

    def __post_init__(self) -> None:
        self.handle = os.pidfd_open(self.pid)

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens where it has ended already."""
        self.killed = self.killed or number is signal.SIGKILL
        if self.code is None:
            signal.pidfd_send_signal(self.handle, number)

    def gone(self, seconds: float) -> bool:
        """Whether it has ended, waiting so long for it."""
        if self.code is not None:
            return True
        waiting = select.poll()
        waiting.register(self.handle, select.POLLIN)
        if not waiting.poll(max(0.0, seconds) * 1000):
            return False
        self.ended = time.time()
        os.close(self.handle)
        self.code = self.collect()
        return True

    def wait(self, seconds: float = LONGEST) -> int:
        """Its exit code; minus the signal's number where a signal ended it."""
        if not self.gone(seconds):
            self.send(signal.SIGKILL)
            self.gone(10)
            raise AssertionError(f"did not end within {seconds:g} s: {self.said}")
        assert self.code is not None
        return self.code

    @property
    def said(self) -> str:
        return f"{self.out.read_text('utf-8')}{self.err.read_text('utf-8')}"


class Starter:
    """Starts processes. One zygote serves any number of threads. `fresh`: a process with an interpreter of its own;
    `ignoring`: signals that its parent ignores, as `&` in a script does; `do`: what the zygote is asked for."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._count = 0
        self._zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.kills.zygote"],
            cwd=ROOT,
            env={**surroundings(), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.close()
        self._zygote.wait(timeout=10)
        self._zygote.stdout.close()

    def start(
        self,
        folder: Path,
        env: Mapping[str, str],
        arguments: Sequence[str],
        *,
        fresh: bool = False,
        ignoring: tuple[int, ...] = (),
        do: str = "start",
    ) -> Process:
        with self._turn:
            self._count += 1
            out, err = folder / f"{self._count}.out", folder / f"{self._count}.err"
        out.touch()
        err.touch()
        began = time.time()
        if fresh:
            return _fresh(folder, env, arguments, ignoring, (out, err))
        asked = {
            "do": do,
            "folder": str(folder),
            "env": {**surroundings(), **env},
            "arguments": list(arguments),
            "ignoring": list(ignoring),
            "out": str(out),
            "err": str(err),
        }
        pid = self._ask(asked)["pid"]
        return Process(pid, out, err, lambda: int(self._ask({"do": "reap", "pid": pid})["code"]), began)

    def _ask(self, asked: dict[str, Any]) -> dict[str, int]:
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        with self._turn:
            self._zygote.stdin.write(json.dumps(asked) + "\n")
            self._zygote.stdin.flush()
            found: dict[str, int] = json.loads(self._zygote.stdout.readline())
        return found


def _fresh(
    folder: Path, env: Mapping[str, str], arguments: Sequence[str], ignoring: tuple[int, ...], files: tuple[Path, Path]
) -> Process:
    began = time.time()
    command = [sys.executable, "-m", "reconciler", *arguments]
    if ignoring:  # a shell that ignores them hands that on, as a script's own does
        names = " ".join(signal.Signals(number).name.removeprefix("SIG") for number in ignoring)
        command = ["/bin/sh", "-c", f"trap '' {names}; exec \"$@\"", "sh", *command]
    with files[0].open("ab") as out, files[1].open("ab") as err:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**surroundings(), "PYTHONPATH": str(ROOT), **env},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
    return Process(process.pid, *files, process.wait, began)


def surroundings() -> dict[str, str]:
    """The environment without anything of ours or of a pipeline's."""
    known = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "GITHUB_SHA", "FORCE_COLOR")
    return {k: v for k, v in os.environ.items() if not k.startswith("RECONCILER_") and k not in known}
