"""Put the faults in one by one, and say which test catches each: `python -m tests.mutants [NAME ...] [-n 2]`.

Each goes into a copy of the repository. First the tests nearest to it are run, then, where they let it through, all
that CI runs. Exits with 1 if one survives."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from .mutants import MUTANTS, Mutant

ROOT: Final = Path(__file__).parents[2]
LEFT_OUT: Final = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", ".reconciler", "exports", "node_modules"
)
# The list itself, and its own page, say nothing of a fault.
NOT_RUN: Final = ("--ignore=tests/mutants", "--deselect=tests/promises/test_table.py")


def copy_to(folder: Path) -> Path:
    """A copy of the repository below `folder`."""
    return Path(shutil.copytree(ROOT, folder / "copy", ignore=LEFT_OUT))


def failing(copy: Path, what: Iterable[str], workers: str) -> str | None:
    """The first test that fails in a copy, None if none does."""
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *what,
            "-x",
            "-n",
            workers,
            "-p",
            "no:cacheprovider",
            "--timeout=90",
            *NOT_RUN,
        ],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    if ran.returncode == 0:
        return None
    found = re.search(r"^(?:FAILED|ERROR) (tests/.+?)(?: - |$)", ran.stdout, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"pytest did not run: {ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    return found[1]


def put_in(mutant: Mutant, copy: Path) -> None:
    """Put one fault into a copy."""
    file = copy / mutant.file
    text = file.read_text("utf-8")
    assert text.count(mutant.old) == 1, f"{mutant.name}: what it replaces is not there once"
    file.write_text(text.replace(mutant.old, mutant.new), "utf-8")


def catch(mutant: Mutant, folder: Path, workers: str, *, everywhere: bool) -> str | None:
    """The test that catches a fault, None if those nearest to it, and `everywhere` all of CI's, let it through."""
    copy = copy_to(folder)
    put_in(mutant, copy)
    found = failing(copy, mutant.near, workers)
    return failing(copy, ["tests"], workers) if found is None and everywhere else found


def chosen(names: Sequence[str]) -> list[Mutant]:
    unknown = set(names) - {mutant.name for mutant in MUTANTS}
    if unknown:
        sys.exit(f"no fault is called {', '.join(sorted(unknown))}")
    return [mutant for mutant in MUTANTS if not names or mutant.name in names]


def main(arguments: Sequence[str]) -> int:
    """Returns 0 if every fault was caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("-n", default="auto", metavar="WORKERS")
    parser.add_argument("--unchecked", action="store_true", help="do not first run the same tests without a fault")
    parser.add_argument("--near", action="store_true", help="only the tests nearest to each, not all of CI's")
    options = parser.parse_args(arguments)
    mutants = chosen(options.names)
    if not options.unchecked:
        with tempfile.TemporaryDirectory() as folder:
            near = sorted({place for mutant in mutants for place in mutant.near})
            if found := failing(copy_to(Path(folder)), near, options.n):
                sys.exit(f"without any fault {found} fails: nothing can be told")
    survived = 0
    for mutant in mutants:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            caught = catch(mutant, Path(folder), options.n, everywhere=not options.near)
        survived += caught is None
        needs = f" (needs {mutant.needs})" if mutant.needs and caught is None else ""
        said = f"caught by {caught}" if caught else f"SURVIVED{needs}: {mutant.breaks}"
        print(f"{mutant.name:28} {time.monotonic() - began:5.1f} s  {said}", flush=True)
    print(f"{len(mutants) - survived} of {len(mutants)} caught")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
