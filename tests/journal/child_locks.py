"""A process that takes the lock of a journal, prints `held PID`, and frees it when its input ends.

Usage: python -m tests.journal.child_locks JOURNAL RUN [COMMAND...]. COMMAND is started once the lock is held, with
every handle that can be inherited, and left behind; its process id is printed too."""

import subprocess
import sys

from reconciler.journal.lock import Lock
from reconciler.journal.opening import lock_journal


def main(journal: str, run: str, command: list[str]) -> None:
    with lock_journal(journal, run=run) if "://" in journal else Lock(journal, run=run):
        # close_fds=False: whatever is not closed by the lock's own care is inherited.
        pid = subprocess.Popen(command, close_fds=False, stdin=subprocess.DEVNULL).pid if command else 0
        print(f"held {pid}", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
