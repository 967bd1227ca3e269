"""A process that has imported everything and forks a child for each command line: real processes, started in no time.

Reads one JSON object a line (`argv`, `cwd`, `env`, `stdin`, `out`, `err`) and writes one (`code`, `cpu`, `wall`,
`megabytes`). The child may take 2 GB of addresses and 20 seconds, so that a bomb ends it and not the machine."""

import json
import os
import resource
import sys
import time
from importlib import import_module
from typing import Any

from reconciler.cli import main
from reconciler.cli.glance import COMMANDS

HEAVY = ("httpx", "jsonschema", "deepdiff", "reconciler.platforms.http", "yaml")


def serve() -> None:
    """Answer until stdin ends."""
    for module, _ in COMMANDS.values():
        import_module(f"reconciler.cli.{module}")
    for name in HEAVY:
        import_module(name)
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(_run(json.loads(line))), flush=True)


def _run(order: dict[str, Any]) -> dict[str, Any]:
    began = time.monotonic()
    child = os.fork()
    if not child:
        _be(order)
    _, status, usage = os.wait4(child, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": time.monotonic() - began,
        "megabytes": usage.ru_maxrss / 1024,
    }


def _be(order: dict[str, Any]) -> None:
    """Become the command: its own folder, environment and streams, then its exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environb.update(
        {k.encode("utf-8", "surrogateescape"): v.encode("utf-8", "surrogateescape") for k, v in order["env"].items()}
    )
    streams = (
        (order["stdin"], os.O_RDONLY),
        (order["out"], os.O_WRONLY | os.O_CREAT),
        (order["err"], os.O_WRONLY | os.O_CREAT),
    )
    for number, (path, flags) in enumerate(streams):
        handle = os.open(path, flags, 0o600)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - it is the stdin of the command to its end
    sys.argv = ["reconciler", *order["argv"]]
    code = 99
    try:
        main.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 98
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
