"""One apply at a time per journal file. The lock is the operating system's: gone the moment its process is."""

import fcntl
import json
import os
import socket
import stat
import time
from contextlib import suppress
from pathlib import Path

from reconciler.errors import JournalError, LockHeld


class Lock:
    """An exclusive lock on `JOURNAL.lock`. Use as a context manager."""

    def __init__(self, journal: str, *, run: str) -> None:
        self._path = Path(f"{journal}.lock")
        self._run = run
        self._handle: int | None = None

    def __enter__(self) -> "Lock":
        """Take the lock. Raises `LockHeld`, naming the holder, or `JournalError`."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            handle = os.open(self._path, flags, 0o600)
        except OSError as error:
            raise JournalError(f"lock {self._path}: {error.strerror}") from error
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise JournalError(f"lock {self._path}: not a file")
        if not self._taken(handle):
            holder = describe(os.pread(handle, 4096, 0))
            os.close(handle)
            raise LockHeld(f"another run holds the lock {self._path}: {holder}; try again, or use --lock-timeout 5m")
        self._handle = handle
        self.check()
        about = {"run": self._run, "pid": os.getpid(), "host": socket.gethostname(), "since": int(time.time())}
        # For people only: a full disk must not end the run here, while nothing is at stake yet.
        with suppress(OSError):
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, json.dumps(about).encode(), 0)
        return self

    def check(self) -> None:
        """Raise `JournalError` if the lock's file is gone or another: then another run may hold the lock as well."""
        try:
            there = self._handle is not None and os.path.samestat(os.stat(self._path), os.fstat(self._handle))
        except OSError:
            there = False
        if not there:
            raise JournalError(f"lock {self._path} was removed, so that another run may be working: nothing is written")

    def __exit__(self, *_: object) -> None:
        """Free the lock."""
        if self._handle is not None:
            with suppress(OSError):
                os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None

    @staticmethod
    def _taken(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def describe(raw: bytes) -> str:
    """Who holds a lock, for people, from the text in its file."""
    try:
        about = json.loads(raw)
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(about["since"]))
        return f"run {about['run']}, process {about['pid']} on {about['host']}, since {since}"
    except (ValueError, KeyError, TypeError):
        return "holder unknown"


def holder(journal: str) -> str | None:
    """Who holds the lock of a journal now, for people; None if nobody does. Raises `JournalError`."""
    path = Path(f"{journal}.lock")
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JournalError(f"lock {path}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return describe(os.pread(handle, 4096, 0))
    finally:
        os.close(handle)
    return None
