"""Numbers every call to the file system, to SQLite and to the network that Python code makes, and lets the Nth kill the
process or fail."""

import errno
import itertools
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

FILES: Final = frozenset(
    {"open", "read", "write", "pread", "pwrite", "flush", "fsync", "fdatasync", "truncate", "ftruncate", "flock"}
    | {"mkdir", "link", "unlink", "remove", "rename", "replace", "chmod", "fchmod"}
    | {"fstat", "stat", "lstat", "listdir", "scandir"}
)
SQLITE: Final = frozenset(["connect", "execute", "executemany", "fetchall", "fetchone", "fetchmany", "commit"])
NETWORK: Final = frozenset(["connect", "connect_ex", "send", "sendall", "sendmsg", "recv", "recv_into", "getaddrinfo"])
WAKE_UPS: Final = frozenset(("_read_from_self", "_write_to_self"))
"""Where the event loop speaks to itself through a socket."""


def kind_of(function: Any) -> str | None:
    """`file`, `sqlite` or `network` for a C function that leaves the process; None for all others."""
    name, owner = function.__name__, function.__self__
    module = getattr(owner, "__name__", "") if type(owner).__name__ == "module" else type(owner).__module__
    if isinstance(owner, sqlite3.Connection | sqlite3.Cursor) or module == "_sqlite3":
        return "sqlite" if name in SQLITE else None
    if module in ("_socket", "socket"):
        return "network" if name in NETWORK else None
    if module in ("posix", "fcntl", "io", "_io"):
        streams = (sys.stdout, sys.stderr, getattr(sys.stdout, "buffer", None), getattr(sys.stderr, "buffer", None))
        ours = owner not in streams and type(owner).__name__ not in ("StringIO", "BytesIO")
        return "file" if name in FILES and ours else None
    return None


def _imports(frame: FrameType | None) -> bool:
    """Whether Python itself is loading code."""
    while frame is not None:
        if "importlib" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


def _failure(kind: str, name: str) -> Exception:
    match kind:
        case "sqlite":
            return sqlite3.OperationalError("database or disk is full")
        case "network" if name.startswith("connect"):
            return ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        case "network":
            return ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
        case _:
            number = errno.ENOSPC if name in ("write", "pwrite", "flush", "mkdir", "link", "truncate") else errno.EIO
            return OSError(number, os.strerror(number))


def arm(at: int, what: str, only: str | None, tell: Callable[[str], object]) -> None:
    """From here on count calls, only those of one name where `only` says so; the call number `at` (from 1) is told of
    and then kills the process (`kill`) or fails (`fail`)."""
    numbers = itertools.count(1)

    def hook(frame: FrameType, event: str, function: Any) -> None:
        if event != "c_call":
            return
        kind = kind_of(function)
        if kind is None or frame.f_code.co_name in WAKE_UPS or _imports(frame):
            return
        if only is not None and function.__name__ != only:
            return
        if next(numbers) == at:
            caller = os.path.basename(frame.f_code.co_filename)
            tell(f"{kind} {function.__name__} in {caller}:{frame.f_code.co_name}")
            if what == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise _failure(kind, function.__name__)

    threading.setprofile(hook)
    sys.setprofile(hook)
