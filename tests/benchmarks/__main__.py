"""Measure the goals of speed, print the table and write it: `python -m tests.benchmarks [--quick] [--curve] [1 5 ...]`.

Without names every goal is measured and the curves are drawn. With names only those are, and the other lines of the
table stay as they are. A quick run is a sample, one round instead of several and without the peers that take a minute:
it is printed and not written."""

import argparse
import compileall
import signal
import sys

from msgspec.structs import replace

from . import curves, page
from .goals import GOALS
from .lab import Lab, machine
from .measure import ROOT

PAGE = ROOT / "tests" / "benchmarks" / "README.md"
README = ROOT / "README.md"
PICTURE = ROOT / "examples" / "screenshots" / "scaling.svg"


def main(arguments: list[str]) -> int:
    """Returns 1 where a goal was measured and not held."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="GOAL", help=f"of {', '.join(GOALS)}")
    parser.add_argument("--quick", action="store_true", help="a sample of a few minutes")
    parser.add_argument("--curve", action="store_true", help="draw the curves; without names, only those")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in GOALS]:
        parser.error(f"no goal is called {', '.join(unknown)}")
    compileall.compile_dir(ROOT / "reconciler", quiet=2)  # as installing does
    lab = Lab(quick=options.quick)
    everything = not options.names and not options.curve
    rows: list[page.Row] = []
    for name in GOALS if everything else options.names:
        lab.say(f"goal {name} ({machine()})")
        rows += [replace(row, quick=options.quick) for row in GOALS[name](lab)]
        if not options.quick:
            _write("benchmarks", page.table(rows, page.between(PAGE.read_text("utf-8"), "benchmarks")))
    for row in rows:
        print(row.line())
    if rows and not options.quick:
        _write("machine", f"Measured last on: {machine()}.")
    if options.curve or (everything and not options.quick):
        lab.say(f"curves ({machine()})")
        found = curves.measured(lab)
        print(curves.table(found))
        if not options.quick:
            _write("curves", curves.table(found))
            README.write_text(page.put(README.read_text("utf-8"), "curves", curves.table(found)), "utf-8")
            PICTURE.write_text(curves.picture(found), "utf-8")
    if not rows:
        return 0
    missed = [row.name for row in rows if row.held is False]
    print(f"\n{len(rows) - len(missed)} of {len(rows)} held" + (f"; not held: {', '.join(missed)}" if missed else ""))
    return 1 if missed else 0


def _write(name: str, content: str) -> None:
    PAGE.write_text(page.put(PAGE.read_text("utf-8"), name, content), "utf-8")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started ends with it
    sys.exit(main(sys.argv[1:]))
