"""A process that has loaded everything and forks one command at a time, prepared as told.

One JSON order a line on stdin, one answer a line on stdout."""

import importlib
import json
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from typing import Any

from reconciler.cli.glance import COMMANDS
from reconciler.cli.main import main
from tests.crash import points, shim


def prepare(order: dict[str, Any]) -> None:
    """Make this process what the order asks for."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    signal.alarm(order["seconds"])
    files = [os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666) for name in ("out", "err")]
    for number, file in zip((1, 2), files, strict=True):
        os.dup2(file, number)
    if order["uid"] is not None:
        os.setgroups([])
        os.setgid(order["uid"])
        os.setuid(order["uid"])
    if order["largest"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest"], order["largest"]))


def live(order: dict[str, Any], told: int) -> int:
    """Run one command as `reconciler` runs it; its exit code."""
    prepare(order)
    sys.argv = ["reconciler", *order["arguments"]]
    crash = order["crash"]
    if crash is not None and crash["by"] == "python":
        points.arm(crash["at"], crash["what"], crash.get("only"), lambda text: os.write(told, text.encode()))
    elif crash is not None and crash["by"] == "shim":
        shim.arm(crash["at"], crash["what"], order["folder"], told)
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.setprofile(None)
        if crash is not None and crash["by"] == "shim":
            shim.disarm()
    if crash is not None and crash["by"] == "nothing":
        os.write(told, " ".join(sys.modules).encode())
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 0


def fork(order: dict[str, Any]) -> dict[str, Any]:
    """Run one command in a child; how it ended, in how many seconds, and at which point something was done to it."""
    reading, told = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.close(reading)
            code = live(order, told)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(told)
    with os.fdopen(reading, "r") as pipe:
        point = pipe.read()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return {"code": code, "point": point or None, "seconds": time.monotonic() - began}


if __name__ == "__main__":
    for name, _ in COMMANDS.values():
        importlib.import_module(f"reconciler.cli.{name}")
    for line in sys.stdin:
        answer = fork(json.loads(line))
        if '"by": "nothing"' in line:  # the first: what it loaded is loaded here, once for all that follow
            for module in answer["point"].split():
                with suppress(ImportError):
                    importlib.import_module(module)
        print(json.dumps(answer), flush=True)
