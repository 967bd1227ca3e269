"""A warm process that forks one `reconciler` per request: `python -m tests.kills.zygote`, a line of JSON each way.

It never has a second thread, so what it forks is as good as fresh. It collects a dead child only when it is asked to,
so that no process id is given twice while somebody may still send it a signal."""

import gc
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import redirect_stdout
from importlib import import_module
from typing import Any, NoReturn

import httpcore

import reconciler.cli.adopt
import reconciler.cli.apply
import reconciler.cli.plan
import reconciler.platforms.rest
import reconciler.render.plan_text
import reconciler.render.report_text  # noqa: F401
from reconciler.cli import environment
from reconciler.cli.main import run
from reconciler.journal.opening import lock_journal

from .journals import postgres

INVENTORY = """version: 1
models:
  a: {platform: kore, id: a, state: undeployed}
  b: {platform: nugen, id: b, state: deployed}
  c: {platform: nugen-b, id: c, state: deployed}
"""


def main() -> None:
    """Answer until the input ends."""
    warm_up()
    for line in sys.stdin:
        asked = json.loads(line)
        answer = reap(asked["pid"]) if asked["do"] == "reap" else start(asked)
        print(json.dumps(answer), flush=True)


def warm_up() -> None:
    """Load what is loaded late, so that no child has to."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file, redirect_stdout(io.StringIO()):
        file.write(INVENTORY)
        file.flush()
        assert run(["validate", file.name]) == 0
    environment.redactor.cache_clear()
    httpcore.AsyncConnectionPool()
    import_module("anyio._backends._asyncio")
    if postgres() is not None:
        import_module("reconciler.journal.postgresql")
    gc.freeze()


def start(asked: dict[str, Any]) -> dict[str, int]:
    assert threading.active_count() == 1
    pid = os.fork()
    if not pid:
        live(asked)
    return {"pid": pid}


def reap(pid: int) -> dict[str, int]:
    return {"code": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}


def live(asked: dict[str, Any]) -> NoReturn:
    """What `python -m reconciler` does, in the child."""
    code = 70
    try:
        for handle, path in enumerate((os.devnull, asked["out"], asked["err"])):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), handle)
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["env"])
        for number in asked["ignoring"]:
            signal.signal(number, signal.SIG_IGN)
        code = hold(*asked["arguments"]) if asked["do"] == "hold" else run(asked["arguments"])
        sys.stdout.flush()
        sys.stderr.flush()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException as problem:
        os.write(2, f"{type(problem).__name__}: {problem}\n".encode())
    os._exit(code)


def hold(journal: str) -> int:
    """Hold the lock of a journal for ever, and start a program that gets every handle which can be inherited."""
    with lock_journal(journal, run="r-holder"):
        started = subprocess.Popen(["sleep", "60"], close_fds=False)
        print(started.pid, flush=True)
        started.wait()
    return 0


if __name__ == "__main__":
    main()
