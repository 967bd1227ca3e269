"""A process that appends to a journal and prints the text of every record once it is acknowledged.

Usage: python -m tests.journal.child_appends JOURNAL RUN [COUNT [PAUSE]]. Prints `ready`, and begins when it is sent a
line. PAUSE is seconds between two records."""

import itertools
import sys
import time

from reconciler.core.record import RecordKind
from reconciler.journal.store import Store

from .records import record


def main(where: str, run: str, count: int | None = None, pause: float = 0.0) -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    store = Store.open(where, create=True)
    assert store is not None
    for number in itertools.count() if count is None else range(count):
        text = f"{run}:{number}"
        store.write([record(RecordKind.RUN_STARTED, run=run, text=text)])
        print(text, flush=True)
        time.sleep(pause)
    store.close()


if __name__ == "__main__":
    path, name, *numbers = sys.argv[1:]
    main(path, name, *(kind(number) for kind, number in zip((int, float), numbers, strict=False)))
